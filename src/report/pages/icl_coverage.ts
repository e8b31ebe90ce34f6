/**
 * What of the plan of the ICL-Router experiments there are results for, and what was cut.
 * @module
 */
import { isNewModel } from "../../results/result.ts";
import { type Cell, counts, type IclFile, isUnseen, labelOf, rowsOf } from "./icl_cells.ts";
import {
  BASE,
  CONTROLS,
  DATASETS,
  PLUS,
  PLUS_VARIANTS,
  PROTOCOLS,
  RIVALS,
  SWEEP,
  VARIANTS,
} from "./icl_plan.ts";
import { DASH } from "../tables/numbers.ts";
import { markdownTable } from "../tables/text_table.ts";

/** Seeds of the ID protocol in the plan. */
const ID_SEEDS = 3;

/** Dataset × protocol: how much was run; below, line by line, what the plan has and the results have not. */
export function coverage(cells: readonly Cell[]): string[] {
  const plain = cells.filter((cell) => cell.embedding === "static" && cell.special === "");
  const of = (dataset: string, protocol: string): Cell | undefined =>
    plain.find((cell) => cell.dataset === dataset && cell.protocol === protocol);
  const datasets = [...new Set([...DATASETS, ...plain.map(({ dataset }) => dataset)])];
  const protocols = PROTOCOLS.filter((name) =>
    name !== "ood" || plain.some(({ protocol }) => protocol === name)
  );
  const table = markdownTable(
    [{ title: "dataset" }, ...protocols.map((title) => ({ title }))],
    datasets.map((dataset) => [
      dataset,
      ...protocols.map((protocol) => extent(of(dataset, protocol))),
    ]),
  );
  const missing = DATASETS.flatMap((dataset) => {
    const gone = protocols.filter((protocol) =>
      isPlanned(dataset, protocol) && !of(dataset, protocol)
    );
    return gone.length > 0 ? [`${dataset} (${gone.join(", ")})`] : [];
  });
  const short = plain.filter((c) => counts(c) && c.protocol === "id" && seedsOf(c) < ID_SEEDS);
  const lines = [
    missing.length > 0 ? `Not run: ${missing.join(", ")}.` : "Every dataset and protocol was run.",
    ...(short.length > 0
      ? [`Fewer than ${ID_SEEDS} seeds of id: ${short.map(labelOf).join(", ")}.`]
      : []),
    ...plain.filter(counts).flatMap(missingRows),
  ];
  return [table, lines.map((line) => `- ${line}`).join("\n")];
}

function isPlanned(dataset: string, protocol: string): boolean {
  if (protocol === "ood") return false; // the finer form of ood:k is a bonus
  return protocol !== "task" || dataset.startsWith("reasoning-gym");
}

/** How much of a cell was run: seeds of the method itself, folds or sets of held-out models. */
function extent(cell: Cell | undefined): string {
  if (!cell) return DASH;
  const own = ownFile(cell);
  if (!own) return "ICL-Router+ only";
  const { parts } = own.result.splits;
  const seeds = seedsOf(cell), folds = new Set(parts.map(({ fold }) => fold)).size;
  const what = isUnseen(cell) ? "sets of new models" : "folds";
  return `${seeds} ${seeds === 1 ? "seed" : "seeds"}` + (folds > 1 ? ` × ${folds} ${what}` : "");
}

/** Seeds of the file with most of them in which the method itself has a row; 0 where it has none. */
function seedsOf(cell: Cell): number {
  return ownFile(cell)?.result.protocol.seeds.length ?? 0;
}

/** The first file in which the method itself has a row. */
function ownFile({ files }: Cell): IclFile | undefined {
  return files.find(({ result }) =>
    result.routers.some(({ id, notApplicable }) => id === BASE && notApplicable === null)
  );
}

/** What a cell lacks: rivals everywhere, variants and controls under ID, arms of new-model. */
function missingRows(cell: Cell): string[] {
  const present = new Set(
    isUnseen(cell)
      ? cell.files.flatMap(({ result: { evaluation } }) =>
        isNewModel(evaluation) ? evaluation.arms.map(({ router }) => router) : []
      )
      : rowsOf(cell).keys(),
  );
  const wanted = [
    BASE,
    PLUS,
    ...RIVALS,
    ...(cell.protocol === "id"
      ? [CONTROLS, VARIANTS, SWEEP, PLUS_VARIANTS].flatMap((of) => Object.keys(of))
      : []),
  ];
  const gone = [...new Set(wanted)].filter((id) => !present.has(id));
  const where = `${labelOf(cell)} ${cell.protocol}`;
  const arms = [...new Set(cell.files.flatMap(({ result }) => result.protocol.arms ?? []))];
  const noArm = isUnseen(cell) && arms.length > 0
    ? ["own", "ignore"].filter((arm) => !arms.some((a) => a === arm))
    : [];
  return [
    ...(gone.length > 0 ? [`${where}: without ${gone.join(", ")}.`] : []),
    ...(noArm.length > 0 ? [`${where}: without the arm ${noArm.join(" and ")}.`] : []),
  ];
}
