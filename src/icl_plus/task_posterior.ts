/**
 * Which task a query belongs to, by linear discriminant analysis: the attention weights of the task reader.
 *
 * Every task is a Gaussian around its own centre, all with one covariance, so that queries are compared in a
 * metric learned from the task labels:
 *
 *   μ_t = (Σ_{i∈t} x_i + g) / (n_t + 1),  g = mean of all rows
 *   S = (1/N) Σ_i (x_i − x̄_{t(i)})(x_i − x̄_{t(i)})ᵀ + ½ (trace/D) I
 *   P(t|x) ∝ exp( (x−g)ᵀ S⁻¹ (μ_t−g) − ½ |μ_t−g|²_S + log(n_t/N) ),  |v|²_S = vᵀ S⁻¹ v
 * @module
 */
import type { Random } from "../base/random.ts";
import { solveSpd } from "../linalg/cholesky.ts";
import { product, productF64 } from "../linalg/gemm.ts";
import { crossGram, gram } from "../linalg/gram.ts";
import { type Matrix, matrix } from "../linalg/matrix.ts";

/** Share of the mean variance added to every direction. */
const RIDGE = 0.5;
/** Vectors wider than `WIDEST` are first reduced to `AXES` axes. */
const WIDEST = 512, AXES = 256;
/** Rows of a query batch taken at a time. */
const ROWS = 4096;

/** A fitted discriminant of T tasks in d dimensions. */
export interface TaskPosterior {
  /** Axes onto which wide vectors are projected, [d × D]; absent where vectors are used as they are. */
  readonly axes?: Matrix;
  /** g, mean of all rows. Length d. */
  readonly centre: Float64Array;
  /** S⁻¹, [d × d]. */
  readonly precision: Float64Array;
  /** S⁻¹(μ_t − g), one column a task, [d × T]. */
  readonly directions: Float64Array;
  /** |μ_t − g|²_S. Length T. */
  readonly squares: Float64Array;
  /** log(n_t/N). Length T. */
  readonly logShare: Float64Array;
}

/** Where Q queries stand relative to the T tasks. */
export interface TaskEvidence {
  /** (x−g)ᵀ S⁻¹ (μ_t−g), row-major [Q × T]. */
  readonly inner: Float64Array;
  /** |x−g|²_S. Length Q. */
  readonly squares: Float64Array;
}

/**
 * Fits the discriminant. Where the rows of each task are all alike, S = 0 says nothing about directions, and
 * I takes its place.
 *
 * @param x rows [N × D]
 * @param task task of each row; every one of 0…T−1 occurs
 * @param random draws of the projection of wide vectors
 */
export async function fitTaskPosterior(
  x: Matrix,
  task: Uint32Array,
  tasks: number,
  random: Random,
): Promise<TaskPosterior> {
  const axes = x.width > WIDEST ? await principalAxes(x, AXES, random) : undefined;
  const rows = axes ? await product(x, axes) : x, N = rows.rows, d = rows.width;
  const counts = new Float64Array(tasks), sums = new Float64Array(tasks * d);
  const centre = new Float64Array(d);
  for (let i = 0; i < N; i++) {
    counts[task[i]]++;
    for (let j = 0; j < d; j++) {
      const value = rows.data[i * d + j];
      sums[task[i] * d + j] += value;
      centre[j] += value / N;
    }
  }
  const precision = await solveSpd(
    await withinCovariance(rows, sums, counts),
    identity(d),
    d,
    d,
  );
  const offsets = new Float64Array(d * tasks); // μ_t − g, one column a task
  for (let t = 0; t < tasks; t++) {
    for (let j = 0; j < d; j++) {
      offsets[j * tasks + t] = (sums[t * d + j] + centre[j]) / (counts[t] + 1) - centre[j];
    }
  }
  const directions = await productF64(precision, offsets, d, d, tasks);
  const squares = new Float64Array(tasks);
  for (let at = 0; at < offsets.length; at++) squares[at % tasks] += offsets[at] * directions[at];
  const logShare = counts.map((n) => Math.log(n / N));
  return { ...(axes && { axes }), centre, precision, directions, squares, logShare };
}

/** S = (XᵀX − Σ_t n_t x̄_t x̄_tᵀ)/N, ridge included. [d × d] */
async function withinCovariance(
  x: Matrix,
  sums: Float64Array,
  counts: Float64Array,
): Promise<Float64Array> {
  const d = x.width, T = counts.length;
  const whole = await gram(x);
  const means = sums.map((sum, at) => sum / counts[Math.floor(at / d)]);
  const columns = new Float64Array(d * T); // sums, transposed
  for (let at = 0; at < sums.length; at++) columns[(at % d) * T + Math.floor(at / d)] = sums[at];
  const between = await productF64(columns, means, d, T, d);
  const out = whole.map((value, at) => (value - between[at]) / x.rows);
  let trace = 0, scale = 0;
  for (let j = 0; j < d; j++) trace += out[j * d + j], scale += whole[j * d + j] / x.rows;
  if (!(trace > 1e-9 * scale)) return identity(d); // nothing but rounding
  for (let j = 0; j < d; j++) out[j * d + j] += RIDGE * trace / d;
  return out;
}

/** Compares queries [Q × D] with the tasks. */
export async function taskEvidence(
  posterior: TaskPosterior,
  queries: Matrix,
): Promise<TaskEvidence> {
  const { axes, centre, precision, directions, logShare: { length: T } } = posterior;
  const d = centre.length, Q = queries.rows;
  const inner = new Float64Array(Q * T), squares = new Float64Array(Q);
  for (let start = 0; start < Q; start += ROWS) {
    const rows = Math.min(ROWS, Q - start), D = queries.width;
    const wide = matrix(rows, D, queries.data.subarray(start * D, (start + rows) * D));
    const { data } = axes ? await product(wide, axes) : wide;
    const offset = new Float64Array(rows * d);
    for (let i = 0, at = 0; i < rows; i++) {
      for (let j = 0; j < d; j++, at++) offset[at] = data[at] - centre[j];
    }
    inner.set(await productF64(offset, directions, rows, d, T), start * T);
    const turned = await productF64(offset, precision, rows, d, d);
    for (let i = 0, at = 0; i < rows; i++) {
      let square = 0;
      for (let j = 0; j < d; j++, at++) square += offset[at] * turned[at];
      squares[start + i] = square;
    }
  }
  return { inner, squares };
}

/**
 * P(t|x), row-major [Q × T]; each row sums to 1.
 *
 * @param open whether a row may attend to a task (default: to all); a row that may not attend to any is NaN
 */
export function taskAttention(
  { squares, logShare }: TaskPosterior,
  { inner }: TaskEvidence,
  open: (row: number, task: number) => boolean = () => true,
): Float64Array {
  const T = squares.length, out = new Float64Array(inner.length);
  for (let start = 0, i = 0; start < out.length; start += T, i++) {
    let most = -Infinity, sum = 0;
    for (let t = 0; t < T; t++) {
      const logit = open(i, t) ? inner[start + t] - squares[t] / 2 + logShare[t] : -Infinity;
      out[start + t] = logit;
      most = Math.max(most, logit);
    }
    for (let t = 0; t < T; t++) sum += out[start + t] = Math.exp(out[start + t] - most);
    for (let t = 0; t < T; t++) out[start + t] /= sum;
  }
  return out;
}

function identity(n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * (n + 1)] = 1;
  return out;
}

/**
 * The directions in which many wide vectors spread most, found by one step of randomised subspace iteration
 * (Halko, Martinsson, Tropp 2011): Y = XΩ for random signs Ω, then an orthonormal basis of XᵀY. Close to the
 * leading principal axes of the (uncentred) vectors, at the price of three products where a decomposition of
 * 4,096² numbers would take minutes.
 *
 * Orthonormal axes of the rows of `x` [n × D]: at most `count` of them, fewer where the rows span less.
 * Row-major [≤ count × D]; the coordinates of a row are its inner products with them.
 */
export async function principalAxes(x: Matrix, count: number, random: Random): Promise<Matrix> {
  const signs = matrix(count, x.width);
  for (let i = 0; i < signs.data.length; i++) signs.data[i] = random.next() < 0.5 ? -1 : 1;
  const mixed = Float64Array.from((await product(x, signs)).data);
  const spread = await crossGram(x, mixed, count); // [D × count]
  const axes: Float64Array[] = [];
  for (let c = 0; c < count; c++) {
    const axis = Float64Array.from({ length: x.width }, (_, j) => spread[j * count + c]);
    const before = norm(axis);
    for (let pass = 0; pass < 2; pass++) for (const known of axes) subtract(axis, known); // twice is enough
    const left = norm(axis);
    if (left > 1e-6 * before) axes.push(axis.map((value) => value / left));
  }
  const out = matrix(axes.length, x.width);
  axes.forEach((axis, c) => out.data.set(axis, c * x.width));
  return out;
}

function norm(values: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < values.length; j++) sum += values[j] * values[j];
  return Math.sqrt(sum);
}

/** Takes the component along a unit vector out of `values`. */
function subtract(values: Float64Array, unit: Float64Array): void {
  let inner = 0;
  for (let j = 0; j < values.length; j++) inner += values[j] * unit[j];
  for (let j = 0; j < values.length; j++) values[j] -= inner * unit[j];
}
