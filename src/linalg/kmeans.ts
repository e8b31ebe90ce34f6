/**
 * K-means clustering: greedy k-means++ seeding, then Lloyd's iterations.
 *
 * For rows on the grid of `matrix.ts` every distance, sum and comparison is exact. So the clusters depend on the
 * data, the seed and the row ids alone, not on row order, threads or machine, and no shortcut can be seen in them.
 * @module
 */
import { GRID, type Matrix, matrix, squareNorms, takeRows } from "./matrix.ts";
import type { Random } from "../base/random.ts";
import { forEachProductBlock, product } from "./gemm.ts";

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
  const served = unserved(x.rows),
    every = [...Array(centroids.rows).keys()],
    square = squareNorms(x);
  await forEachProductBlock(x, centroids, (start, data, rows) => {
    const part = <A extends Int32Array | Float64Array>(all: A): A =>
      all.subarray(start, start + rows) as A;
    const own = {
      assignment: part(served.assignment),
      squaredDistance: part(served.squaredDistance),
    };
    serve(own, { data }, centroids, every, part(square));
  }, { blockBytes: ASSIGN_BYTES });
  return served;
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
  const order = inOrderOfRank(x.rows, options.rank), square = squareNorms(x), k = initial.rows;
  const members = { sums: new Float64Array(k * x.width), sizes: new Int32Array(k) };
  const previous = new Int32Array(x.rows).fill(-1), served = unserved(x.rows);
  const inner = matrix(x.rows, k);
  let centroids = initial, moved = [...Array(k).keys()];
  for (let done = 0;; done++) {
    signal?.throwIfAborted();
    await updateProducts(inner, x, centroids, moved);
    serve(served, inner, centroids, moved, square);
    if (done === iterations) break;
    fillEmptyClusters(served, k, order);
    if (!moveRows(x, previous, served.assignment, members)) break;
    const next = means(members, x.width);
    moved = differingRows(centroids, next);
    centroids = next;
  }
  return withoutEmptyClusters(centroids, served);
}

function unserved(rows: number): Assignment {
  return { assignment: new Int32Array(rows), squaredDistance: new Float64Array(rows) };
}

/** Inner products [n × k] of the rows with those centroids that have moved; late iterations move few. */
async function updateProducts(
  inner: Matrix,
  x: Matrix,
  centroids: Matrix,
  moved: readonly number[],
): Promise<void> {
  const k = centroids.rows, count = moved.length;
  if (2 * count > k) {
    await product(x, centroids, inner);
    return;
  }
  const { data } = await product(x, takeRows(centroids, moved));
  for (let i = 0; i < x.rows; i++) {
    for (let m = 0; m < count; m++) inner.data[i * k + moved[m]] = data[i * count + m];
  }
}

/**
 * Finds every row's nearest centroid again, given those that have moved since the last time: a row whose own
 * centroid stayed can only change to one that moved. Since |x − c|² = |x|² − 2·(x·c − |c|²/2), the nearest
 * centroid has the largest bracket.
 */
function serve(
  { assignment, squaredDistance }: Assignment,
  { data: inner }: Pick<Matrix, "data">,
  centroids: Matrix,
  moved: readonly number[],
  square: Float64Array,
): void {
  const k = centroids.rows, half = squareNorms(centroids).map((norm) => norm / 2);
  const hasMoved = new Uint8Array(k);
  for (const c of moved) hasMoved[c] = 1;
  for (let i = 0; i < square.length; i++) {
    const from = i * k;
    let nearest = assignment[i];
    if (hasMoved[nearest]) nearest = largestBracket(inner, from, half);
    else {
      let largest = inner[from + nearest] - half[nearest];
      for (const c of moved) {
        const value = inner[from + c] - half[c];
        if (value > largest || (value === largest && c < nearest)) largest = value, nearest = c;
      }
    }
    assignment[i] = nearest;
    squaredDistance[i] = square[i] - 2 * (inner[from + nearest] - half[nearest]);
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

/** Numbers of the rows in which two matrices of the same shape differ. */
function differingRows(a: Matrix, b: Matrix): number[] {
  const differ = new Uint8Array(a.rows);
  for (let i = 0; i < a.rows; i++) {
    for (let j = i * a.width; j < (i + 1) * a.width; j++) {
      if (a.data[j] !== b.data[j]) differ[i] = 1;
    }
  }
  return [...differ.keys()].filter((i) => differ[i] === 1);
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
    const at = i * width, gains = to * width, loses = from * width;
    for (let j = 0; j < width; j++) sums[gains + j] += data[at + j];
    sizes[to]++;
    if (from >= 0) {
      for (let j = 0; j < width; j++) sums[loses + j] -= data[at + j];
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
  for (let c = 0; c < sizes.length; c++) {
    if (sizes[c] === 0) continue;
    for (let j = c * width; j < (c + 1) * width; j++) {
      out.data[j] = Math.round(sums[j] / sizes[c] / GRID) * GRID;
    }
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

/**
 * Greedy k-means++: each next centre is the one of 2 + ⌊ln k⌋ rows (as in scikit-learn), drawn with probability
 * proportional to their squared distance from the centres so far, that brings this distance down most. Rows are drawn in the sequence `order`. Returns the row
 * numbers, fewer than `k` when every row already coincides with a centre.
 */
export async function seedRows(
  x: Matrix,
  k: number,
  order: Int32Array,
  random: Random,
): Promise<number[]> {
  const trials = 2 + Math.floor(Math.log(k));
  const square = squareNorms(x);
  const seeds: number[] = [];
  let drawn = [order[random.integer(x.rows)]];
  let distance = new Float64Array(x.rows).fill(Infinity);
  while (true) {
    const inner = (await product(x, takeRows(x, drawn))).data;
    let best = 0, bestTotal = Infinity, bestDistance = distance;
    for (let t = 0; t < drawn.length; t++) {
      const after = new Float64Array(x.rows), own = square[drawn[t]];
      let total = 0;
      for (let i = 0; i < x.rows; i++) {
        const d = square[i] + own - 2 * inner[i * drawn.length + t];
        total += after[i] = Math.min(distance[i], d);
      }
      if (total < bestTotal) best = t, bestTotal = total, bestDistance = after;
    }
    seeds.push(drawn[best]);
    distance = bestDistance;
    if (seeds.length === k || bestTotal === 0) return seeds;
    drawn = drawRows(distance, order, trials, random);
  }
}

/** Draws rows with probabilities proportional to `weight`. */
function drawRows(
  weight: Float64Array,
  order: Int32Array,
  count: number,
  random: Random,
): number[] {
  const cumulative = new Float64Array(order.length);
  let total = 0;
  for (let i = 0; i < order.length; i++) cumulative[i] = total += weight[order[i]];
  return Array.from({ length: count }, () => order[firstAbove(cumulative, random.next() * total)]);
}

/** Index of the first entry of an ascending array that is larger than `value`. */
function firstAbove(ascending: Float64Array, value: number): number {
  let low = 0, high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
