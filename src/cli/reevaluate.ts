/**
 * `deno task reevaluate`: computes results of older metric versions again from their decisions.
 * @module
 */
import { METRICS_VERSION } from "../metrics/mod.ts";
import { DataError, UsageError } from "../base/errors.ts";
import { repoPath } from "../base/files.ts";
import { resultFiles } from "../results/find.ts";
import { OutcomeFinder } from "../results/outcome_finder.ts";
import { reevaluateResult } from "../results/reevaluate.ts";
import { readResult } from "../results/result.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";

const FLAGS = {
  data: {
    type: "string",
    value: "dataset",
    help: "outcomes to compute from, if not the named dataset",
  },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task reevaluate",
  summary:
    "Computes every number of results again from their stored decisions, by the present definitions, and writes " +
    "the results in place; decisions and splits stay as they are. For results of an older metric version. Needs the " +
    "outcomes, and refuses results whose decisions do not verify. Without arguments: all of results/.",
  args: { usage: "[result.json or folder]..." },
  flags: FLAGS,
  examples: ["deno task reevaluate", "deno task reevaluate runs/mine@1 --data ./records.jsonl"],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags, args } = parseFlags(argv, COMMAND);
  const paths = await resultFiles(args.length > 0 ? args : [repoPath("results")]);
  if (paths.length === 0) {
    throw new UsageError(`no result files in ${args.join(", ") || "results/"}`);
  }
  const finder = new OutcomeFinder(flags.data);
  for (const [i, path] of paths.entries()) {
    const result = await readResult(path), dataset = await finder.audited(result);
    if (!dataset) {
      throw new DataError(
        `${path}: the outcomes of ${result.dataset.name} are not on this machine; --data names them`,
      );
    }
    const { before } = await reevaluateResult(path, dataset);
    const what = before === METRICS_VERSION
      ? `as before, version ${before}`
      : `version ${before} → ${METRICS_VERSION}`;
    console.log(`${i + 1}/${paths.length}  ${path}: ${what}`);
  }
}

if (import.meta.main) await runMain(main);
