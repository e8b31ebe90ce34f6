/**
 * Controls and variants on the ICL-Router page: what each costs or gains beside the method as specified,
 * and what that says about whether records are read.
 * @module
 */
import { cardOf, type Cell, type Difference, difference, labelOf, rowsOf } from "./icl_cells.ts";
import { differenceCell, points, size } from "./icl_numbers.ts";
import { BASE, CONTROLS, SWEEP, VARIANTS } from "./icl_plan.ts";
import { ENOUGH_ROWS, SMALL } from "../icl/presets.ts";
import { DASH, digits } from "./numbers.ts";
import { markdownTable } from "./text_table.ts";

/** Dataset × control, with the reading of each line; empty where no control was run. */
export function controlsTable(cells: readonly Cell[]): string[] {
  const run = cells.filter((cell) => isRun(cell, Object.keys(CONTROLS)));
  if (run.length === 0) return [];
  return [
    markdownTable(
      [
        { title: "dataset, protocol" },
        { title: "ICL-Router", align: "right" },
        ...Object.values(CONTROLS).map((title) => ({ title, align: "right" as const })),
      ],
      run.map((cell) => [where(cell), score(cell, BASE), ...differences(cell, CONTROLS)]),
    ),
    run.map((cell) => `- ${where(cell)}: ${reading(cell)}.`).join("\n"),
    "Shuffled and another's record: the trained network, shown wrong records when it counts; that spoils a " +
    "record that serves as a name as well as one that is read. Name for record: trained with one learned " +
    "token a model. Whether more than a name is read, only unseen models can tell.",
  ];
}

/** Dataset × variant; empty where no variant was run. */
export function variantsTable(cells: readonly Cell[]): string[] {
  const run = cells.filter((cell) => isRun(cell, Object.keys(VARIANTS)));
  if (run.length === 0) return [];
  return [
    markdownTable(
      [
        { title: "dataset, protocol" },
        { title: "ICL-Router", align: "right" },
        ...Object.values(VARIANTS).map((title) => ({ title, align: "right" as const })),
      ],
      run.map((cell) => [where(cell), score(cell, BASE), ...differences(cell, VARIANTS)]),
    ),
  ];
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
        const best = bestSize(cell);
        return [
          where(cell),
          ...sizes.map((id) => {
            const length = profileLength(cell, id);
            const shown = id === BASE ? score(cell, id) : differenceCell(difference(cell, id));
            return shown + (length === undefined ? "" : ` · K ${length}`);
          }),
          best === undefined ? DASH : `K ${best}`,
        ];
      }),
    ),
    "K as asked for in the heading; in the cell, after the dot, the profile there really was (never more " +
    `than a quarter of the training rows; the method's own is ${SMALL.profile} below ${ENOUGH_ROWS} of them).`,
  ];
}

/** The profile length of the best of the sizes that were run; undefined with fewer than two. */
export function bestSize(cell: Cell): number | undefined {
  const known = Object.keys(SWEEP).flatMap((id) => {
    const length = profileLength(cell, id), gain = id === BASE ? 0 : difference(cell, id)?.mean;
    return length === undefined || gain === undefined ? [] : [{ length, gain }];
  });
  if (known.length < 2) return undefined;
  return known.reduce((best, one) => one.gain > best.gain ? one : best).length;
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

function ofShuffled({ mean, level }: Difference): string {
  if (level === "none") {
    return `shuffling the labels of records changes nothing that shows (${
      points(mean)
    } points): which ` +
      "queries a model solved is not read, or does not matter";
  }
  if (mean > 0) return `shuffled records do better by ${size(mean)} points: what is read misleads`;
  return `records are read: shuffling costs ${size(mean)} points${hedge(level)}`;
}

function ofAnother({ mean, level }: Difference): string {
  if (level === "none") {
    return `another model's record does as well (${
      points(mean)
    } points): models are not told apart by it`;
  }
  if (mean > 0) return `another model's record does better by ${size(mean)} points`;
  return `whose record it is matters: another's costs ${size(mean)} points${hedge(level)}`;
}

function ofIdentity({ mean, level }: Difference): string {
  if (level !== "none" && mean < 0) {
    return `a record says more than a name, by ${size(mean)} points${hedge(level)}`;
  }
  const better = level === "none" ? "as well" : `better by ${size(mean)} points${hedge(level)}`;
  return `a learned name does ${better}: on known models a record may be used as a name only`;
}

function ofNeighbours({ mean, level }: Difference): string {
  if (level === "none") return "no clear difference to kNN over the same profile";
  return `kNN over the same profile is ${size(mean)} points ${mean > 0 ? "above" : "below"}${
    hedge(level)
  }`;
}

function hedge(level: Difference["level"]): string {
  return level === "clear" ? "" : " (a hint: intervals overlap)";
}

function isRun(cell: Cell, ids: readonly string[]): boolean {
  const rows = rowsOf(cell);
  return ids.some((id) => rows.has(id));
}

function differences(cell: Cell, of: Readonly<Record<string, string>>): string[] {
  return Object.keys(of).map((id) => differenceCell(difference(cell, id)));
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
