/**
 * `deno task export`: decisions for other tools.
 * @module
 */
import { dirname } from "node:path";
import { expectWritable } from "./writable.ts";
import { writeAtomic } from "../base/files.ts";
import { UsageError } from "../base/errors.ts";
import { loadDataset } from "../../datasets/load.ts";
import { audited, underProtocol } from "../audit/audited.ts";
import { assertSplitFits } from "../splits/split.ts";
import { exportArena, exportCsv } from "../results/export.ts";
import { findOutcomes } from "../results/outcome_finder.ts";
import { openResult } from "../results/open.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";

const FLAGS = {
  format: {
    type: "string",
    default: "csv",
    choices: ["csv", "routerarena"],
    help: "what to write",
  },
  out: { type: "string", value: "file", help: "where to; needed" },
  data: { type: "string", value: "dataset", help: "the outcomes, if not the named dataset" },
  router: { type: "string", value: "id", help: "router, for routerarena" },
  seed: {
    type: "number",
    integer: true,
    value: "n",
    help: "seed, for routerarena; the first if absent",
  },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task export",
  summary:
    "Writes the decisions of a result as CSV (all routers) or as RouterArena predictions (one router).",
  args: { usage: "<result.json>", min: 1, max: 1 },
  flags: FLAGS,
  examples: [
    "deno task export results/demo@1/id.static.json --out decisions.csv",
    "deno task export results/demo@1/id.static.json --format routerarena --router knn --out knn.json",
  ],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags, args: [path] } = parseFlags(argv, COMMAND);
  if (!flags.out) throw new UsageError("--out is needed: where the export is written");
  await expectWritable("--out", dirname(flags.out));
  const opened = await openResult(path);
  const { name, gaps, limit } = opened.result.dataset;
  const given = flags.data === undefined ? await findOutcomes(opened.result) : undefined;
  const { table } = underProtocol(
    audited(given ?? await loadDataset(flags.data ?? name, { gaps, limit })),
    opened.result.protocol.name,
  );
  for (const split of opened.splits) assertSplitFits(split, table);
  if (flags.format === "csv") {
    await writeAtomic(flags.out, [...exportCsv(opened, table)].join(""));
  } else {
    if (!flags.router) throw new UsageError("--router is needed for routerarena predictions");
    const seed = flags.seed ?? opened.result.protocol.seeds[0];
    const predictions = exportArena(opened, table, flags.router, seed);
    await writeAtomic(flags.out, JSON.stringify(predictions, null, 1) + "\n");
  }
  console.log(`wrote ${flags.out}`);
}

if (import.meta.main) await runMain(main);
