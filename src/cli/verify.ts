/**
 * `deno task verify`: recomputes results from their decisions.
 * @module
 */
import { resultFiles } from "../results/find.ts";
import { UsageError } from "../base/errors.ts";
import { repoPath } from "../base/files.ts";
import { progress } from "../base/progress.ts";
import { verifyResult } from "../results/verify.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";

const FLAGS = {
  data: {
    type: "string",
    value: "dataset",
    help: "outcomes to recompute from, if not the named dataset",
  },
  requireData: { type: "boolean", help: "fail where the outcomes are not on this machine" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task verify",
  summary:
    "Recomputes every number of results from their stored decisions and the outcomes; any difference " +
    "is an error (exit code 5). Without arguments: all of results/. Where the outcomes are not on this " +
    "machine, hashes and form are checked and the line says so.",
  args: { usage: "[result.json or folder]..." },
  flags: FLAGS,
  examples: ["deno task verify", "deno task verify results/demo@1/id.static.json"],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags, args } = parseFlags(argv, COMMAND);
  const paths = await resultFiles(args.length > 0 ? args : [repoPath("results")]);
  if (paths.length === 0) {
    throw new UsageError(`no result files in ${args.join(", ") || "results/"}`);
  }
  let full = 0;
  const line = progress("verifying", paths.length);
  for (const [at, path] of paths.entries()) {
    line.update(at, path);
    const { depth, numbers, result } = await verifyResult(path, flags);
    line.end();
    if (depth === "full") full++;
    console.log(
      depth === "full"
        ? `ok    ${path}: ${numbers} numbers recomputed`
        : `part  ${path}: hashes and form; ${result.dataset.name} is not on this machine`,
    );
  }
  const rest = full < paths.length ? ", the others by hash" : "";
  console.log(`${full} of ${paths.length} results recomputed in full${rest}`);
}

if (import.meta.main) await runMain(main);
