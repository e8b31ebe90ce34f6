/**
 * K-means clustering: k-means++ seeding, Lloyd's iterations, the best of several runs.
 *
 * For rows on the grid of `matrix.ts` the clusters depend on the data, the seed and the row ids alone, not on
 * row order, threads or machine.
 * @module
 */
import { type Matrix, takeRows } from "./matrix.ts";
import type { Random } from "../base/random.ts";
import { type Clusters, inOrderOfRank, lloyd, type LloydOptions } from "./lloyd.ts";
import { seedRows } from "./seeding.ts";

export { assign, type Assignment, type Clusters, type LloydOptions } from "./lloyd.ts";

/** Options of {@link kmeans}; the rank also settles the order of draws. */
export interface KMeansOptions extends LloydOptions {
  /** Source of the draws of the initial centroids; restart `r` uses its fork `restart, r`. */
  readonly random: Random;
  /** Runs from different initial centroids, of which the one with the least inertia is kept. Default 1. */
  readonly restarts?: number;
  /** Candidates for every next initial centroid; 1 is plain k-means++. Default 2 + ⌊ln k⌋. */
  readonly trials?: number;
}

/**
 * Clusters the rows of `x` into at most `k` clusters: k-means++ seeding, then Lloyd's iterations (see
 * {@link lloyd}).
 * @throws {RangeError} when `x` has no rows or `k` < 1
 */
export async function kmeans(x: Matrix, k: number, options: KMeansOptions): Promise<Clusters> {
  if (!(x.rows >= 1 && k >= 1)) throw new RangeError(`${k} clusters of ${x.rows} rows`);
  const order = inOrderOfRank(x.rows, options.rank);
  let best: Clusters | undefined;
  for (let restart = 0; restart < (options.restarts ?? 1); restart++) {
    const seeds = await seedRows(
      x,
      k,
      order,
      options.random.fork("restart", restart),
      options.trials,
    );
    const found = await lloyd(x, takeRows(x, seeds), options);
    if (!best || found.inertia < best.inertia) best = found;
  }
  return best!;
}
