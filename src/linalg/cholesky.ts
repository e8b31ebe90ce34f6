/**
 * Symmetric positive definite systems in float64, by a blocked Cholesky factorisation.
 *
 * Up to one block everything is plain JavaScript arithmetic and gives the same bits everywhere; beyond, the
 * products between blocks go to the runtime's float64 kernel.
 * @module
 */
import { type Dense, dense, type Transpose } from "./runtime.ts";

/** Systems up to this size are a single block. */
const ONE_BLOCK = 512;
/** Columns of a block of larger systems. */
const BLOCK = 128;

/**
 * Solves A·X = B for `a` [n × n], symmetric positive definite (only the lower triangle is read), and `b`
 * [n × m]. Returns X [n × m]; the arguments stay as they are.
 * @throws {RangeError} when a size does not fit, or `a` is not positive definite (names the pivot)
 */
export async function solveSpd(
  a: Float64Array,
  b: Float64Array,
  n: number,
  m: number,
): Promise<Float64Array> {
  if (a.length !== n * n || b.length !== n * m) {
    throw new RangeError(`a ${n} × ${n} system with ${m} right-hand sides: sizes do not fit`);
  }
  const factor = a.slice(), x = b.slice();
  const block = n <= ONE_BLOCK ? ONE_BLOCK : BLOCK;
  for (let start = 0; start < n; start += block) {
    const end = Math.min(n, start + block);
    await subtractFactored(factor, n, start, end);
    factorColumns(factor, n, start, end);
  }
  await solveLower(factor, x, n, m, block);
  await solveUpper(factor, x, n, m, block);
  return x;
}

/** Columns start…end of A, from the diagonal down, less what the finished columns of L account for. */
async function subtractFactored(
  l: Float64Array,
  n: number,
  start: number,
  end: number,
): Promise<void> {
  if (start === 0) return;
  const rows = n - start, columns = end - start;
  const below = copyBlock(l, n, start, n, 0, start);
  const left = { data: below, rows, columns: start };
  const right = { data: below.subarray(0, columns * start), rows: columns, columns: start };
  const known = await dense(left, right, "right", new Float64Array(rows * columns));
  for (let i = 0; i < rows; i++) {
    const to = (start + i) * n + start;
    for (let j = 0; j < columns; j++) l[to + j] -= known[i * columns + j];
  }
}

/** Columns start…end of L, for all rows from `start` on; the columns before are already accounted for. */
function factorColumns(l: Float64Array, n: number, start: number, end: number): void {
  for (let j = start; j < end; j++) {
    let pivot = l[j * n + j];
    for (let t = start; t < j; t++) pivot -= l[j * n + t] * l[j * n + t];
    if (!(pivot > 0)) {
      throw new RangeError(`not positive definite: pivot ${j + 1} of ${n} is ${pivot}`);
    }
    l[j * n + j] = Math.sqrt(pivot);
    divideRows(l, n, start, j, j + 1, end);
  }
  for (let i = end; i < n; i += 4) { // the rows below, in portions that stay in cache
    for (let j = start; j < end; j++) divideRows(l, n, start, j, i, Math.min(n, i + 4));
  }
}

/**
 * Column j of L for the rows top…bottom, given its columns start…j: (a − their inner product with row j)
 * over the pivot. Four rows at a time, because they can be added up side by side.
 */
function divideRows(
  l: Float64Array,
  n: number,
  start: number,
  j: number,
  top: number,
  bottom: number,
): void {
  const row = j * n, pivot = l[row + j];
  let i = top;
  for (; i + 4 <= bottom; i += 4) {
    const r0 = i * n, r1 = r0 + n, r2 = r1 + n, r3 = r2 + n;
    let s0 = l[r0 + j], s1 = l[r1 + j], s2 = l[r2 + j], s3 = l[r3 + j];
    for (let t = start; t < j; t++) {
      const value = l[row + t];
      s0 -= value * l[r0 + t];
      s1 -= value * l[r1 + t];
      s2 -= value * l[r2 + t];
      s3 -= value * l[r3 + t];
    }
    l[r0 + j] = s0 / pivot;
    l[r1 + j] = s1 / pivot;
    l[r2 + j] = s2 / pivot;
    l[r3 + j] = s3 / pivot;
  }
  for (; i < bottom; i++) {
    let sum = l[i * n + j];
    for (let t = start; t < j; t++) sum -= l[row + t] * l[i * n + t];
    l[i * n + j] = sum / pivot;
  }
}

/** Overwrites `x` [n × m] with L⁻¹·x. */
async function solveLower(
  l: Float64Array,
  x: Float64Array,
  n: number,
  m: number,
  block: number,
): Promise<void> {
  const widths = widthsOf(x, n, m);
  for (let start = 0; start < n; start += block) {
    const end = Math.min(n, start + block), rows = end - start;
    if (start > 0) {
      const left = { data: copyBlock(l, n, start, end, 0, start), rows, columns: start };
      const right = { data: x.subarray(0, start * m), rows: start, columns: m };
      await subtractProduct(x.subarray(start * m, end * m), left, right, "none");
    }
    for (let i = start; i < end; i++) {
      solveRow(x, m, i, l[i * n + i], start, i, l, i * n + start, 1, widths);
    }
  }
}

/**
 * How many columns there are up to the last number other than 0 in the rows of x [n × m], down to each: of the
 * identity, a triangle. Beyond them L⁻¹·x has zeros, too, and nothing needs to be taken away. −0 counts as a number.
 */
function widthsOf(x: Float64Array, n: number, m: number): Int32Array {
  const widths = new Int32Array(n);
  for (let i = 0, width = 0; i < n; i++) {
    let own = m;
    while (own > width && Object.is(x[i * m + own - 1], 0)) own--;
    widths[i] = width = own;
  }
  return widths;
}

/** Overwrites `x` [n × m] with L⁻ᵀ·x. */
async function solveUpper(
  l: Float64Array,
  x: Float64Array,
  n: number,
  m: number,
  block: number,
): Promise<void> {
  for (let start = Math.floor((n - 1) / block) * block; start >= 0; start -= block) {
    const end = Math.min(n, start + block), columns = end - start;
    if (end < n) {
      const left = { data: copyBlock(l, n, end, n, start, end), rows: n - end, columns };
      const right = { data: x.subarray(end * m), rows: n - end, columns: m };
      await subtractProduct(x.subarray(start * m, end * m), left, right, "left");
    }
    for (let i = end - 1; i >= start; i--) {
      solveRow(x, m, i, l[i * n + i], i + 1, end, l, (i + 1) * n + i, n);
    }
  }
}

/** Takes a product away from the rows in `part`, in place. */
async function subtractProduct(
  part: Float64Array,
  left: Dense<Float64Array>,
  right: Dense<Float64Array>,
  transpose: Transpose,
): Promise<void> {
  const product = await dense(left, right, transpose, new Float64Array(part.length));
  for (let i = 0; i < part.length; i++) part[i] -= product[i];
}

/**
 * Row i of x: less its solved rows from…end times their coefficients, which lie in `l` from `at` on,
 * `step` apart; then divided by the pivot. Four rows at a time, so that row i is read and written less.
 *
 * @param widths columns of each row, and of all before it, beyond which there are zeros; none if absent
 */
function solveRow(
  x: Float64Array,
  m: number,
  i: number,
  pivot: number,
  from: number,
  end: number,
  l: Float64Array,
  at: number,
  step: number,
  widths?: Int32Array,
): void {
  const to = i * m;
  let j = from;
  for (; j + 4 <= end; j += 4, at += 4 * step) {
    const l0 = l[at], l1 = l[at + step], l2 = l[at + 2 * step], l3 = l[at + 3 * step];
    const x0 = j * m, x1 = x0 + m, x2 = x1 + m, x3 = x2 + m;
    const width = widths ? widths[j + 3] : m;
    for (let c = 0; c < width; c++) {
      x[to + c] -= l0 * x[x0 + c] + l1 * x[x1 + c] + (l2 * x[x2 + c] + l3 * x[x3 + c]);
    }
  }
  for (; j < end; j++, at += step) {
    const width = widths ? widths[j] : m;
    for (let c = 0; c < width; c++) x[to + c] -= l[at] * x[j * m + c];
  }
  for (let c = 0; c < m; c++) x[to + c] /= pivot;
}

/** Rows top…bottom and columns left…right of an n-wide array, packed. */
function copyBlock(
  from: Float64Array,
  n: number,
  top: number,
  bottom: number,
  left: number,
  right: number,
): Float64Array {
  const width = right - left, out = new Float64Array((bottom - top) * width);
  for (let i = top; i < bottom; i++) {
    out.set(from.subarray(i * n + left, i * n + right), (i - top) * width);
  }
  return out;
}
