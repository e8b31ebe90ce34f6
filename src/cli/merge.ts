/**
 * `deno task merge`: joins the shards of a run into its result.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { expectWritable } from "./writable.ts";
import { Pool } from "../api/pool.ts";
import { runOf } from "../api/run.ts";
import { planRun } from "../run/plan.ts";
import { joinShards, readShard } from "../results/shard.ts";
import { conclude, failuresOf, rootOf, throwFailures } from "./bench.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";

const FLAGS = {
  out: { type: "string", value: "folder", help: "instead of results/, or runs/ for your own data" },
  statements: {
    type: "boolean",
    help: "print how methods depart from their papers, and what to know of the data",
  },
  json: { type: "boolean", help: "print the result file's content instead of tables" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task merge",
  summary:
    "Joins the shards of a run (deno task bench --shard i/n) into its result and verifies it. " +
    "Shards of other data, code or settings are refused, and so are holes: the error names the jobs " +
    "that are missing and the shards to run again.",
  args: { usage: "<shard file>...", min: 1 },
  flags: FLAGS,
  examples: ["deno task merge results/mmlu-pro@1/id.static.shard-*-of-4.gz"],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags, args } = parseFlags(argv, COMMAND);
  if (flags.out !== undefined) await expectWritable("--out", flags.out);
  const shards = await Promise.all(args.map(readShard));
  const [first] = shards;
  shards.forEach(({ key }, i) => {
    if (key !== first.key) {
      throw new DataError(
        `${args[i]} is of another run than ${args[0]} (data, code or settings differ)`,
      );
    }
  });
  const plan = await planRun(first.settings);
  if (plan.key !== first.key) {
    throw new DataError(
      `${
        args[0]
      } was made with other data or code than is here (run ${first.key}, here ${plan.key})`,
    );
  }
  const jobs = joinShards(plan, shards);
  const pool = new Pool(plan.settings.data, plan.dataset);
  const run = runOf(plan, jobs, pool);
  await conclude(run, rootOf(flags.out, pool), flags);
  throwFailures(failuresOf(run));
}

if (import.meta.main) await runMain(main);
