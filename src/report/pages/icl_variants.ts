/**
 * Controls and variants on the ICL-Router page: what each costs or gains beside the method as specified,
 * and whether records are read.
 * @module
 */
import { BASE, cardOf, type Cell, difference, labelOf, PLUS, rowsOf } from "./cells.ts";
import { differenceCell } from "./points.ts";
import { ENOUGH_ROWS, SMALL } from "../../icl/presets.ts";
import { DASH, digits } from "../tables/numbers.ts";
import { markdownTable } from "../tables/text_table.ts";

/** Controls by id: what each does to the record. */
const CONTROLS: Readonly<Record<string, string>> = {
  icl_shuffled_record: "shuffled record",
  icl_another_record: "another's record",
  icl_identity: "name for record",
  profile_knn: "kNN over the profile",
};

/** Variants by id: what each changes. */
const VARIANTS: Readonly<Record<string, string>> = {
  icl_no_stage1: "no stage 1",
  icl_varied_k: "varied K",
  icl_soft_labels: "soft labels",
  icl_pseudo_models: "pseudo-models",
  icl_linear_projector: "linear projector",
  icl_deep: "three blocks",
  icl_two_tokens: "two tokens, three blocks",
};

/** Variants of ICL-Router+ by id, measured against that. */
const PLUS_VARIANTS: Readonly<Record<string, string>> = {
  icl_plus_clusters: "clusters for task labels",
};

/** Profile sizes by id; the method's own is 500. */
const SWEEP: Readonly<Record<string, number>> = {
  icl_k100: 100,
  icl_k300: 300,
  [BASE]: 500,
  icl_k1000: 1000,
};

/** Dataset × control, below what they mean; empty where no control was run. */
export function controlsTable(cells: readonly Cell[]): string[] {
  // kNN over the profile is on every board: alone it is no control.
  const controls = Object.keys(CONTROLS).filter((id) => id !== "profile_knn");
  const run = cells.filter((cell) => isRun(cell, controls));
  if (run.length === 0) return [];
  return [
    ...differenceTable(run, BASE, "ICL-Router", CONTROLS),
    "Shuffled and another's record: the trained network, shown wrong records when it counts; that spoils a " +
    "record that serves as a name as well as one that is read. Name for record: trained with one learned " +
    "token a model. Whether more than a name is read, only unseen models can tell.",
  ];
}

/** Dataset × variant; empty where no variant was run. */
export function variantsTable(cells: readonly Cell[]): string[] {
  return differenceTable(cells, BASE, "ICL-Router", VARIANTS);
}

/** Dataset × variant of ICL-Router+, measured against that; empty where none was run. */
export function plusTable(cells: readonly Cell[]): string[] {
  return differenceTable(cells, PLUS, "ICL-Router+", PLUS_VARIANTS);
}

/** Dataset × profile size; empty where no other size was run. */
export function sweepTable(cells: readonly Cell[]): string[] {
  const sizes = Object.keys(SWEEP);
  const run = cells.filter((cell) => isRun(cell, sizes.filter((id) => id !== BASE)));
  if (run.length === 0) return [];
  return [
    markdownTable(
      [
        { title: "dataset, protocol" },
        ...sizes.map((id) => ({
          title: id === BASE ? "ICL-Router (500)" : `K = ${SWEEP[id]}`,
          align: "right" as const,
        })),
        { title: "best", align: "right" },
      ],
      run.map((cell) => {
        return [
          where(cell),
          ...sizes.map((id) => {
            const length = profileLength(cell, id);
            const shown = id === BASE ? score(cell, id) : differenceCell(difference(cell, id));
            return shown + (length === undefined ? "" : ` · K ${length}`);
          }),
          bestSize(cell) ?? DASH,
        ];
      }),
    ),
    "K as asked for in the heading; in the cell, after the dot, the profile there really was (never more " +
    `than a quarter of the training rows; the method's own is ${SMALL.profile} below ${ENOUGH_ROWS} of them). Best: ` +
    "with the sizes that it is not shown to be better than.",
  ];
}

/**
 * `K 120`: the profile length of the best of the sizes that were run, with those that it is not shown to be
 * better than; undefined with fewer than two sizes.
 */
export function bestSize(cell: Cell): string | undefined {
  const known = Object.keys(SWEEP).flatMap((id) => {
    const length = profileLength(cell, id), gain = id === BASE ? 0 : difference(cell, id)?.mean;
    return length === undefined || gain === undefined ? [] : [{ id, length, gain }];
  });
  if (known.length < 2) return undefined;
  const best = known.reduce((top, one) => one.gain > top.gain ? one : top);
  const rest = known.filter(({ id }) => {
    const lead = id === best.id ? undefined : difference(cell, best.id, id);
    return lead === undefined || lead.level === "none" || lead.mean < 0;
  });
  if (rest.length === known.length) return "no difference shown";
  return `K ${[...new Set(rest.map(({ length }) => length))].join(" or ")}`;
}

/** Dataset × row: the score of a base and differences to it; empty where none of the rows was run. */
export function differenceTable(
  cells: readonly Cell[],
  base: string,
  title: string,
  of: Readonly<Record<string, string>>,
): string[] {
  const run = cells.filter((cell) => isRun(cell, Object.keys(of)));
  const ids = Object.keys(of).filter((id) => run.some((cell) => isRun(cell, [id])));
  if (run.length === 0) return [];
  return [markdownTable(
    [
      { title: "dataset, protocol" },
      ...[title, ...ids.map((id) => of[id])].map((title) => ({ title, align: "right" as const })),
    ],
    run.map((cell) => [
      where(cell),
      score(cell, base),
      ...ids.map((id) => differenceCell(difference(cell, id, base))),
    ]),
  )];
}

function isRun(cell: Cell, ids: readonly string[]): boolean {
  const rows = rowsOf(cell);
  return ids.some((id) => rows.has(id));
}

function score(cell: Cell, id: string): string {
  return digits(rowsOf(cell).get(id)?.report.mean.quality);
}

/** K as the card of the first split has it. */
function profileLength(cell: Cell, id: string): number | undefined {
  const notes = cardOf(cell, id)?.notes.join("\n") ?? "";
  const [, length] = /(\d+)(?: of \d+)? profile queries/.exec(notes) ?? [];
  return length === undefined ? undefined : Number(length);
}

function where(cell: Cell): string {
  return `${labelOf(cell)}, ${cell.protocol}`;
}
