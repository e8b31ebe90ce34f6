/**
 * Exact nearest neighbours by inner product (cosine, for unit vectors): no index, every pair is looked at.
 * @module
 */
import { type Matrix, squareNorms } from "./matrix.ts";
import { forEachProductBlock } from "./gemm.ts";

/** The neighbours of Q queries, most similar first. */
export interface Neighbours {
  /** Rows of the store, row-major [Q × k]. */
  readonly index: Int32Array;
  /** Their inner products with the query, row-major [Q × k]. */
  readonly similarity: Float32Array;
  /** Neighbours a query: as asked, or the size of the store if that is smaller. */
  readonly k: number;
}

/** Ranks have 21 bits, so that similarity and rank fit the 53 of a float64 together. */
const RANKS = 2 ** 21;
/** Buckets of the histogram: this many for negative similarities and as many for positive ones. */
const MIDDLE = 2048;

/**
 * The `k` rows of `store` with the largest inner product for every row of `queries`. Equal similarities are
 * ordered by `storeRank` (a permutation of 0…rows−1, the rank of each row's id; default: the row number),
 * lowest first, so a store in another row order yields the same neighbours.
 * @throws {RangeError} when the widths differ, `k` < 0, the store has more than 2²¹ rows, or a vector is not
 *   finite
 */
export async function nearest(
  queries: Matrix,
  store: Matrix,
  k: number,
  storeRank?: Uint32Array,
): Promise<Neighbours> {
  if (!(k >= 0)) throw new RangeError(`neighbours: expected a number ≥ 0, got ${k}`);
  if (store.rows > RANKS) throw new RangeError(`a store of ${store.rows} rows, at most ${RANKS}`);
  const n = store.rows;
  k = Math.min(k, n);
  const rank = storeRank ?? Uint32Array.from({ length: n }, (_, i) => i);
  const rowOfRank = new Int32Array(n);
  for (let i = 0; i < n; i++) rowOfRank[rank[i]] = i;

  const index = new Int32Array(queries.rows * k);
  const similarity = new Float32Array(queries.rows * k);
  const bound = longestRow(queries, "query") * longestRow(store, "store");
  const keys = new Float64Array(n), histogram = new Int32Array(2 * MIDDLE);
  await forEachProductBlock(queries, store, (start, block, rows) => {
    for (let q = 0; q < rows; q++) {
      const values = block.subarray(q * n, (q + 1) * n);
      largestKeys(values, rank, k, bound, keys, histogram);
      for (let i = 0, to = (start + q) * k; i < k; i++, to++) {
        index[to] = rowOfRank[rankOfKey(keys[k - 1 - i])];
        similarity[to] = values[index[to]];
      }
    }
  });
  return { index, similarity, k };
}

/**
 * Writes the `k` largest keys of one query's similarities to the front of `keys`, ascending. `bound` is the
 * largest |similarity| there can be.
 *
 * A histogram tells from which bucket on to look, the values in there become keys, and only those are put
 * in order: two passes over the row and a sort of little more than `k` numbers.
 */
function largestKeys(
  values: Float32Array,
  rank: Uint32Array,
  k: number,
  bound: number,
  keys: Float64Array,
  histogram: Int32Array,
): void {
  const n = values.length;
  const scale = bound > 0 ? (MIDDLE - 1) / bound : 0;
  histogram.fill(0);
  for (let j = 0; j < n; j++) histogram[(values[j] * scale + MIDDLE) | 0]++;
  let bucket = 2 * MIDDLE - 1;
  for (let seen = histogram[bucket]; seen < k && bucket > 0;) seen += histogram[--bucket];

  const bits = new Int32Array(values.buffer, values.byteOffset, n);
  let found = 0;
  for (let j = 0; j < n; j++) {
    if (values[j] * scale + MIDDLE >= bucket) keys[found++] = keyOf(bits[j], rank[j]);
  }
  partition(keys, found, k);
  keys.subarray(0, k).sort();
}

/**
 * Similarity and rank as one whole number below 2⁵³: the bits of the float32, turned into an integer that
 * sorts like the float (−0 as 0), above the inverted rank. Its order settles ties as well.
 */
function keyOf(bits: number, rank: number): number {
  const ordered = bits >= 0 ? bits : -(bits & 0x7fffffff);
  return (ordered + 2 ** 31) * RANKS + (RANKS - 1 - rank);
}

function rankOfKey(key: number): number {
  return RANKS - 1 - (key - Math.floor(key / RANKS) * RANKS);
}

/** Moves the `k` largest of the first `n` values to the front, in any order (Hoare's quickselect). */
function partition(values: Float64Array, n: number, k: number): void {
  let low = 0, high = n - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1];
    let i = low, j = high;
    while (i <= j) {
      while (values[i] > pivot) i++;
      while (values[j] < pivot) j--;
      if (i > j) break;
      const kept = values[i];
      values[i++] = values[j];
      values[j--] = kept;
    }
    if (k - 1 <= j) high = j;
    else if (k - 1 >= i) low = i;
    else return;
  }
}

/** Length of the longest row, a little generously. */
function longestRow(m: Matrix, what: string): number {
  const squares = squareNorms(m), broken = squares.findIndex((square) => !Number.isFinite(square));
  if (broken >= 0) throw new RangeError(`${what} row ${broken}: a vector with NaN or infinity`);
  return Math.sqrt(squares.reduce((most, square) => Math.max(most, square), 0)) * (1 + 1e-5);
}
