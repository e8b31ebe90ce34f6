/**
 * `deno task notebooks`: executes the notebooks and says whether they still show what was committed.
 * @module
 */
import { relative } from "node:path";
import { UsageError, VerificationError } from "../base/errors.ts";
import { exists, repoPath } from "../base/files.ts";
import { brokenPromises, differences } from "../jupyter/compare.ts";
import { type Notebook, readNotebook, writeNotebook } from "../jupyter/notebook.ts";
import { LIMIT, runNotebook } from "../jupyter/run.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";

const FLAGS = {
  check: { type: "boolean", help: "compare with the committed outputs; this is the default" },
  write: { type: "boolean", help: "store the new outputs instead" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task notebooks",
  summary:
    `Executes notebooks on fresh Deno kernels, two at once, ${LIMIT} s at most each, and compares what they show with what ` +
    "they showed when committed. Cells tagged timing are not compared. Without arguments: all of notebooks/.",
  args: { usage: "[file.ipynb]..." },
  flags: FLAGS,
  examples: [
    "deno task notebooks",
    "deno task notebooks notebooks/05-frontier.ipynb --write",
  ],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags, args } = parseFlags(argv, COMMAND);
  if (flags.check && flags.write) throw new UsageError("--check and --write exclude each other");
  // A kernel of its own process would outlive an interrupted command.
  Deno.addSignalListener("SIGINT", () => Deno.exit(130));
  const paths = args.length > 0 ? args : await allNotebooks();
  const runs = twoAtOnce(paths);
  let different = 0;
  for (const [at, path] of paths.entries()) {
    const { fresh, seconds } = await runs[at];
    const problems = brokenPromises(fresh);
    if (!flags.write) problems.push(...differences(await readNotebook(path), fresh));
    else if (problems.length === 0) await writeNotebook(path, fresh);
    const said = problems.length > 0 ? "differs" : flags.write ? "written" : "the same";
    console.error(`${relative(".", path)}: ${said}, ${seconds.toFixed(1)} s`);
    for (const problem of problems) console.error(`  ${problem}`);
    if (problems.length > 0) different++;
  }
  if (different > 0) {
    throw new VerificationError(
      `${different} of ${paths.length} notebooks do not show what they should ` +
        "(--write stores what they show now)",
    );
  }
}

interface Run {
  readonly fresh: Notebook;
  readonly seconds: number;
}

/** Runs of notebooks, in their order; each begins when the one before the last has ended, however it did. */
function twoAtOnce(paths: readonly string[]): readonly Promise<Run>[] {
  const runs: Promise<Run>[] = [];
  for (const [at, path] of paths.entries()) {
    const run = Promise.allSettled([runs[at - 2]]).then(async () => {
      const started = performance.now(), fresh = await runNotebook(path);
      return { fresh, seconds: (performance.now() - started) / 1000 };
    });
    run.catch(() => {}); // it is awaited in turn
    runs.push(run);
  }
  return runs;
}

async function allNotebooks(): Promise<string[]> {
  const names: string[] = [];
  if (!await exists(repoPath("notebooks"))) throw new UsageError("there is no folder notebooks/");
  for await (const { name } of Deno.readDir(repoPath("notebooks"))) {
    if (name.endsWith(".ipynb")) names.push(name);
  }
  if (names.length === 0) throw new UsageError("no notebooks in notebooks/");
  return names.sort().map((name) => repoPath("notebooks", name));
}

if (import.meta.main) {
  await runMain(main);
  Deno.exit(0); // the listener for SIGINT would keep the process
}
