/**
 * Which rows a new model is labelled on, and the splits that measure what it adds.
 * @module
 */
import { DataError } from "../base/errors.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { makeSplits } from "../splits/make.ts";
import { profileOrder } from "../splits/profile_order.ts";
import type { Split } from "../splits/split.ts";

/** Parts of the labelled queries, each of which is routed by the labels of the others. */
export const FOLDS = 5;

/** How queries to label are chosen, as in the `new-model` protocol. */
export type Selection = "random" | "discriminative";

/** What decides which rows are labelled. */
export interface Labelling {
  /** Labelled rows, at most. */
  readonly n: number;
  /** Names the draw. */
  readonly seed: number;
  /** Which come first. */
  readonly selection: Selection;
}

/** The first n rows to label, of the training and validation rows of the `id` protocol; no model is new yet. */
export function rowsToLabel(
  table: OutcomeTable,
  groups: Uint32Array,
  { n, seed, selection }: Labelling,
): number[] {
  const { roles } = makeSplits(table, groups, "id", [seed])[0];
  return profileOrder(table, rowsThatTeach(roles), [], seed, selection).slice(0, n);
}

/**
 * The split in which a model is new: labelled on the first n rows of the protocol's order, tested on the test rows.
 * @param labelled the rows with its outcomes, where not all have them: the first n of those teach, whatever part they
 * were in, and so do the rows that may not be separated from them
 * @throws {DataError} when no test row is left
 */
export function newModelSplit(
  table: OutcomeTable,
  groups: Uint32Array,
  model: string,
  { n, seed, selection }: Labelling,
  labelled?: readonly number[],
): Split {
  const base = makeSplits(table, groups, "id", [seed])[0];
  const listed = profileOrder(table, rowsThatTeach(base.roles), [model], seed, selection);
  const order = (labelled ? inListedOrder(listed, labelled) : listed).slice(0, n);
  const taken = new Set(order.map((row) => groups[row]));
  const roles = [...base.roles].map((role, row) =>
    taken.has(groups[row]) && role === "e" ? "t" : role
  );
  if (!roles.includes("e")) {
    throw new DataError(
      `${table.dataset.name}: ${order.length} labels of ${model} leave no query to route; use fewer (--n)`,
    );
  }
  return {
    ...base,
    protocol: "new-model:1",
    foldName: model,
    heldOutModels: [model],
    roles: roles.join(""),
    profile: { selection, order },
  };
}

/**
 * One split for each part of the labelled rows: these are tested, the labels of the others are known. The test rows of
 * the given split take no part, nor do rows that may not be separated from the tested ones. Parts are dealt in
 * the order of the labels, so that they are of equal size in every prefix of it.
 */
export function labelFolds(split: Split, groups: Uint32Array): Split[] {
  const { order } = split.profile!, fold = new Map<number, number>();
  for (const row of order) if (!fold.has(groups[row])) fold.set(groups[row], fold.size % FOLDS);
  return Array.from({ length: FOLDS }, (_, k) => {
    const isIn = (row: number): boolean => fold.get(groups[row]) === k;
    const tested = new Set(order.filter(isIn));
    const roles = [...split.roles].map((role, row) =>
      tested.has(row) ? "e" : role === "e" || isIn(row) ? "d" : role
    ).join("");
    const profile = { ...split.profile!, order: order.filter((row) => !isIn(row)) };
    return { ...split, fold: k, roles, profile };
  });
}

/** Labelled rows as they were listed; those that were not, such as test rows, come last. */
function inListedOrder(listed: readonly number[], labelled: readonly number[]): number[] {
  const [before, known] = [new Set(listed), new Set(labelled)];
  return [...listed.filter((row) => known.has(row)), ...labelled.filter((row) => !before.has(row))];
}

function rowsThatTeach(roles: string): number[] {
  return [...roles].flatMap((role, row) => role === "e" ? [] : [row]);
}
