/**
 * The main tables of the ICL-Router page: quality under every protocol, quality with unseen models.
 * @module
 */
import type { Comparison } from "../../evaluate/compare.ts";
import type { NewModelEvaluation } from "../../evaluate/evaluate_new_model.ts";
import { isNewModel, type Result } from "../../results/result.ts";
import { byQuality, intervalCell, marks, oracleQuality } from "../tables/leaderboard.ts";
import { type Cell, comparisonOf, type IclFile, labelOf, type Row, rowsOf } from "./icl_cells.ts";
import { isMain } from "./icl_plan.ts";
import { newModelTable } from "../tables/new_model_table.ts";
import { DASH, digits, percent, withSpread } from "../tables/numbers.ts";
import { markdownTable } from "../tables/text_table.ts";

/** Rows that frame a table: the mark to beat, and the best a choice per benchmark can do. */
const FRAME = ["best-per-benchmark", "best-single"];

/** What the columns of {@link closedTable} mean. */
export const CLOSED_NOTE: string =
  "Score: mean over queries, ± sd over seeds. Δ with 95% interval: paired bootstrap over queries (whole " +
  "templates where there are such). vs: significant after Holm over the row's result file (p < .05) " +
  "against S best single, Z zero router, K tuned kNN; + better, − worse.";

/** Dataset × router under one closed protocol. */
export function closedTable(cells: readonly Cell[]): string {
  return markdownTable(
    [
      { title: "dataset" },
      { title: "router" },
      { title: "score", align: "right" },
      { title: "Δ best single [95% CI]", align: "right" },
      { title: "Δ kNN [95% CI]", align: "right" },
      { title: "vs" },
      { title: "gap closed", align: "right" },
      { title: "seeds", align: "right" },
    ],
    cells.flatMap((cell) => {
      const rows = rowsOf(cell);
      const main = [...rows.values()].filter(({ entry }) => !entry.reference && isMain(entry.id));
      const ranked = byQuality(main.map(({ report }) => report)).map(({ router }) => router);
      const shown = [...FRAME.filter((id) => rows.has(id)), ...ranked].map((id) => rows.get(id)!);
      const lines = [oracleLine(cell), ...shown.map(closedLine)];
      return lines.map((line, i) => [i === 0 ? labelOf(cell) : "", ...line]);
    }),
  );
}

function closedLine(row: Row): string[] {
  const { entry, report, file } = row, { evaluation, protocol } = file.result;
  return [
    entry.name,
    withSpread(report.mean.quality, report.sd.quality),
    interval(comparisonOf(row, "best-single")),
    interval(comparisonOf(row, "knn")),
    isNewModel(evaluation) ? "" : marks(evaluation.comparisons, entry.id),
    percent(report.mean.gap_closed),
    String(protocol.seeds.length),
  ];
}

function oracleLine({ files: [{ result }] }: Cell): string[] {
  const { evaluation, protocol } = result;
  if (isNewModel(evaluation)) throw new TypeError("the new-model protocol has tables of its own");
  return [
    "oracle",
    digits(oracleQuality(evaluation)),
    "",
    "",
    "",
    "100%",
    String(protocol.seeds.length),
  ];
}

/** `+.012 [−.003, +.027]`; a dash where the row is not compared with that reference. */
function interval(found: Comparison | undefined): string {
  return found ? intervalCell(found) : DASH;
}

/** What the columns of {@link unseenTables} mean. */
export const UNSEEN_NOTE: string =
  "Quality by n, the labelled queries of each new model; mean over seeds and sets of held-out models. + " +
  "/ −: significantly better / worse (Holm over the arms of the pool, p < .05) than best single whose " +
  "new models' means come from the same n labels. zero-update, fit-new-vector: the router's own way; " +
  "ignore: the new models are never used.";

/** Quality by n, both pools, of one new-model cell: a table for every set of splits. */
export function unseenTables(cell: Cell): string[] {
  const bySplits = Map.groupBy(cell.files, ({ result }) => result.splits.sha256);
  return [...bySplits.values()].flatMap((files) => {
    const { result, evaluation } = joined(files);
    const seeds = result.protocol.seeds.length;
    return (["all", "new"] as const).flatMap((pool) => {
      const { columns, rows, notes } = newModelTable(result, evaluation, pool);
      if (rows.every((row) => row.length === 0)) return [];
      const title = `**${labelOf(cell)}**, ${seeds} ${seeds === 1 ? "seed" : "seeds"}; `;
      return [title + notes[0], markdownTable(columns, rows)];
    });
  });
}

/** Files of the same splits as one: the arms own and ignore of every router, the first file's first. */
function joined(files: readonly IclFile[]): { result: Result; evaluation: NewModelEvaluation } {
  const [{ result }] = files;
  const owner = new Map<string, Result>();
  for (const { result } of files) {
    if (!isNewModel(result.evaluation)) continue;
    for (const { router } of result.evaluation.arms) {
      if (!owner.has(router)) owner.set(router, result);
    }
  }
  const entries = [...owner].map(([id, of]) => of.routers.find((r) => r.id === id)!)
    .filter(({ id, reference }) => !reference || id === "best-single");
  const arms = [...owner].flatMap(([id, { evaluation }]) =>
    (evaluation as NewModelEvaluation).arms.filter(({ router, arm }) =>
      router === id && arm !== "retrain" && arm !== "clairvoyant"
    )
  );
  return {
    result: { ...result, routers: entries },
    evaluation: { ...result.evaluation as NewModelEvaluation, arms },
  };
}
