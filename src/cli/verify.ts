/**
 * `deno task verify`: recomputes results from their decisions.
 * @module
 */
import { dirname, relative, resolve } from "node:path";
import { isOwn } from "../outcomes/table.ts";
import { dataOf } from "../results/outcome_finder.ts";
import type { Result } from "../results/result.ts";
import { resultFiles } from "../results/find.ts";
import { UsageError } from "../base/errors.ts";
import { exists, repoPath } from "../base/files.ts";
import { progress } from "../base/progress.ts";
import { checkSubmission, submissionOf } from "../results/submission.ts";
import { verifyAll } from "../results/verify_all.ts";
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
    "is an error (exit code 5). Without arguments: all of results/ and submissions/. Where the outcomes are not on " +
    "this machine, hashes and form are checked and the line says so. The routers of a result in " +
    "submissions/NAME/ must be the files of that folder.",
  args: { usage: "[result.json or folder]..." },
  flags: FLAGS,
  examples: ["deno task verify", "deno task verify results/demo@1/id.static.json"],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags, args } = parseFlags(argv, COMMAND);
  const all = [repoPath("results")], submissions = repoPath("submissions");
  if (await exists(submissions)) all.push(submissions);
  const paths = await resultFiles(args.length > 0 ? args : all);
  if (paths.length === 0) {
    throw new UsageError(`no result files in ${args.join(", ") || "results/"}`);
  }
  let full = 0;
  const parts = new Map<string, string[]>();
  const line = progress("verifying", paths.length);
  const found = verifyAll(paths, {
    ...flags,
    progress: (done, path) => line.update(done, path),
  });
  let at = 0;
  for await (const { depth, numbers, result } of found) {
    const path = paths[at++], submission = submissionOf(path);
    line.end();
    const submitted = submission ? await checkSubmission(path, submission) : [];
    const own = submitted.length > 0
      ? `; ${submitted.join(", ")} as in ${shortened(submission!)}`
      : "";
    if (depth === "full") {
      full++;
      console.log(`ok    ${shortened(path)}: ${numbers} numbers recomputed${own}`);
      continue;
    }
    const why = whyPart(result);
    if (!parts.has(why)) parts.set(why, []);
    parts.get(why)!.push(shortened(path));
  }
  for (const [why, names] of parts) {
    console.log(
      `part  ${names.length === 1 ? names[0] : folderOf(names)}: hashes and form; ${why}`,
    );
  }
  const rest = full < paths.length ? ", the others by hash" : "";
  console.log(`${full} of ${paths.length} results recomputed in full${rest}`);
}

/** Why outcomes were not found, and what to do. */
function whyPart(result: Pick<Result, "dataset" | "command">): string {
  const { dataset } = result;
  if (isOwn(dataset)) return `its records were not found: verify with --data ${dataOf(result)}`;
  const [stem] = dataset.name.split("/");
  return `${dataset.name} is not on this machine (deno task data pull ${stem})`;
}

/** Several files in one breath: their folders, and how many. */
function folderOf(names: readonly string[]): string {
  const folders = [...new Set(names.map((name) => dirname(name)))];
  return `${folders.join(", ")} (${names.length} results)`;
}

/** A path from here, where that is shorter. */
function shortened(path: string): string {
  const short = relative(Deno.cwd(), resolve(path));
  return short.startsWith("..") || short === "" ? path : short;
}

if (import.meta.main) await runMain(main);
