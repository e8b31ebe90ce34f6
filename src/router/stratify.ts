/**
 * Orders of queries of which every prefix is a fair sample: stratified by benchmark, and by how many
 * models solve a query. Profiles are cut from them, those that the protocol labels new models on and those
 * that routers choose for themselves.
 *
 * An order depends on the seed, the purpose and the rows' ids, never on where a row stands.
 * @module
 */
import { random, seededOrder } from "../base/random.ts";

/** Rows by number, with what an order may depend on. */
export interface RowKeys {
  /** Query id of a row. */
  id(row: number): string;
  /** Benchmark of a row. */
  benchmark(row: number): string;
}

/**
 * Systematic sampling: of a benchmark with n rows, the jth row (in seeded order) stands at (j + u) / n,
 * with one random u a benchmark; rows are merged by where they stand. Every prefix holds about the share
 * of each benchmark that the whole does.
 */
export function stratified(
  rows: readonly number[],
  { id, benchmark }: RowKeys,
  seed: number,
  purpose: string,
): number[] {
  const offset = random(seed, purpose, "offset");
  const placed: { row: number; at: number }[] = [];
  for (const [name, own] of Map.groupBy(rows, benchmark)) {
    const start = offset.fork(name).next();
    seededOrder(own, id, seed, purpose)
      .forEach((row, j) => placed.push({ row, at: (j + start) / own.length }));
  }
  return placed
    .sort((a, b) => a.at - b.at || (id(a.row) < id(b.row) ? -1 : 1))
    .map(({ row }) => row);
}

/** A row in its place, with the level whose turn it was and the level it has. */
export interface LevelledRow {
  /** Row number. */
  readonly row: number;
  /** Number of models that solve it. */
  readonly level: number;
  /** Level that was to be filled; another one where that had run out. */
  readonly turn: number;
}

/**
 * Round robin over the levels 1…⌊M/2⌋ (number of the M models that solve the row), the levels of each
 * round in seeded order and each level stratified; a level that has run out is filled from the nearest
 * one, the lower of two. Rows of other levels are left out. (ICL-Router's curated profile,
 * icl-router §3.2.)
 *
 * @param level number of models that solve a row; NaN = unknown
 * @param models M
 */
export function byLevel(
  rows: readonly number[],
  keys: RowKeys,
  level: (row: number) => number,
  models: number,
  seed: number,
): LevelledRow[] {
  const levels = Array.from({ length: Math.floor(models / 2) }, (_, i) => i + 1);
  const grouped = Map.groupBy(rows, level);
  const queues = levels.map((l) =>
    stratified(grouped.get(l) ?? [], keys, seed, `profile level ${l}`)
  );
  const taken = new Uint32Array(levels.length);
  const order: LevelledRow[] = [];
  for (let round = 0; queues.some((queue, l) => taken[l] < queue.length); round++) {
    for (const turn of seededOrder(levels, String, seed, `profile level ${round}`)) {
      const open = levels.filter((l) => taken[l - 1] < queues[l - 1].length);
      if (open.length === 0) break;
      const nearest = open.reduce((a, b) => Math.abs(b - turn) < Math.abs(a - turn) ? b : a);
      order.push({ row: queues[nearest - 1][taken[nearest - 1]++], level: nearest, turn });
    }
  }
  return order;
}

/**
 * How many models solve each row; NaN where a score is missing, since then the count is not known.
 *
 * @param scores row-major [N × M]
 * @param solvedFrom score from which a row counts as solved. Length N.
 */
export function solverCounts(
  scores: Float64Array,
  models: number,
  solvedFrom: ArrayLike<number>,
): Float64Array {
  return Float64Array.from(solvedFrom, (from, i) => {
    let solved = 0;
    for (let at = i * models; at < (i + 1) * models; at++) {
      if (Number.isNaN(scores[at])) return NaN;
      if (scores[at] >= from) solved++;
    }
    return solved;
  });
}
