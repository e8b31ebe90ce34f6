/**
 * Controls and variants on the ICL-Router page: what each costs or gains beside the method as specified,
 * and what that says about whether records are read.
 * @module
 */
import { cardOf, type Cell, type Difference, difference, labelOf, rowsOf } from "./icl_cells.ts";
import { differenceCell, points, size } from "./icl_numbers.ts";
import { BASE, CONTROLS, PLUS, PLUS_VARIANTS, SWEEP, VARIANTS } from "./icl_plan.ts";
import { ENOUGH_ROWS, SMALL } from "../../icl/presets.ts";
import { DASH, digits } from "../tables/numbers.ts";
import { markdownTable } from "../tables/text_table.ts";

/** Dataset × control, with the reading of each line; empty where no control was run. */
export function controlsTable(cells: readonly Cell[]): string[] {
  const run = cells.filter((cell) => isRun(cell, Object.keys(CONTROLS)));
  if (run.length === 0) return [];
  return [
    ...differenceTable(run, BASE, "ICL-Router", CONTROLS),
    run.map((cell) => `- ${where(cell)}: ${reading(cell)}.`).join("\n"),
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

/** What the controls of a cell say, in words chosen by their numbers. */
export function reading(cell: Cell): string {
  const [shuffled, another, identity, neighbours] = Object.keys(CONTROLS).map((id) =>
    difference(cell, id)
  );
  return [
    ...(shuffled ? [ofShuffled(shuffled)] : []),
    ...(another ? [ofAnother(another)] : []),
    ...(identity ? [ofIdentity(identity)] : []),
    ...(neighbours ? [ofNeighbours(neighbours)] : []),
  ].join("; ");
}

function ofShuffled(found: Difference): string {
  if (found.level === "none") return `shuffled records: ${unshown(found)}`;
  return found.mean > 0
    ? `shuffled records do better by ${shown(found)}: what is read misleads`
    : `records are read: shuffling costs ${shown(found)}`;
}

function ofAnother(found: Difference): string {
  if (found.level === "none") return `another model's record: ${unshown(found)}`;
  return found.mean > 0
    ? `another model's record does better by ${shown(found)}`
    : `whose record it is matters: another's costs ${shown(found)}`;
}

function ofIdentity(found: Difference): string {
  const may = "on known models a record may be used as a name only";
  if (found.level === "none") return `a learned name: ${unshown(found)}; ${may}`;
  return found.mean > 0
    ? `a learned name does better by ${shown(found)}: ${may}`
    : `a record says more than a name, by ${shown(found)}`;
}

function ofNeighbours(found: Difference): string {
  if (found.level === "none") return `kNN over the same profile: ${unshown(found)}`;
  return `kNN over the same profile is ${found.mean > 0 ? "above" : "below"} by ${shown(found)}`;
}

/** That a test shows no difference does not say that there is none. */
function unshown({ mean, tested }: Difference): string {
  return `no difference shown (${points(mean)} points${tested ? "" : ", no interval test"})`;
}

function shown({ mean, level, tested }: Difference): string {
  const doubt = tested ? "intervals overlap" : "no interval test";
  return `${size(mean)} points` + (level === "clear" ? "" : ` (a hint: ${doubt})`);
}

/** Dataset × row: the score of a base and differences to it; empty where none of the rows was run. */
function differenceTable(
  cells: readonly Cell[],
  base: string,
  title: string,
  of: Readonly<Record<string, string>>,
): string[] {
  const ids = Object.keys(of), run = cells.filter((cell) => isRun(cell, ids));
  if (run.length === 0) return [];
  return [markdownTable(
    [
      { title: "dataset, protocol" },
      ...[title, ...Object.values(of)].map((title) => ({ title, align: "right" as const })),
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
