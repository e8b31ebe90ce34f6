/**
 * The tables of the leaderboard: one a dataset and protocol.
 * @module
 */
import { isNewModel } from "../../results/result.ts";
import type { Speed } from "../../run/speed.ts";
import { type Cell, comparisonOf, type Row, rowsOf } from "./icl_cells.ts";
import { competing, entriesOf } from "./board_rows.ts";
import { ownArms } from "./icl_short.ts";
import { intervalCell, LEVEL, marks, oracleQuality, qncCell } from "../tables/leaderboard.ts";
import { DASH, digits, percent, withSpread } from "../tables/numbers.ts";
import type { SpeedSheet } from "../tables/print.ts";
import { markdownTable } from "../tables/text_table.ts";

/** Speed sheets by the path of the result they belong to. */
export type SpeedSheets = ReadonlyMap<string, SpeedSheet>;

/** Rows that frame a table. */
const FRAME = ["best-per-benchmark", "best-single", "zero-router", "cheapest"];

/** Every router of an ID or OOD cell, best first, below the references. */
export function splitTable(cell: Cell, speed: SpeedSheets): string {
  const rows = rowsOf(cell), priced = cell.files[0].result.dataset.priced;
  const frame = FRAME.flatMap((id) => rows.get(id) ?? [])
    .filter(({ entry }) => priced || !["zero-router", "cheapest"].includes(entry.id));
  const ranked = competing(cell)
    .toSorted((a, b) => b.report.mean.quality! - a.report.mean.quality!);
  return markdownTable(
    [
      { title: "router" },
      ...[
        "quality",
        "Δ [95% CI]",
        "vs",
        "gap",
        ...(priced ? ["Area", "QNC", "CostSave"] : []),
        "fit",
        "query",
      ].map((title) => ({ title, align: "right" as const })),
    ],
    [oracleLine(cell, priced), ...[...frame, ...ranked].map((row) => line(row, priced, speed))],
  );
}

function line(row: Row, priced: boolean, speed: SpeedSheets): string[] {
  const { entry, report, file: { path, result: { evaluation } } } = row;
  const single = comparisonOf(row, "best-single"), { mean, sd } = report;
  return [
    entry.name,
    withSpread(mean.quality, sd.quality),
    single ? intervalCell(single) : "",
    isNewModel(evaluation) ? "" : marks(evaluation.comparisons, entry.id),
    percent(mean.gap_closed),
    ...(priced ? [digits(mean.area), qncCell(report), percent(mean.cost_save_val)] : []),
    ...(entry.reference ? ["", ""] : speedCells(speed.get(path)?.[entry.id])),
  ];
}

function oracleLine({ files: [{ result: { evaluation } }] }: Cell, priced: boolean): string[] {
  if (isNewModel(evaluation)) throw new TypeError("the new-model protocol has tables of its own");
  return [
    "oracle",
    digits(oracleQuality(evaluation)),
    "",
    "",
    "100%",
    ...(priced ? ["", "", ""] : []),
    "",
    "",
  ];
}

/** Own arms by n, pool of all models; the routers by their mean over n. */
export function unseenTable(cell: Cell): string {
  const arms = ownArms(cell).filter(({ pool }) => pool === "all");
  const names = new Map([...entriesOf(cell)].map(([id, { name }]) => [id, name]));
  const sizes = [...new Set(arms.map(({ n }) => n!))].sort((a, b) => a - b);
  const lines = [...Map.groupBy(arms, ({ router }) => router)].flatMap(([id, own]) => {
    const name = id === "best-single" ? "best single" : names.get(id);
    if (name === undefined) return [];
    const mean = own.reduce((sum, { quality }) => sum + quality, 0) / own.length;
    const cells = sizes.map((n) => {
      const arm = own.find((a) => a.n === n);
      if (!arm) return DASH;
      const { quality, vsBestSingle } = arm;
      const sure = vsBestSingle && vsBestSingle.pHolm < LEVEL;
      return digits(quality) + (sure ? vsBestSingle.difference > 0 ? "+" : "−" : "");
    });
    return [{ mean: id === "best-single" ? Infinity : mean, cells: [name, own[0].arm, ...cells] }];
  });
  return markdownTable(
    [
      { title: "router" },
      { title: "arm" },
      ...sizes.map((n) => ({ title: `n=${n}`, align: "right" as const })),
    ],
    lines.sort((a, b) => b.mean - a.mean || (a.cells[0] < b.cells[0] ? -1 : 1))
      .map(({ cells }) => cells),
  );
}

/** Seconds of a fit and microseconds a query, medians over cells; dashes where nothing was measured. */
export function medianSpeed(cells: readonly Cell[], id: string, sheets: SpeedSheets): string[] {
  const known = cells.flatMap(({ files }) =>
    files.flatMap(({ path }) => sheets.get(path)?.[id] ?? []).slice(0, 1)
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
