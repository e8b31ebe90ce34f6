/**
 * K-means with exact arithmetic: rows and centroids lie on the grid of `matrix.ts`, so every distance, every
 * sum and every comparison is exact, and the clusters depend on the data, the seed and the row ids alone.
 * @module
 */
import { GRID, type Matrix, matrix, squareNorms, takeRows } from "./matrix.ts";
import type { Random } from "../base/random.ts";
import { forEachProductBlock } from "./gemm.ts";
import { seedRows } from "./seeding.ts";

/** Options of {@link kmeans}. */
export interface KMeansOptions {
  /** Source of the draws of the initial centroids; restart `r` uses its fork `restart, r`. */
  readonly random: Random;
  /** Runs from different initial centroids, of which the one with the least inertia is kept. Default 1. */
  readonly restarts?: number;
  /** Most Lloyd iterations a run. Default 100. */
  readonly iterations?: number;
  /** Rank of each row's id, a permutation of 0…n−1; settles ties and the order of draws. Default: row. */
  readonly rank?: Uint32Array;
  /** Ends a long run early. */
  readonly signal?: AbortSignal;
}

/** A clustering of n rows. */
export interface Clusters extends Assignment {
  /** Centroids [k′ × d], rounded to the grid; k′ ≤ k where rows do not have k distinct values. */
  readonly centroids: Matrix;
  /** Sum of the squared distances. */
  readonly inertia: number;
  /** Rows of each cluster, length k′, none of them 0. */
  readonly sizes: Int32Array;
}

/** The nearest centroid of each of n rows. */
export interface Assignment {
  /** Its index. Length n. */
  readonly assignment: Int32Array;
  /** Squared Euclidean distance to it. Length n. */
  readonly squaredDistance: Float64Array;
}

/**
 * Clusters the rows of `x` into at most `k` clusters: greedy k-means++ seeding, then Lloyd iterations until
 * no row changes its cluster. An empty cluster is seeded anew at the worst-served row. The order of the rows
 * does not matter.
 * @throws {RangeError} when `x` has no rows or `k` < 1
 */
export async function kmeans(x: Matrix, k: number, options: KMeansOptions): Promise<Clusters> {
  if (!(x.rows >= 1 && k >= 1)) throw new RangeError(`${k} clusters of ${x.rows} rows`);
  const order = inverse(options.rank ?? rowNumbers(x.rows));
  let best: Clusters | undefined;
  for (let restart = 0; restart < (options.restarts ?? 1); restart++) {
    const seeds = await seedRows(x, k, order, options.random.fork("restart", restart));
    const found = await lloyd(x, takeRows(x, seeds), options);
    if (!best || found.inertia < best.inertia) best = found;
  }
  return best!;
}

/**
 * The nearest centroid of every row of `x`, ties to the lower index, by Euclidean distance.
 * @throws {RangeError} when the widths differ
 */
export async function assign(x: Matrix, centroids: Matrix): Promise<Assignment> {
  return await assignTo(x, centroids, squareNorms(x));
}

/** |x − c|² = |x|² − 2·(x·c − |c|²/2): a row's nearest centroid has the largest bracket. */
async function assignTo(x: Matrix, centroids: Matrix, xSquare: Float64Array): Promise<Assignment> {
  const k = centroids.rows;
  const half = squareNorms(centroids).map((square) => square / 2);
  const assignment = new Int32Array(x.rows);
  const squaredDistance = new Float64Array(x.rows);
  await forEachProductBlock(x, centroids, (start, block, rows) => {
    for (let r = 0; r < rows; r++) {
      const from = r * k;
      let nearest = 0, largest = block[from] - half[0];
      for (let c = 1; c < k; c++) {
        const value = block[from + c] - half[c];
        if (value > largest) largest = value, nearest = c;
      }
      assignment[start + r] = nearest;
      squaredDistance[start + r] = xSquare[start + r] - 2 * largest;
    }
  });
  return { assignment, squaredDistance };
}

/**
 * Lloyd iterations from given initial centroids [k × d], as described at {@link kmeans}.
 * @throws {RangeError} when the widths differ
 */
export async function lloyd(
  x: Matrix,
  initial: Matrix,
  { iterations = 100, rank = rowNumbers(x.rows), signal }: Omit<KMeansOptions, "random"> = {},
): Promise<Clusters> {
  const order = inverse(rank);
  let centroids = initial;
  const k = centroids.rows, square = squareNorms(x);
  const members = { sums: new Float64Array(k * x.width), sizes: new Int32Array(k) };
  const previous = new Int32Array(x.rows).fill(-1);
  let served = await assignTo(x, centroids, square);
  for (let i = 0; i < iterations; i++) {
    signal?.throwIfAborted();
    fillEmptyClusters(served, k, order);
    if (!moveRows(x, previous, served.assignment, members)) break;
    centroids = means(members, x.width);
    served = await assignTo(x, centroids, square);
  }
  return withoutEmptyClusters(centroids, served);
}

/**
 * Gives every cluster without rows the worst-served row (of equals the one of lowest rank) that is not
 * alone in its cluster and not on its centroid; if there is none, the cluster stays empty.
 */
function fillEmptyClusters(
  { assignment, squaredDistance }: Assignment,
  k: number,
  order: Int32Array,
): void {
  const sizes = countRows(assignment, k);
  for (let empty = sizes.indexOf(0); empty >= 0; empty = sizes.indexOf(0, empty + 1)) {
    let worst = -1;
    for (const row of order) {
      if (sizes[assignment[row]] < 2) continue;
      if (squaredDistance[row] > (worst < 0 ? 0 : squaredDistance[worst])) worst = row;
    }
    if (worst < 0) return;
    sizes[assignment[worst]]--;
    sizes[empty]++;
    assignment[worst] = empty;
    squaredDistance[worst] = 0;
  }
}

/**
 * Brings the sums and sizes of the clusters up to date with a new assignment and copies it over the old
 * one. Sums of grid values are exact, so taking a row out again leaves no trace, and late iterations, which
 * move few rows, cost little. Returns whether any row moved.
 */
function moveRows(
  { data, width }: Matrix,
  previous: Int32Array,
  assignment: Int32Array,
  { sums, sizes }: { sums: Float64Array; sizes: Int32Array },
): boolean {
  let moved = false;
  for (let i = 0; i < assignment.length; i++) {
    const from = previous[i], to = assignment[i];
    if (from === to) continue;
    moved = true;
    const row = i * width, gains = to * width, loses = from * width;
    for (let j = 0; j < width; j++) sums[gains + j] += data[row + j];
    sizes[to]++;
    if (from >= 0) {
      for (let j = 0; j < width; j++) sums[loses + j] -= data[row + j];
      sizes[from]--;
    }
    previous[i] = to;
  }
  return moved;
}

/** Mean rows of the clusters, rounded to the grid; zeros for an empty one. */
function means(
  { sums, sizes }: { sums: Float64Array; sizes: Int32Array },
  width: number,
): Matrix {
  const out = matrix(sizes.length, width);
  for (let i = 0; i < sums.length; i++) {
    const size = sizes[Math.floor(i / width)];
    if (size > 0) out.data[i] = Math.round(sums[i] / size / GRID) * GRID;
  }
  return out;
}

function withoutEmptyClusters(centroids: Matrix, served: Assignment): Clusters {
  const sizes = countRows(served.assignment, centroids.rows);
  const kept = [...sizes.keys()].filter((c) => sizes[c] > 0);
  const renumbered = new Int32Array(centroids.rows);
  kept.forEach((c, i) => renumbered[c] = i);
  return {
    centroids: takeRows(centroids, kept),
    assignment: served.assignment.map((c) => renumbered[c]),
    squaredDistance: served.squaredDistance,
    inertia: served.squaredDistance.reduce((sum, d) => sum + d, 0),
    sizes: Int32Array.from(kept, (c) => sizes[c]),
  };
}

function rowNumbers(rows: number): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, i) => i);
}

function inverse(rank: Uint32Array): Int32Array {
  const order = new Int32Array(rank.length);
  for (let i = 0; i < rank.length; i++) order[rank[i]] = i;
  return order;
}

function countRows(assignment: Int32Array, k: number): Int32Array {
  const sizes = new Int32Array(k);
  for (const c of assignment) sizes[c]++;
  return sizes;
}
