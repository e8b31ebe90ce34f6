/**
 * The order in which rows are labelled for a new model. Budgets are prefixes of one order, so that a
 * larger budget always contains the smaller ones.
 * @module
 */
import type { OutcomeTable } from "../outcomes/table.ts";
import { byLevel, type RowKeys, solverCounts, stratified } from "../router/stratify.ts";

/** The rows a new model is labelled on, in order. */
export interface Profile {
  /**
   * `random`: any row. `discriminative`: rows that 1…⌊M/2⌋ of the M training models solve, equal counts
   * of each number of solvers.
   */
  readonly selection: "random" | "discriminative";
  /** Table rows; a budget of n takes the first n. At most {@link LONGEST_PROFILE}. */
  readonly order: readonly number[];
}

/** Profiles are kept to this length, the largest budget in use. */
export const LONGEST_PROFILE = 1000;

/**
 * Orders the given rows, stratified by benchmark: every prefix holds about the share of each benchmark
 * that the whole does. The random order is the same whatever models are held out.
 *
 * @param rows training and validation rows
 * @param heldOut models whose outcomes must not matter
 */
export function profileOrder(
  table: OutcomeTable,
  rows: readonly number[],
  heldOut: readonly string[],
  seed: number,
  selection: Profile["selection"],
): number[] {
  const keys: RowKeys = {
    id: (row) => table.ids[row],
    benchmark: (row) => table.benchmarks[table.benchmark[row]],
  };
  const order = selection === "random"
    ? stratified(rows, keys, seed, "profile")
    : discriminative(table, rows, keys, heldOut, seed);
  return order.slice(0, LONGEST_PROFILE);
}

/** Rows with a missing training score have no level and are left out. */
function discriminative(
  table: OutcomeTable,
  rows: readonly number[],
  keys: RowKeys,
  heldOut: readonly string[],
  seed: number,
): number[] {
  const { models, scores, solvedFrom, benchmark } = table;
  const training = [...models.keys()].filter((m) => !heldOut.includes(models[m]));
  const level = (row: number): number => {
    const known = Float64Array.from(training, (m) => scores[row * models.length + m]);
    return solverCounts(known, training.length, [solvedFrom[benchmark[row]]])[0];
  };
  return byLevel(rows, keys, level, training.length, seed).map(({ row }) => row);
}
