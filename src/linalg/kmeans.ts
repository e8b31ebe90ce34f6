/**
 * K-means clustering: greedy k-means++ seeding, then Lloyd's iterations.
 *
 * For rows on the grid of `matrix.ts` every distance, sum and comparison is exact. So the clusters depend on the
 * data, the seed and the row ids alone, not on row order, threads or machine, and no shortcut can be seen in them.
 * @module
 */
import {
  GRID,
  type Matrix,
  matrix,
  row,
  squareNorms,
  squareNormsOnce,
  takeRows,
} from "./matrix.ts";
import type { Random } from "../base/random.ts";
import { forEachProductBlock } from "./gemm.ts";
import { storeProducts } from "./integer_store.ts";
import { seedRows } from "./seeding.ts";

/** Options of {@link kmeans}; the rank also settles the order of draws. */
export interface KMeansOptions extends LloydOptions {
  /** Source of the draws of the initial centroids. */
  readonly random: Random;
}

/** Options of {@link lloyd}. */
export interface LloydOptions {
  /** Most iterations. Default 100. */
  readonly iterations?: number;
  /** Rank of each row's id, a permutation of 0…n−1, which settles ties. Default: the row number. */
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
 * Clusters the rows of `x` into at most `k` clusters: {@link seedRows}, then Lloyd's iterations (see
 * {@link lloyd}).
 * @throws {RangeError} when `x` has no rows or `k` < 1
 */
export async function kmeans(x: Matrix, k: number, options: KMeansOptions): Promise<Clusters> {
  if (!(x.rows >= 1 && k >= 1)) throw new RangeError(`${k} clusters of ${x.rows} rows`);
  const order = inOrderOfRank(x.rows, options.rank);
  const seeds = await seedRows(x, k, order, options.random);
  return await lloyd(x, takeRows(x, seeds), options);
}

/** Bytes of the products that {@link assign} holds at a time: all of an ordinary pool's. */
const ASSIGN_BYTES = 2 ** 28;

/**
 * The nearest centroid of every row of `x`, ties to the lower index, by Euclidean distance.
 * @throws {RangeError} when the widths differ
 */
export async function assign(x: Matrix, centroids: Matrix): Promise<Assignment> {
  const { assignment, squaredDistance } = unserved(x.rows), k = centroids.rows;
  const square = squareNormsOnce(x), half = halfSquares(centroids);
  await forEachProductBlock(x, centroids, (start, inner, rows) => {
    for (let i = start, from = 0; i < start + rows; i++, from += k) {
      const nearest = largestBracket(inner, from, half);
      assignment[i] = nearest;
      squaredDistance[i] = square[i] - 2 * (inner[from + nearest] - half[nearest]);
    }
  }, { blockBytes: ASSIGN_BYTES });
  return { assignment, squaredDistance };
}

/** Every row of `x` with its nearest centroid; centroids without any row are left out. */
export async function clustersAround(centroids: Matrix, x: Matrix): Promise<Clusters> {
  return withoutEmptyClusters(centroids, await assign(x, centroids));
}

/**
 * Lloyd's iterations from given initial centroids [k × d], until no row changes its cluster. An empty cluster
 * is seeded again at the worst-served row.
 * @throws {RangeError} when the widths differ
 */
export async function lloyd(
  x: Matrix,
  initial: Matrix,
  options: LloydOptions = {},
): Promise<Clusters> {
  const { iterations = 100, signal } = options;
  const order = inOrderOfRank(x.rows, options.rank), square = squareNormsOnce(x), k = initial.rows;
  const clusters = { sums: new Float64Array(k * x.width), sizes: new Int32Array(k) };
  const previous = new Int32Array(x.rows).fill(-1), served = unserved(x.rows);
  const inner = matrix(k, x.rows), centroids = takeRows(initial, [...Array(k).keys()]);
  let moved = [...Array(k).keys()];
  for (let done = 0;; done++) {
    signal?.throwIfAborted();
    await updateProducts(inner, x, centroids, moved);
    serve(served, inner, centroids, moved, square);
    if (done === iterations) break;
    fillEmptyClusters(served, k, order);
    const changed = moveRows(x, previous, served.assignment, clusters);
    if (!changed.includes(1)) break;
    if (done === 0) changed.fill(1); // none is a mean yet
    moved = moveCentroids(centroids, clusters, changed);
  }
  return withoutEmptyClusters(centroids, served);
}

function unserved(rows: number): Assignment {
  return { assignment: new Int32Array(rows), squaredDistance: new Float64Array(rows) };
}

/** Inner products [k × n] of those centroids that have moved with the rows; late iterations move few. */
async function updateProducts(
  inner: Matrix,
  x: Matrix,
  centroids: Matrix,
  moved: readonly number[],
): Promise<void> {
  const fresh = await storeProducts(takeRows(centroids, moved), x);
  moved.forEach((c, m) => inner.data.set(row(fresh, m), c * x.rows));
}

/** |c|²/2 of every centroid. */
function halfSquares(centroids: Matrix): Float64Array {
  return squareNorms(centroids).map((norm) => norm / 2);
}

/**
 * Finds every row's nearest centroid again, given those that have moved since the last time: a row whose own
 * centroid stayed can only change to one that moved. Since |x − c|² = |x|² − 2·(x·c − |c|²/2), the nearest
 * centroid has the largest bracket.
 *
 * @param inner products [k × n] of the centroids with the rows
 */
function serve(
  { assignment, squaredDistance }: Assignment,
  inner: Matrix,
  centroids: Matrix,
  moved: readonly number[],
  square: Float64Array,
): void {
  const half = halfSquares(centroids), n = square.length, largest = new Float64Array(n);
  const hasMoved = new Uint8Array(centroids.rows), left = new Int32Array(n);
  for (const c of moved) hasMoved[c] = 1;
  let many = 0; // rows left by their centroid, which look at all
  for (let i = 0; i < n; i++) {
    const c = assignment[i];
    if (hasMoved[c]) assignment[i] = 0, largest[i] = -Infinity, left[many++] = i;
    else largest[i] = inner.data[c * n + i] - half[c];
  }
  const among = left.subarray(0, many);
  for (let c = 0; c < centroids.rows; c++) {
    if (hasMoved[c]) offer(c, row(inner, c), half[c], largest, assignment);
    else offerTo(among, c, row(inner, c), half[c], largest, assignment);
  }
  for (let i = 0; i < n; i++) squaredDistance[i] = square[i] - 2 * largest[i];
}

/** Assigns to a centroid all rows to which it is nearer than their own, or as near and of a lower number. */
function offer(
  c: number,
  inner: Float32Array,
  half: number,
  largest: Float64Array,
  assignment: Int32Array,
): void {
  for (let i = 0; i < largest.length; i++) {
    const value = inner[i] - half;
    if (value > largest[i] || (value === largest[i] && c < assignment[i])) {
      largest[i] = value, assignment[i] = c;
    }
  }
}

/** {@link offer} to some rows alone, by centroids in the order of their numbers. */
function offerTo(
  rows: Int32Array,
  c: number,
  inner: Float32Array,
  half: number,
  largest: Float64Array,
  assignment: Int32Array,
): void {
  for (let at = 0; at < rows.length; at++) {
    const i = rows[at], value = inner[i] - half;
    if (value > largest[i]) largest[i] = value, assignment[i] = c;
  }
}

function largestBracket(inner: Float32Array, from: number, half: Float64Array): number {
  let nearest = 0, largest = inner[from] - half[0];
  for (let c = 1; c < half.length; c++) {
    const value = inner[from + c] - half[c];
    if (value > largest) largest = value, nearest = c;
  }
  return nearest;
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
    for (const i of order) {
      if (sizes[assignment[i]] < 2) continue;
      if (squaredDistance[i] > (worst < 0 ? 0 : squaredDistance[worst])) worst = i;
    }
    if (worst < 0) return;
    sizes[assignment[worst]]--;
    sizes[empty]++;
    assignment[worst] = empty;
    squaredDistance[worst] = 0;
  }
}

/** Sums [k × d] of the rows of each cluster, and how many they are. */
interface ClusterSums {
  readonly sums: Float64Array;
  readonly sizes: Int32Array;
}

/**
 * Brings the sums and sizes of the clusters up to date with a new assignment and copies it over the old
 * one. Sums of grid values are exact, so taking a row out again leaves no trace, and late iterations, which
 * move few rows, cost little. Returns a 1 for every cluster that got or lost rows.
 */
function moveRows(
  { data, width }: Matrix,
  previous: Int32Array,
  assignment: Int32Array,
  { sums, sizes }: ClusterSums,
): Uint8Array {
  const changed = new Uint8Array(sizes.length);
  for (let i = 0; i < assignment.length; i++) {
    const from = previous[i], to = assignment[i];
    if (from === to) continue;
    const at = i * width, gains = to * width, loses = from * width;
    for (let j = 0; j < width; j++) sums[gains + j] += data[at + j];
    sizes[to]++, changed[to] = 1;
    if (from >= 0) {
      for (let j = 0; j < width; j++) sums[loses + j] -= data[at + j];
      sizes[from]--, changed[from] = 1;
    }
    previous[i] = to;
  }
  return changed;
}

/** Puts centroids on the means of their clusters, rounded to the grid; zeros for an empty one. Returns which moved. */
function moveCentroids(
  { data, width }: Matrix,
  { sums, sizes }: ClusterSums,
  changed: Uint8Array,
): number[] {
  return [...changed.keys()].filter((c) => {
    if (changed[c] === 0) return false;
    const size = sizes[c];
    let moved = false;
    for (let j = c * width; j < (c + 1) * width; j++) {
      const mean = size === 0 ? 0 : Math.round(sums[j] / size / GRID) * GRID;
      if (mean !== data[j]) moved = true;
      data[j] = mean;
    }
    return moved;
  });
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

function countRows(assignment: Int32Array, k: number): Int32Array {
  const sizes = new Int32Array(k);
  for (const c of assignment) sizes[c]++;
  return sizes;
}

/** Row numbers in ascending rank. */
export function inOrderOfRank(rows: number, rank?: Uint32Array): Int32Array {
  const order = new Int32Array(rows);
  for (let i = 0; i < rows; i++) order[rank ? rank[i] : i] = i;
  return order;
}
