/**
 * Inner products of single vectors with a store of vectors on the grid of `matrix.ts`, in 16-bit integers.
 *
 * A coordinate on the grid is a whole number times 2⁻¹¹, so the sums of whole products are the inner products
 * themselves: the same bits as the float32 kernels of `gemm.ts`, from half the memory and without the start of the
 * runtime. For many vectors at once those kernels are quicker.
 * @module
 */
import { GRID, type Matrix, squareNorms } from "./matrix.ts";
import { dotKernel } from "./dot_kernel.ts";

/** Bytes that rows are filled up to with zeros, and how many rows the kernel takes at once. */
const CHUNK = 32, GROUP = 4;
/** Most bytes of a store in integers: what one memory may hold, and a sign bit less. */
const PAGE = 2 ** 16, MOST_BYTES = 2 ** 31 - PAGE;
/** Steps of the grid in 1. */
const PER_UNIT = 1 / GRID;
/** Below this product of lengths every partial sum is a whole number below 2²⁴ times 2⁻²²: exact in float32 too. */
const EXACT_BELOW = 4;

/** Writes the inner products of a vector with every row to `out`; false, and nothing written, where it can't be exact. */
export type IntegerProducts = (vector: Float32Array, out: Float32Array) => boolean;

const known = new WeakMap<Float32Array, IntegerProducts | null>();

/** The products with a store, made ready once for each; null where its vectors are off the grid or too large. */
export function integerProducts(store: Matrix): IntegerProducts | null {
  const made = known.get(store.data);
  if (made !== undefined) return made;
  const products = prepare(store);
  known.set(store.data, products);
  return products;
}

function prepare(store: Matrix): IntegerProducts | null {
  const { data, rows, width } = store, bytes = Math.ceil(2 * width / CHUNK) * CHUNK;
  const groups = Math.ceil(rows / GROUP), outAt = bytes, storeAt = outAt + 4 * GROUP * groups;
  const size = storeAt + bytes * GROUP * groups;
  if (size > MOST_BYTES || size === storeAt) return null;
  const longest = Math.sqrt(squareNorms(store).reduce((most, square) => Math.max(most, square)));
  const memory = new WebAssembly.Memory({ initial: Math.ceil(size / PAGE) }), { buffer } = memory;
  const query = new Int16Array(buffer, 0, width);
  const cells = new Int16Array(buffer, storeAt, rows * bytes / 2);
  if (!toIntegers(data, width, cells, bytes / 2)) return null;
  const found = new Float32Array(buffer, outAt, rows), kernel = dotKernel(memory);
  return (vector, out) => {
    let square = 0;
    for (const v of vector) square += v * v;
    const fits = Math.sqrt(square) * longest < EXACT_BELOW;
    if (!fits || !toIntegers(vector, width, query, width)) return false;
    kernel(0, storeAt, groups, bytes, outAt);
    out.set(found);
    return true;
  };
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
