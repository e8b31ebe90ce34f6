/**
 * The groups of Model-SAT's loss: a query that a model solved, and others that it failed. Used by `model_sat.ts` and
 * `model_sat_lm.ts`.
 * @module
 */
import type { Random } from "../src/router/mod.ts";

/** Cells of a batch by outcome; a cell is a place in the scores of its queries and models. */
export interface Outcomes {
  /** Solved cells. */
  readonly solved: readonly number[];
  /** Failed cells of the model of a cell. */
  failedOf(cell: number): readonly number[];
}

/**
 * Draws groups, models in proportion to what they solved: `size` cells each, the first is solved, the others are
 * failed ones of the same model. Without a group all cells are 0, and there is no gradient.
 */
export function drawGroups(
  { solved, failedOf }: Outcomes,
  count: number,
  size: number,
  draw: Random,
): BigInt64Array<ArrayBuffer> {
  const starts = solved.filter((cell) => failedOf(cell).length > 0);
  const cells = new BigInt64Array(count * size);
  for (let at = 0; at < cells.length && starts.length > 0; at += size) {
    const start = starts[draw.integer(starts.length)], others = failedOf(start);
    cells[at] = BigInt(start);
    for (let j = 1; j < size; j++) cells[at + j] = BigInt(others[draw.integer(others.length)]);
  }
  return cells;
}
