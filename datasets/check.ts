/**
 * A full look at a dataset before anyone trusts it: what is there, what is missing, what looks wrong,
 * and the hindsight reference rows of every view, to be compared with what its source states.
 * @module
 */
import { buildTable } from "../src/outcomes/build.ts";
import { columnsOf } from "../src/outcomes/columns.ts";
import { pinLine } from "./check_manifest.ts";
import { openDataset } from "./load.ts";
import { originalsOf, type Pins, pinsOf } from "../src/outcomes/originals.ts";
import { costOf, priceListHash, tokenFaults } from "../src/outcomes/pricing.ts";
import { own } from "../src/outcomes/record.ts";
import type { GapRule } from "../src/outcomes/gaps.ts";
import type { OutcomeTable } from "../src/outcomes/table.ts";

/** What was found in the records and in each view of them. */
export interface DatasetReport {
  /** Of the manifest. */
  readonly name: string;
  /** Of the manifest. */
  readonly version: string;
  /** Generated, not recorded. */
  readonly synthetic: boolean;
  /** Where the records are; empty for the demo. */
  readonly path: string;
  /** Of the records, unpacked. */
  readonly sha256: string;
  /** How the files they are made from are pinned; absent where none are listed. */
  readonly originals?: Pins;
  /** Records in the file. */
  readonly queries: number;
  /** Models with at least one score. */
  readonly models: number;
  /** Distinct benchmarks. */
  readonly benchmarks: number;
  /** Distinct pairs of benchmark and task. */
  readonly tasks: number;
  /** Score cells present. */
  readonly cells: number;
  /** Score cells absent, of queries × models. */
  readonly missing: number;
  /** Queries whose benchmark and text (white space at its ends aside) are in an earlier record. */
  readonly repeated: number;
  /** Date and hash of the price list; absent without one. */
  readonly prices?: { readonly date: string; readonly sha256: string };
  /** Recorded costs that differ from tokens × price list, of those that can be compared. */
  readonly recordedCosts: {
    readonly differ: number;
    readonly compared: number;
    /** All of them. */
    readonly recorded: number;
  };
  /** Answers with no output token at all. */
  readonly emptyReplies: number;
  /** Faults and gaps that the manifest, or the look at records without one, notes. */
  readonly notes: readonly string[];
  /** Token columns that cannot be true counts. */
  readonly tokenFaults: readonly string[];
  /** Every view, or the one asked for. */
  readonly views: readonly ViewReport[];
}

/** Reference rows of a view. All are hindsight: chosen on the rows they are scored on. */
export interface ViewReport {
  /** `dataset/view`. */
  readonly name: string;
  /** Rows of the table. */
  readonly queries: number;
  /** Rows left out, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Models without any known cost. */
  readonly unpriced: readonly string[];
  /** Models by falling mean score. */
  readonly models: readonly ModelRow[];
  /** The model with the best mean. */
  readonly bestSingle: ModelRow;
  /** Mean score when each benchmark gets its own best model. */
  readonly bestPerBenchmark: number;
  /** Mean of the best score of each query; its cost is that of the cheapest model with that score. */
  readonly oracle: { readonly score: number; readonly cost: number };
  /** Share of queries on which all models score the same. */
  readonly alike: number;
  /** Benchmarks by name. */
  readonly benchmarks: readonly BenchmarkRow[];
}

/** A model on a view. */
export interface ModelRow {
  /** Its id. */
  readonly model: string;
  /** Mean score. */
  readonly score: number;
  /** Mean cost a query in US dollars over the queries where it is known; NaN = nowhere. */
  readonly cost: number;
}

/** A benchmark on a view. */
export interface BenchmarkRow {
  /** Its name. */
  readonly benchmark: string;
  /** Rows of it. */
  readonly queries: number;
  /** Its best model. */
  readonly best: string;
  /** Mean score of its best model. */
  readonly score: number;
  /** Mean of the best score of each query. */
  readonly oracle: number;
}

/**
 * Checks a dataset, or one view of it (specs as in `load.ts`).
 * @throws {UsageError} an unknown name or view
 * @throws {DataError} records that are absent, altered or broken: those have no report
 */
export async function checkDataset(
  spec: string,
  { gaps }: { readonly gaps?: GapRule } = {},
): Promise<DatasetReport> {
  const { manifest, view, path, records } = await openDataset(spec, { gaps });
  const { list } = records;
  const models = [...new Set(list.flatMap((record) => Object.keys(record.scores)))].sort();
  const cells = list.reduce((sum, record) => sum + Object.keys(record.scores).length, 0);
  const distinct = (label: (record: typeof list[0]) => string): number =>
    new Set(list.map(label)).size;
  const recordedCosts = {
    differ: 0,
    compared: 0,
    recorded: list.reduce((sum, { costs = {} }) => sum + Object.keys(costs).length, 0),
  };
  let emptyReplies = 0;
  for (const record of list) {
    for (const model of Object.keys(record.tokens ?? {})) {
      if (record.tokens![model][1] === 0) emptyReplies++;
      const recorded = own(record.costs, model);
      const computed = manifest.prices ? costOf(record, model, manifest.prices) : NaN;
      if (recorded === undefined || Number.isNaN(computed)) continue;
      recordedCosts.compared++;
      if (recorded !== computed) recordedCosts.differ++;
    }
  }
  const { name, version, synthetic, prices } = manifest;
  const originals = pinsOf(await originalsOf(manifest));
  return {
    name,
    version,
    synthetic,
    path,
    sha256: records.sha256,
    ...(originals.files > 0 && { originals }),
    queries: list.length,
    models: models.length,
    benchmarks: distinct((record) => record.benchmark),
    tasks: distinct((record) => JSON.stringify([record.benchmark, record.task])),
    cells,
    missing: list.length * models.length - cells,
    repeated: list.length - distinct((r) => JSON.stringify([r.benchmark, r.query.trim()])),
    ...(prices ? { prices: { date: prices.date, sha256: priceListHash(prices) } } : {}),
    recordedCosts,
    notes: manifest.notes ?? [],
    emptyReplies,
    tokenFaults: tokenFaults(columnsOf(list), models),
    views: (view ? [view] : Object.keys(manifest.views))
      .map((each) => viewReport(buildTable(list, each, manifest))),
  };
}

/** The hindsight reference rows of a table. */
export function viewReport(table: OutcomeTable): ViewReport {
  const { models, scores, costs, ids, dataset } = table;
  const width = models.length;
  const all = Array.from(ids, (_, q) => q);
  const rows = models.map((model, m) => ({
    model,
    score: mean(all.map((q) => scores[q * width + m])),
    cost: mean(all.map((q) => costs[q * width + m]).filter((cost) => !Number.isNaN(cost))),
  }));
  const byScore = rows.toSorted((a, b) => b.score - a.score);
  const peak = all.map((q) => Math.max(...scores.subarray(q * width, (q + 1) * width)));
  const peakCost = all.map((q) => {
    const atPeak = models.flatMap((_, m) =>
      scores[q * width + m] === peak[q] ? [costs[q * width + m]] : []
    );
    return Math.min(...atPeak);
  });
  const benchmarks = table.benchmarks.map((benchmark, b) => {
    const inside = all.filter((q) => table.benchmark[q] === b);
    const means = models.map((_, m) => mean(inside.map((q) => scores[q * width + m])));
    const score = Math.max(...means);
    const oracle = mean(inside.map((q) => peak[q]));
    return { benchmark, queries: inside.length, best: models[means.indexOf(score)], score, oracle };
  });
  const alike = all.filter((q) =>
    scores.subarray(q * width, (q + 1) * width).every((score) => score === peak[q])
  );
  return {
    name: dataset.name,
    queries: ids.length,
    dropped: dataset.dropped,
    unpriced: dataset.unpriced,
    models: byScore,
    bestSingle: byScore[0],
    bestPerBenchmark: benchmarks.reduce((sum, b) => sum + b.score * b.queries, 0) / ids.length,
    oracle: { score: mean(peak), cost: mean(peakCost) },
    alike: alike.length / ids.length,
    benchmarks,
  };
}

/** A report as text for a terminal. */
export function formatReport(report: DatasetReport): string {
  const { prices } = report;
  const lines = [
    `${report.name} (version ${report.version}${report.synthetic ? ", synthetic" : ""})`,
    `  records    ${report.path || "generated"}`,
    `  sha256     ${report.sha256}`,
    ...(report.originals ? [`  originals  ${pinLine(report.originals)}`] : []),
    `  queries    ${report.queries}, ${report.benchmarks} benchmarks, ${report.tasks} tasks`,
    `  models     ${report.models}; ${report.cells} scores, ${report.missing} missing`,
    `  repeated   ${report.repeated} queries`,
    `  prices     ${
      prices ? `of ${prices.date}, sha256 ${prices.sha256.slice(0, 12)}` : "no list"
    }`,
    `  costs      ${costLine(report)}`,
    `  replies    ${report.emptyReplies} without an output token`,
    ...report.notes.map((note) => `  note       ${note}`),
    ...report.tokenFaults.map((fault) => `  fault      ${fault}`),
  ];
  return [...lines, ...report.views.flatMap(viewLines)].join("\n") + "\n";
}

function costLine({ prices, recordedCosts: { differ, compared, recorded } }: DatasetReport): string {
  if (compared > 0) return `${differ} of ${compared} recorded ones differ from tokens × prices`;
  if (recorded === 0) return prices ? "none recorded; tokens × prices count" : "none recorded";
  return prices
    ? `${recorded} recorded, none with tokens and a price to compare it with`
    : `${recorded} recorded, which count as they are: there is no price list`;
}

function viewLines(view: ViewReport): string[] {
  const money = (cost: number): string => Number.isNaN(cost) ? "–" : `$${cost.toPrecision(3)}`;
  const dropped = Object.entries(view.dropped).map(([why, rows]) => `, ${rows} dropped (${why})`);
  const unpriced = view.unpriced.length === view.models.length
    ? "all models"
    : view.unpriced.join(", ");
  const line = (name: string, score: number, note: string): string =>
    `    ${name.padEnd(44)} ${score.toFixed(3)}  ${note}`.trimEnd();
  return [
    "",
    `  ${view.name}: ${view.queries} queries × ${view.models.length} models${dropped.join("")}`,
    ...view.models.map(({ model, score, cost }) => line(model, score, money(cost))),
    line("best single (hindsight)", view.bestSingle.score, view.bestSingle.model),
    line("best per benchmark (hindsight)", view.bestPerBenchmark, ""),
    line("oracle (hindsight)", view.oracle.score, money(view.oracle.cost)),
    `    all models score the same on ${(100 * view.alike).toFixed(1)} % of the queries`,
    ...(unpriced ? [`    without any cost: ${unpriced}`] : []),
    ...view.benchmarks.map(({ benchmark, queries, best, score, oracle }) =>
      line(`  ${benchmark} (${queries})`, score, `${best}, oracle ${oracle.toFixed(3)}`)
    ),
  ];
}

/** NaN of nothing. */
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
