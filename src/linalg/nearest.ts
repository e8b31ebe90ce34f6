/**
 * Exact nearest neighbours by inner product (cosine, for unit vectors): no index, every pair is looked at.
 * @module
 */
import { type Matrix, squareNorms } from "./matrix.ts";
import { forEachProductBlock } from "./gemm.ts";
import { integerProducts } from "./integer_store.ts";

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
/** One similarity in so many is in the sample of {@link likelyBelow}. */
const STRIDE = 32;
/** Up to so many queries are searched for one by one. */
const FEW = 4;

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
  if (k === 0) return { index, similarity, k };
  requireFinite(queries, "query");
  requireFinite(store, "store");
  const keys = new Float64Array(Math.min(n, 2 * k + Math.ceil(n / STRIDE)));
  const each = (start: number, block: Float32Array, rows: number): void => {
    const bits = new Int32Array(block.buffer, block.byteOffset, block.length);
    for (let q = 0; q < rows; q++) {
      largestKeys(block, bits, q * n, rank, k, keys);
      for (let i = 0, to = (start + q) * k; i < k; i++, to++) {
        index[to] = rowOfRank[rankOfKey(keys[k - 1 - i])];
        similarity[to] = block[q * n + index[to]];
      }
    }
  };
  if (!oneByOne(queries, store, each)) await forEachProductBlock(queries, store, each);
  return { index, similarity, k };
}

/** Products of few queries in integers: nothing to start, half the memory to read. False where that is not exact. */
function oneByOne(
  queries: Matrix,
  store: Matrix,
  visit: (start: number, block: Float32Array, rows: number) => void,
): boolean {
  const products = queries.rows <= FEW ? integerProducts(store) : null;
  if (!products) return false;
  const block = new Float32Array(queries.rows * store.rows);
  if (!products(queries, block)) return false;
  visit(0, block, queries.rows);
  return true;
}

/**
 * Writes the `k` largest keys of one query's similarities, which begin at `from`, to the front of `keys`,
 * ascending. `bits` are those of `values`.
 *
 * Nearly all values are passed over at the cost of one comparison: a sample says what the k best are likely to
 * exceed. Where it says too much, all are looked at again.
 */
function largestKeys(
  values: Float32Array,
  bits: Int32Array,
  from: number,
  rank: Uint32Array,
  k: number,
  keys: Float64Array,
): void {
  const likely = likelyBelow(values, from, rank.length, k, keys);
  let found = gather(values, bits, from, rank, k, keys, likely);
  if (found < k) found = gather(values, bits, from, rank, k, keys, -Infinity);
  partition(keys, found, k);
  keys.subarray(0, k).sort();
}

/** Collects the keys of values that are not below `least`, the best `k` and perhaps some more. Returns how many. */
function gather(
  values: Float32Array,
  bits: Int32Array,
  from: number,
  rank: Uint32Array,
  k: number,
  keys: Float64Array,
  least: number,
): number {
  const end = from + rank.length;
  let found = 0;
  for (let at = from; (at = nextFrom(values, at, end, least)) < end; at++) {
    if (found === keys.length) {
      partition(keys, found, k);
      least = similarityOfKey(keys[k - 1]);
      found = k;
      if (values[at] < least) continue;
    }
    keys[found++] = keyOf(bits[at], rank[at - from]);
  }
  return found;
}

/** A value that k of n values very likely reach, by a sample of them; `space` is written over. */
function likelyBelow(
  values: Float32Array,
  from: number,
  n: number,
  k: number,
  space: Float64Array,
): number {
  const size = Math.floor(n / STRIDE), place = Math.ceil(k / STRIDE * 1.25) + 8;
  if (place > size) return -Infinity;
  for (let i = 0; i < size; i++) space[i] = values[from + i * STRIDE];
  partition(space, size, place);
  return space[place - 1];
}

/** Position of the first value that is not below `least`, `end` if there is none: the loop that takes the time. */
function nextFrom(values: Float32Array, at: number, end: number, least: number): number {
  while (at < end && values[at] < least) at++;
  return at;
}

/**
 * Similarity and rank as one whole number below 2⁵³: the bits of the float32, turned into an integer that
 * sorts like the float (−0 as 0), above the inverted rank. Its order settles ties as well.
 */
export function keyOf(bits: number, rank: number): number {
  const ordered = bits >= 0 ? bits : -(bits & 0x7fffffff);
  return (ordered + 2 ** 31) * RANKS + (RANKS - 1 - rank);
}

/** The rank in a key of {@link keyOf}. */
export function rankOfKey(key: number): number {
  return RANKS - 1 - (key - Math.floor(key / RANKS) * RANKS);
}

const oneFloat = new Float32Array(1), itsBits = new Int32Array(oneFloat.buffer);

/** The similarity in a key of {@link keyOf}. */
export function similarityOfKey(key: number): number {
  const ordered = Math.floor(key / RANKS) - 2 ** 31;
  itsBits[0] = ordered >= 0 ? ordered : -ordered | 0x80000000;
  return oneFloat[0];
}

/** Moves the `k` largest of the first `n` values to the front, the least of them last (Hoare's quickselect). */
export function partition(values: Float64Array, n: number, k: number): void {
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

/** Arrays known to be finite: a store is searched again and again, also for single queries. */
const finite = new WeakSet<Float32Array>();

/**
 * Refuses rows with NaN or infinity.
 * @throws {RangeError} naming the first
 */
export function requireFinite(m: Matrix, what: string): void {
  if (finite.has(m.data)) return;
  const broken = squareNorms(m).findIndex((square) => !Number.isFinite(square));
  if (broken >= 0) throw new RangeError(`${what} row ${broken}: a vector with NaN or infinity`);
  finite.add(m.data);
}
