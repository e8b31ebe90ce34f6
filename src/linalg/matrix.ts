/**
 * Dense row-major matrices and the grid that makes their products exact.
 * @module
 */

/** A dense row-major float32 matrix, [rows × width]. */
export interface Matrix {
  /** Values, row-major. */
  readonly data: Float32Array;
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly width: number;
}

/**
 * Query vectors are rounded to multiples of 2⁻¹¹. A product of two coordinates is then a multiple of
 * 2⁻²², and every partial sum of an inner product of (near-)unit vectors stays below 2, so float32
 * holds it exactly: cosines, and with them neighbours and clusters, come out bit for bit the same for
 * any summation order, thread count, instruction set or machine. The rounding moves a cosine by about
 * 2·10⁻⁴, less than int8 weights do.
 */
export const GRID = 2 ** -11;

/** Wraps an array as a matrix; without data, zeros. */
export function matrix(
  rows: number,
  width: number,
  data: Float32Array = new Float32Array(rows * width),
): Matrix {
  if (data.length !== rows * width) {
    throw new RangeError(
      `a ${rows} × ${width} matrix needs ${rows * width} values, got ${data.length}`,
    );
  }
  return { data, rows, width };
}

/** Row `i` as a view, no copy. */
export function row(m: Matrix, i: number): Float32Array {
  return m.data.subarray(i * m.width, (i + 1) * m.width);
}

/** Copies the named rows into a new matrix. */
export function takeRows(m: Matrix, rows: ArrayLike<number>): Matrix {
  const out = matrix(rows.length, m.width);
  for (let i = 0; i < rows.length; i++) out.data.set(row(m, rows[i]), i * m.width);
  return out;
}

/** Two matrices of as many rows as one. */
export function sideBySide(a: Matrix, b: Matrix): Matrix {
  const out = matrix(a.rows, a.width + b.width);
  for (let i = 0; i < a.rows; i++) {
    const to = row(out, i);
    to.set(row(a, i)), to.set(row(b, i), a.width);
  }
  return out;
}

/** At most so many of some rows, evenly. */
export function strided(rows: ArrayLike<number>, most: number): Int32Array {
  const count = Math.min(most, rows.length);
  return Int32Array.from({ length: count }, (_, i) => rows[Math.floor(i * rows.length / count)]);
}

/** L2-normalises every row in place and rounds it to the {@link GRID}; a zero row stays zero. */
export function normaliseToGrid(m: Matrix): Matrix {
  const { data, width } = m;
  for (let start = 0; start < data.length; start += width) {
    let square = 0;
    for (let j = start; j < start + width; j++) square += data[j] * data[j];
    const scale = square > 0 ? 1 / (Math.sqrt(square) * GRID) : 0;
    for (let j = start; j < start + width; j++) data[j] = Math.round(data[j] * scale) * GRID;
  }
  return m;
}

/** |x|² of every row, in float64: exact for rows on the {@link GRID}. Length rows. */
export function squareNorms({ data, rows, width }: Matrix): Float64Array {
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = i * width; j < (i + 1) * width; j++) sum += data[j] * data[j];
    out[i] = sum;
  }
  return out;
}

const known = new WeakMap<Float32Array, Float64Array>();

/** {@link squareNorms} of a matrix that stays as it is: computed once. */
export function squareNormsOnce(of: Matrix): Float64Array {
  const norms = known.get(of.data) ?? squareNorms(of);
  known.set(of.data, norms);
  return norms;
}
