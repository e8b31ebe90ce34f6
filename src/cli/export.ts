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
import { exportOrbit, exportXRouteBench, orbitProtocol } from "../results/export_peers.ts";
import { findOutcomes } from "../results/outcome_finder.ts";
import { openResult } from "../results/open.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";

const FLAGS = {
  format: {
    type: "string",
    default: "csv",
    choices: ["csv", "routerarena", "orbit", "xroutebench"],
    help: "what to write",
  },
  out: { type: "string", value: "file", help: "where to; needed" },
  data: { type: "string", value: "dataset", help: "the outcomes, if not the named dataset" },
  router: { type: "string", value: "id", help: "router, for all but csv" },
  seed: {
    type: "number",
    integer: true,
    value: "n",
    help: "seed, for all but csv; the first if absent",
  },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task export",
  summary:
    "Writes the decisions of a result as CSV (all routers), or of one router as RouterArena predictions, as ORBIT's " +
    "trade-off points with its protocol files beside them, or as a result of xRouteBench's pipeline.",
  args: { usage: "<result.json>", min: 1, max: 1 },
  flags: FLAGS,
  examples: [
    "deno task export results/demo@1/id.static.json --out decisions.csv",
    "deno task export results/demo@1/id.static.json --format routerarena --router knn --out knn.json",
    "deno task export results/demo@1/id.static.json --format orbit --router knn --out orbit.json",
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
  const { format, router, out } = flags, seed = flags.seed ?? opened.result.protocol.seeds[0];
  if (format === "csv") {
    await writeAtomic(out, [...exportCsv(opened, table)].join(""));
    return console.log(`wrote ${out}`);
  }
  if (!router) throw new UsageError(`--router is needed for ${format}: whose decisions`);
  const make = { routerarena: exportArena, orbit: exportOrbit, xroutebench: exportXRouteBench };
  await writeExport(out, make[format as keyof typeof make](opened, table, router, seed));
  if (format !== "orbit") return;
  const splits = opened.splits.filter((split) => split.seed === seed);
  for (const split of splits) {
    const fold = splits.length > 1 ? `.fold-${split.fold}` : "";
    await writeExport(
      `${out.replace(/\.json$/, "")}${fold}.protocol.json`,
      orbitProtocol(opened, table, split),
    );
  }
}

/** As exports have always been indented, and named as written. */
async function writeExport(path: string, content: unknown): Promise<void> {
  await writeAtomic(path, JSON.stringify(content, null, 1) + "\n");
  console.log(`wrote ${path}`);
}

if (import.meta.main) await runMain(main);
