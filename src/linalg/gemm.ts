/**
 * Products of matrices: rows against rows in float32, and ordinary products in float64.
 *
 * For vectors on the grid of `matrix.ts` the float32 products are exact, so neither blocks nor threads nor
 * the choice between the two kernels below can be seen in the result.
 * @module
 */
import { type Matrix, matrix } from "./matrix.ts";
import { plainProduct } from "./product_kernel.ts";
import { dense, isSmall } from "./runtime.ts";

/** Bytes of one block of {@link forEachProductBlock}: small enough to stay in a cache. */
const BLOCK_BYTES = 2 ** 23;

/**
 * All inner products of the rows of `a` [n × d] with those of `b` [m × d]: A·Bᵀ, [n × m], written into `out`
 * if given.
 * @throws {RangeError} when the shapes do not fit
 */
export async function product(
  a: Matrix,
  b: Matrix,
  out: Matrix = matrix(a.rows, b.rows),
): Promise<Matrix> {
  if (out.rows !== a.rows || out.width !== b.rows) {
    throw new RangeError(`a ${a.rows} × ${b.rows} product into ${out.rows} × ${out.width}`);
  }
  await rowsAgainstRows(a, b, out.data, isSmall(a.rows * b.rows * a.width));
  return out;
}

/**
 * {@link product} in blocks of whole rows, for products too large to keep. `visit` gets the first row of a
 * block, its values [rows × m] in a buffer that the next block overwrites, and its number of rows.
 * @throws {RangeError} when the widths differ
 */
export async function forEachProductBlock(
  a: Matrix,
  b: Matrix,
  visit: (start: number, block: Float32Array, rows: number) => void,
  options: { blockBytes?: number } = {},
): Promise<void> {
  const most = Math.floor((options.blockBytes ?? BLOCK_BYTES) / (4 * Math.max(1, b.rows)));
  const step = Math.min(a.rows, Math.max(fewestRows(b.rows), most));
  const small = isSmall(a.rows * b.rows * a.width);
  const buffer = new Float32Array(step * b.rows);
  for (let start = 0; start < a.rows; start += step) {
    const rows = Math.min(step, a.rows - start);
    const part = matrix(rows, a.width, a.data.subarray(start * a.width, (start + rows) * a.width));
    const block = buffer.subarray(0, rows * b.rows);
    await rowsAgainstRows(part, b, block, small);
    visit(start, block, rows);
  }
}

/** Fewer rows starve the kernel, but not where each is multiplied with 131,072 or more. */
function fewestRows(columns: number): number {
  return Math.min(128, Math.max(8, Math.ceil(2 ** 24 / Math.max(1, columns))));
}

/**
 * The product of `a` [n × k] and `b` [k × m] in float64, [n × m].
 * @throws {RangeError} when an array does not have the size its shape says
 */
export async function productF64(
  a: Float64Array,
  b: Float64Array,
  n: number,
  k: number,
  m: number,
): Promise<Float64Array> {
  if (a.length !== n * k || b.length !== k * m) {
    throw new RangeError(`${n} × ${k} by ${k} × ${m}: got ${a.length} and ${b.length} values`);
  }
  if (isSmall(n * k * m)) return plainProduct(a, b, n, k, m);
  const left = { data: a, rows: n, columns: k }, right = { data: b, rows: k, columns: m };
  return await dense(left, right, "none", new Float64Array(n * m));
}

async function rowsAgainstRows(
  a: Matrix,
  b: Matrix,
  out: Float32Array,
  small: boolean,
): Promise<void> {
  if (a.width !== b.width) {
    throw new RangeError(`rows of width ${a.width} against rows of width ${b.width}`);
  }
  if (small) return plainLoop(a, b, out);
  await dense(
    { data: a.data, rows: a.rows, columns: a.width },
    { data: b.data, rows: b.rows, columns: b.width },
    "right",
    out,
  );
}

/** Four rows of `b` at a time, so that a value of `a` is read once for four products. */
function plainLoop(a: Matrix, b: Matrix, out: Float32Array): void {
  const x = a.data, y = b.data, width = a.width;
  for (let i = 0; i < a.rows; i++) {
    const row = i * width, to = i * b.rows;
    let j = 0;
    for (; j + 4 <= b.rows; j += 4) {
      const r0 = j * width, r1 = r0 + width, r2 = r1 + width, r3 = r2 + width;
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (let t = 0; t < width; t++) {
        const v = x[row + t];
        s0 += v * y[r0 + t];
        s1 += v * y[r1 + t];
        s2 += v * y[r2 + t];
        s3 += v * y[r3 + t];
      }
      out[to + j] = s0;
      out[to + j + 1] = s1;
      out[to + j + 2] = s2;
      out[to + j + 3] = s3;
    }
    for (; j < b.rows; j++) {
      let sum = 0;
      for (let t = 0; t < width; t++) sum += x[row + t] * y[j * width + t];
      out[to + j] = sum;
    }
  }
}
