/**
 * The order in which rows are labelled for a new model. Budgets are prefixes of one order, so that a
 * larger budget always contains the smaller ones.
 * @module
 */
import { random } from "../base/random.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { seededOrder } from "./strata.ts";

/** The rows a new model is labelled on, first things first. */
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
  const order = selection === "random"
    ? stratified(table, rows, seed, "profile")
    : discriminative(table, rows, heldOut, seed);
  return order.slice(0, LONGEST_PROFILE);
}

/**
 * Systematic sampling: of a benchmark with n rows, the jth row (in seeded order) stands at (j + u) / n,
 * with one random u a benchmark; rows are merged by where they stand.
 */
function stratified(
  table: OutcomeTable,
  rows: readonly number[],
  seed: number,
  purpose: string,
): number[] {
  const offset = random(seed, purpose, "offset");
  const placed: { row: number; at: number }[] = [];
  for (const [b, own] of Map.groupBy(rows, (row) => table.benchmark[row])) {
    const start = offset.fork(table.benchmarks[b]).next();
    seededOrder(own, (row) => table.ids[row], seed, purpose)
      .forEach((row, j) => placed.push({ row, at: (j + start) / own.length }));
  }
  return placed
    .sort((a, b) => a.at - b.at || (table.ids[a.row] < table.ids[b.row] ? -1 : 1))
    .map(({ row }) => row);
}

/**
 * Round robin over the levels 1…⌊M/2⌋ (number of training models that solve the row), the levels of each
 * round in seeded order and each level stratified; a level that has run out is filled from the nearest
 * one, the lower of two. Rows with a missing training score have no level and are left out.
 * (ICL-Router's curated profile, icl-router §3.2.)
 */
function discriminative(
  table: OutcomeTable,
  rows: readonly number[],
  heldOut: readonly string[],
  seed: number,
): number[] {
  const { models, scores, solvedFrom, benchmark } = table;
  const training = [...models.keys()].filter((m) => !heldOut.includes(models[m]));
  const level = (row: number): number => {
    const known = training.map((m) => scores[row * models.length + m]);
    if (known.some(Number.isNaN)) return 0;
    return known.filter((score) => score >= solvedFrom[benchmark[row]]).length;
  };
  const byLevel = Map.groupBy(rows, level);
  const levels = Array.from({ length: Math.floor(training.length / 2) }, (_, i) => i + 1);
  const queues = levels.map((l) =>
    stratified(table, byLevel.get(l) ?? [], seed, `profile level ${l}`)
  );
  const order: number[] = [];
  for (let round = 0; queues.some((queue) => queue.length > 0); round++) {
    for (const l of seededOrder(levels, String, seed, `profile level ${round}`)) {
      const open = levels.filter((other) => queues[other - 1].length > 0);
      if (open.length === 0) break;
      const nearest = open.reduce((a, b) => Math.abs(b - l) < Math.abs(a - l) ? b : a);
      order.push(queues[nearest - 1].shift()!);
    }
  }
  return order;
}
