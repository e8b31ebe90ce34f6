/**
 * Symmetric positive definite systems in float64, by a blocked Cholesky factorisation.
 *
 * Up to one block every operation and its order is fixed (`row_kernel.ts`), and gives the same bits everywhere; beyond,
 * the products between blocks go to the runtime's float64 kernel.
 * @module
 */
import { type RowSpace, rowSpace } from "./row_kernel.ts";
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
  return await solveFactored(await factorSpd(a, n), b, n, m);
}

/** Columns that are worked on at a time. */
function blockOf(n: number): number {
  return n <= ONE_BLOCK ? ONE_BLOCK : BLOCK;
}

/**
 * The factor L of A = L·Lᵀ, [n × n], for `a` as {@link solveSpd} takes it; what lies above its diagonal means nothing.
 * @throws {RangeError} as {@link solveSpd}
 */
export async function factorSpd(a: Float64Array, n: number): Promise<Float64Array> {
  const factor = a.slice(), block = blockOf(n);
  for (let start = 0; start < n; start += block) {
    const end = Math.min(n, start + block);
    await subtractFactored(factor, n, start, end);
    factorColumns(factor, n, start, end);
  }
  return factor;
}

/** {@link solveSpd} by the factor of {@link factorSpd}, which stays as it is. */
export async function solveFactored(
  factor: Float64Array,
  b: Float64Array,
  n: number,
  m: number,
): Promise<Float64Array> {
  const x = b.slice(), block = blockOf(n);
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

/**
 * Columns start…end of L, for all rows from `start` on; the columns before are already accounted for. They are worked
 * on as rows of Lᵀ: a finished one is taken away from those below it, up to the diagonal, four at a time.
 */
function factorColumns(l: Float64Array, n: number, start: number, end: number): void {
  const count = end - start,
    width = n - start,
    { cells, stride, one, four } = rowSpace(count, width);
  const bytes = 8 * stride;
  for (let i = 0; i < width; i++) {
    const from = (start + i) * n + start;
    for (let t = 0; t < count && t <= i; t++) cells[t * stride + i] = l[from + t];
  }
  for (let first = 0; first < count; first += 4) {
    const next = Math.min(count, first + 4);
    for (let t = first; t < next; t++) {
      const row = cells.subarray(t * stride, t * stride + width), pivot = row[t];
      if (!(pivot > 0)) {
        throw new RangeError(`not positive definite: pivot ${start + t + 1} of ${n} is ${pivot}`);
      }
      const root = row[t] = Math.sqrt(pivot);
      for (let i = t + 1; i < width; i++) row[i] /= root;
      for (let i = t + 1; i < next; i++) {
        one(i * bytes + before(i), (i + 1) * bytes, t * bytes + before(i), bytes, row[i], 0, 0, 0);
      }
    }
    for (let i = next, at = first * stride + i; i < count; i++, at++) {
      const a = cells[at], b = cells[at + stride], c = cells[at + 2 * stride];
      const d = cells[at + 3 * stride], to = i * bytes;
      four(to + before(i), to + bytes, first * bytes + before(i), bytes, a, b, c, d);
    }
  }
  for (let i = 0; i < width; i++) {
    const to = (start + i) * n + start;
    for (let t = 0; t < count && t <= i; t++) l[to + t] = cells[t * stride + i];
  }
}

/** Bytes of a row before a column, or the one before that: what lies before the diagonal is not looked at. */
function before(column: number): number {
  return 8 * (column - column % 2);
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
    inRowSpace(x.subarray(start * m, end * m), m, (space) => {
      for (let i = 0; i < rows; i++) {
        const at = (start + i) * n + start;
        solveRow(space, m, i, l[at + i], 0, i, l, at, 1, widths.subarray(start));
      }
    });
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
    inRowSpace(x.subarray(start * m, end * m), m, (space) => {
      for (let i = columns - 1; i >= 0; i--) {
        const at = (start + i) * n + start + i;
        solveRow(space, m, i, l[at], i + 1, columns, l, at + n, n);
      }
    });
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

/** Works on the rows of x [rows × m] where the kernels can, and brings them back. */
function inRowSpace(x: Float64Array, m: number, work: (space: RowSpace) => void): void {
  const rows = m > 0 ? x.length / m : 0, space = rowSpace(rows, m), { cells, stride } = space;
  for (let i = 0; i < rows; i++) cells.set(x.subarray(i * m, (i + 1) * m), i * stride);
  work(space);
  for (let i = 0; i < rows; i++) x.set(cells.subarray(i * stride, i * stride + m), i * m);
}

/**
 * Row i of x [rows × m]: less its solved rows from…end times their coefficients, which lie in `l` from `at` on,
 * `step` apart; then divided by the pivot. Four rows at a time, so that row i is read and written less.
 *
 * @param widths columns of each row, and of all before it, beyond which there are zeros; none if absent
 */
function solveRow(
  { cells, stride, one, together }: RowSpace,
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
  const bytes = 8 * stride, to = i * bytes;
  let j = from;
  for (; j + 4 <= end; j += 4, at += 4 * step) {
    const a = l[at], b = l[at + step], c = l[at + 2 * step], d = l[at + 3 * step];
    const width = widths ? widths[j + 3] : m;
    if (width > 0) together(to, to + 8 * width, j * bytes, bytes, a, b, c, d);
  }
  for (; j < end; j++, at += step) {
    const width = widths ? widths[j] : m;
    if (width > 0) one(to, to + 8 * width, j * bytes, bytes, l[at], 0, 0, 0);
  }
  for (let c = i * stride; c < i * stride + m; c++) cells[c] /= pivot;
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
