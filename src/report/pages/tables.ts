/**
 * The tables that pages share: routers under one protocol, unseen models by profile size, and their legends.
 * @module
 */
import { isNewModel, type Result, type RouterEntry } from "../../results/result.ts";
import type { Speed } from "../../run/speed.ts";
import {
  byQuality,
  intervalCell,
  isSignificant,
  marks,
  oracleGap,
  oracleQuality,
  qncCell,
  SOME_SEEDS,
} from "../tables/leaderboard.ts";
import { DASH, digits, money, percent, withSpread } from "../tables/numbers.ts";
import { columnsOf, markdownTable } from "../tables/text_table.ts";
import { belongs, type Cell, comparisonOf, isUnseen, ownArms, type Row, rowsOf } from "./cells.ts";

/** Where the columns are explained in full, from a page one folder below `results/`. */
const HELP = "docs/results.md#how-to-read-a-table";

/**
 * What the columns of {@link splitTable} mean, in a line.
 * @param up from the page to the repository, `../../`
 */
export function splitLegend(priced: boolean, up: string): string {
  return "Δ: difference to best single, with its 95% interval. vs: significant after Holm (p < .05) against S best " +
    `single${
      priced ? ", Z zero router" : ""
    }, K tuned kNN; + better, − worse. gap: share of the way from best single ` +
    "to oracle. top: share of queries sent to the most used model. fit, query: one fit, one query in a batch, on " +
    "one core. " +
    (priced
      ? "$/1k: dollars per 1,000 queries. Area: mean quality over all budgets. QNC: share of best single's cost " +
        `at which the curve reaches its quality; ${SOME_SEEDS}. `
      : "") +
    `[More](${up}${HELP}).`;
}

/** What {@link unseenTable} shows, in a line. */
export const UNSEEN_LEGEND: string =
  "Mean score by n, the labelled queries of each new model; all models to choose from. + / −: significantly above / " +
  "below best single with the same n labels (Holm over the table, p < .05). arm: zero-update reads or averages the " +
  "labels, fit-new-vector fits a small part to them.";

/** Every router of an ID or OOD cell, best first, below the references; rows of another run are marked ¹. */
export function splitTable(cell: Cell): string {
  const { priced } = cell.files[0].result.dataset;
  const rows = rowsOf(cell);
  const ranked = (wanted: (row: Row) => boolean): Row[] =>
    byQuality([...rows.values()].filter(wanted).map(({ report }) => report))
      .map(({ router }) => rows.get(router)!);
  const references = ranked(({ entry }) => entry.reference);
  const competing = ranked(({ entry }) => belongs(entry));
  return markdownTable(
    [
      ...columnsOf(["router", "quality", "Δ [95% CI]"]),
      { title: "vs" },
      ...columnsOf(["gap", ...(priced ? ["$/1k", "Area", "QNC"] : []), "top", "fit", "query"], 0),
    ],
    [
      oracleLine(cell),
      ...[...references, ...competing].map((row) => line(row, row.file !== cell.files[0])),
    ],
  );
}

/** What the mark ¹ means: routers of other runs, with their seeds. */
export function othersNote(cell: Cell): string[] {
  const seeds = new Set(
    others(cell).map(({ file: { result } }) => seedsOf(result)),
  );
  return seeds.size === 0 ? [] : [
    `¹ Of another run (${
      [...seeds].join("; ")
    }): compare its Δ, not its quality, with the other rows.`,
  ];
}

/** `seed 42` or `seeds 1, 2`. */
export function seedsOf({ protocol: { seeds } }: Result): string {
  return `${seeds.length === 1 ? "seed" : "seeds"} ${seeds.join(", ")}`;
}

function others(cell: Cell): Row[] {
  return [...rowsOf(cell).values()].filter(({ entry, file }) =>
    belongs(entry) && file !== cell.files[0]
  );
}

function line(row: Row, other: boolean): string[] {
  const { entry, report, file: { speed, result: { dataset, evaluation } } } = row;
  const single = comparisonOf(row, "best-single"), { mean, sd } = report;
  return [
    entry.name + (other ? " ¹" : ""),
    withSpread(mean.quality, sd.quality),
    single ? intervalCell(single) : "",
    isNewModel(evaluation) ? "" : marks(evaluation.comparisons, entry.id),
    percent(mean.gap_closed),
    ...(dataset.priced ? [money(mean.cost), digits(mean.area), qncCell(report)] : []),
    percent(mean.collapse),
    ...(entry.reference ? ["", ""] : speedCells(speed?.[entry.id])),
  ];
}

function oracleLine({ files: [{ result: { dataset, evaluation } }] }: Cell): string[] {
  if (isNewModel(evaluation)) throw new TypeError("the new-model protocol has tables of its own");
  const cost = evaluation.panels.reduce((sum, p) => sum + (p.oracleCost ?? NaN), 0);
  return [
    "oracle",
    digits(oracleQuality(evaluation)),
    "",
    "",
    oracleGap(evaluation),
    ...(dataset.priced ? [money(cost / evaluation.panels.length), "", ""] : []),
    "",
    "",
    "",
  ];
}

/**
 * Own arms by n, pool of all models; the routers by their mean over n, best single first.
 * @param wanted rows beside best single
 */
export function unseenTable(
  cell: Cell,
  wanted: (entry: RouterEntry) => boolean = belongs,
): string {
  const arms = ownArms(cell).filter(({ pool }) => pool === "all");
  const names = new Map(
    cell.files.flatMap(({ result }) => result.routers)
      .filter((entry) => !entry.reference && wanted(entry)).map(({ id, name }) => [id, name]),
  );
  const sizes = [...new Set(arms.map(({ n }) => n!))].sort((a, b) => a - b);
  const lines = [...Map.groupBy(arms, ({ router }) => router)].flatMap(([id, own]) => {
    const name = id === "best-single" ? "best single" : names.get(id);
    if (name === undefined) return [];
    const mean = own.reduce((sum, { quality }) => sum + quality, 0) / own.length;
    const cells = sizes.map((n) => {
      const arm = own.find((a) => a.n === n);
      return arm ? digits(arm.quality) + sign(arm.vsBestSingle) : DASH;
    });
    return [{ mean: id === "best-single" ? Infinity : mean, cells: [name, own[0].arm, ...cells] }];
  });
  return markdownTable(
    columnsOf(["router", "arm", ...sizes.map((n) => `n=${n}`)], 2),
    lines.sort((a, b) => b.mean - a.mean || (a.cells[0] < b.cells[0] ? -1 : 1))
      .map(({ cells }) => cells),
  );
}

/** Sentences that methods must carry, folded away under a page's tables. */
export function footnotes(statements: readonly (readonly [string, string])[]): string[] {
  return statements.length === 0 ? [] : [
    "<details><summary>What we changed in the methods</summary>",
    statements.map(([name, statement]) => `- **${name}**: ${statement}`).join("\n"),
    "</details>",
  ];
}

/** `+` or `−` where a difference is significant. */
export function sign(
  found: { difference: number; pHolm: number | null } | null | undefined,
): string {
  return !found || !isSignificant(found) ? "" : found.difference > 0 ? "+" : "−";
}

/** `11,795 queries × 27 models, 14 benchmarks`. */
export function sizeOf({ dataset: { queries, models, benchmarks } }: Result): string {
  return `${
    queries.toLocaleString("en")
  } queries × ${models.length} models, ${benchmarks.length} ` +
    (benchmarks.length === 1 ? "benchmark" : "benchmarks");
}

/** Seconds of a fit and microseconds a query, medians over cells; dashes where nothing was measured. */
export function medianSpeed(cells: readonly Cell[], id: string): string[] {
  const known = cells.filter((cell) => !isUnseen(cell)).flatMap(({ files }) =>
    files.flatMap(({ speed }) => speed?.[id] ?? []).slice(0, 1)
  );
  if (known.length === 0) return [DASH, DASH];
  const median = (pick: (speed: Speed) => number): number =>
    known.map(pick).sort((a, b) => a - b)[Math.floor(known.length / 2)];
  return [seconds(median((s) => s.fitSeconds)), micros(median((s) => s.batchMicroseconds))];
}

function speedCells(speed: Speed | undefined): string[] {
  return speed ? [seconds(speed.fitSeconds), micros(speed.batchMicroseconds)] : [DASH, DASH];
}

function seconds(value: number): string {
  return value < 0.01 ? "<0.01 s" : `${value < 9.95 ? value.toPrecision(2) : value.toFixed(0)} s`;
}

function micros(value: number): string {
  return value < 1 ? "<1 µs" : `${value < 9.95 ? value.toPrecision(2) : value.toFixed(0)} µs`;
}
