/**
 * Inner products of vectors with a store of vectors on the grid of `matrix.ts`, in 16-bit integers.
 *
 * A coordinate on the grid is a whole number times 2⁻¹¹, so the sums of whole products are the inner products
 * themselves: the same bits as the float32 kernels of `gemm.ts`, from half the memory and without the start of the
 * runtime. For many vectors that meet a store only once those kernels are quicker.
 * @module
 */
import { GRID, type Matrix, matrix, row, squareNorms, takeRows } from "./matrix.ts";
import { dotKernel } from "./dot_kernel.ts";
import { product } from "./gemm.ts";

/** Bytes that rows are filled up to with zeros, and how many rows the kernel takes at once. */
const CHUNK = 32, GROUP = 4;
/** Vectors taken at a time; each of them meets so many bytes of the store before the next does: they stay in cache. */
const VECTORS = 8, PORTION = 2 ** 15;
/** Most bytes of a store in integers: what one memory may hold, and a sign bit less. */
const PAGE = 2 ** 16, MOST_BYTES = 2 ** 31 - PAGE;
/** Steps of the grid in 1. */
const PER_UNIT = 1 / GRID;
/** Below this product of lengths every partial sum is a whole number below 2²⁴ times 2⁻²²: exact in float32 too. */
const EXACT_BELOW = 4;

/** Writes inner products [vectors × rows of the store] to `out`; false where they can't be exact: `out` is of no use. */
export type IntegerProducts = (vectors: Matrix, out: Float32Array) => boolean;

const known = new WeakMap<Float32Array, IntegerProducts | null>();

/** The products with a store, made ready once for each; null where its vectors are off the grid or too large. */
export function integerProducts(store: Matrix): IntegerProducts | null {
  const made = known.get(store.data);
  if (made !== undefined) return made;
  const products = prepare(store);
  known.set(store.data, products);
  return products;
}

/** Inner products [vectors × rows] with a store that is asked again and again: in integers where that is exact. */
export async function storeProducts(vectors: Matrix, store: Matrix): Promise<Matrix> {
  const out = matrix(vectors.rows, store.rows);
  return integerProducts(store)?.(vectors, out.data) ? out : await product(vectors, store, out);
}

/** Products of rows with their whole store that are kept for the next to ask, in bytes a store. */
const KEPT_BYTES = 2 ** 26;
const kept = new WeakMap<Float32Array, Map<number, Float32Array>>();

/** Inner products of some rows of a store with all of its rows, an array a row: k-means draws the same ones often. */
export async function rowProducts(
  rows: readonly number[],
  store: Matrix,
): Promise<readonly Float32Array[]> {
  const mine = kept.get(store.data) ?? new Map<number, Float32Array>();
  kept.set(store.data, mine);
  const missing = [...new Set(rows)].filter((i) => !mine.has(i));
  const fresh = await storeProducts(takeRows(store, missing), store);
  const found = new Map(missing.map((i, at) => [i, row(fresh, at)]));
  if (4 * store.rows * (mine.size + found.size) <= KEPT_BYTES) {
    for (const [i, products] of found) mine.set(i, products);
  }
  return rows.map((i) => mine.get(i) ?? found.get(i)!);
}

function prepare(store: Matrix): IntegerProducts | null {
  const { data, rows, width } = store, bytes = Math.ceil(2 * width / CHUNK) * CHUNK;
  const groups = Math.ceil(rows / GROUP), outAt = VECTORS * bytes, outBytes = 4 * GROUP * groups;
  const storeAt = outAt + VECTORS * outBytes, size = storeAt + bytes * GROUP * groups;
  if (size > MOST_BYTES || size === storeAt) return null;
  const longest = longestRow(store),
    memory = new WebAssembly.Memory({
      initial: Math.ceil(size / PAGE),
    });
  const { buffer } = memory, cells = new Int16Array(buffer, storeAt, rows * bytes / 2);
  if (!toIntegers(data, width, cells, bytes / 2)) return null;
  const own = new Int16Array(buffer, 0, outAt / 2);
  const single = dotKernel(memory, 1), pair = dotKernel(memory, 2);
  const portion = Math.max(1, Math.floor(PORTION / (GROUP * bytes)));
  return (vectors, out) => {
    if (!(longestRow(vectors) * longest < EXACT_BELOW)) return false;
    for (let start = 0; start < vectors.rows; start += VECTORS) {
      const count = Math.min(VECTORS, vectors.rows - start);
      const part = vectors.data.subarray(start * width, (start + count) * width);
      if (!toIntegers(part, width, own, bytes / 2)) return false;
      for (let from = 0; from < groups; from += portion) {
        const many = Math.min(portion, groups - from), rowsAt = storeAt + from * GROUP * bytes;
        for (let v = 0; v < count; v += 2) {
          const to = outAt + v * outBytes + from * GROUP * 4;
          (v + 1 < count ? pair : single)(v * bytes, rowsAt, many, bytes, to, outBytes);
        }
      }
      for (let v = 0; v < count; v++) {
        out.set(new Float32Array(buffer, outAt + v * outBytes, rows), (start + v) * rows);
      }
    }
    return true;
  };
}

/** Largest length of a row. */
function longestRow(of: Matrix): number {
  return Math.sqrt(squareNorms(of).reduce((most, square) => Math.max(most, square), 0));
}

/** Multiples of the grid as integers, rows of `width` to rows of `stride`; false where one is none or needs more bits. */
function toIntegers(from: Float32Array, width: number, to: Int16Array, stride: number): boolean {
  let off = 0;
  for (let start = 0, at = 0; start < from.length; start += width, at += stride - width) {
    for (let j = start; j < start + width; j++, at++) {
      const value = from[j] * PER_UNIT, whole = value | 0;
      to[at] = whole;
      off |= Number(whole !== value) | (whole ^ (whole << 16 >> 16));
    }
  }
  return off === 0;
}
