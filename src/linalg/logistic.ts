/**
 * Logistic regression with a quadratic penalty, for many columns of outcomes that share their inputs:
 *
 *   min_{w,b}  Σ_i BCE(σ(x_i·w + b + offset_i), y_i) + penalty/2 · |w − prior|²
 *
 * Labels may be soft, and a missing one leaves its row out of its column. The minimum is found to about
 * 10⁻⁶ in the probabilities (`logistic_solver.ts`).
 *
 * With fewer rows than inputs, w − prior lies in the span of the rows, so that n numbers say it all: with
 * XXᵀ = ZZᵀ (Cholesky), X·w is Z·u and |w| is |u|. A profile of eight labels is fitted in eight dimensions,
 * however wide the vectors.
 * @module
 */
import { productF64 } from "./gemm.ts";
import { minimise, type Regressions, sigmoid, transposedProduct } from "./logistic_solver.ts";
import { type Matrix, takeRows } from "./matrix.ts";
import { ridgePredict } from "./ridge.ts";
import { crossGram } from "./gram.ts";

/** Settings of a fit that do not change along a path of penalties. */
export interface LogisticSettings {
  /** Where the penalty pulls to, length D; zeros if absent. */
  readonly prior?: Float64Array;
  /** Added to the logits, [N × M]. */
  readonly offsets?: Float64Array;
  /** Whether there is a bias; it is not penalised. Default true. */
  readonly bias?: boolean;
}

/** Settings of a fit. */
export interface LogisticOptions extends LogisticSettings {
  /** Of Σ BCE + penalty/2 · |w − prior|², above 0; scikit-learn's 1/C. */
  readonly penalty: number;
}

/**
 * Fits every column of `scores` to the rows of `x`.
 *
 * Labels that are all 0 or all 1 would drive the bias to infinity. With a bias, such a column's labels y are
 * read as (n·y + ½) / (n + 1), as if half a success and half a failure had been seen as well: without a prior
 * or offsets its weights are 0, and it predicts that rate.
 *
 * @param x inputs [N × D]
 * @param scores labels in [0, 1], row-major [N × M], NaN = missing
 * @returns weights [(D + 1) × M], bias last (0 where there is none); NaN for a column without a label
 * @throws {RangeError} when a size does not fit, a label is outside [0, 1] or the penalty is not above 0
 */
export async function logisticFit(
  x: Matrix,
  scores: Float64Array,
  { penalty, ...settings }: LogisticOptions,
): Promise<Float64Array> {
  const { value } = await logisticDescent(x, scores, [penalty], settings).next();
  return value!;
}

/**
 * {@link logisticFit} at falling penalties, each from where the last one ended; they share all that does not depend on
 * the penalty. A fit is made when it is asked for: who needs a strong penalty does not wait for the weak ones.
 *
 * @returns weights [(D + 1) × M] of one penalty after the other
 * @throws {RangeError} as {@link logisticFit} does, and when a penalty is above the one before it
 */
export async function* logisticDescent(
  x: Matrix,
  scores: Float64Array,
  penalties: readonly number[],
  { prior, offsets, bias = true }: LogisticSettings = {},
): AsyncGenerator<Float64Array, undefined> {
  const D = x.width, M = x.rows > 0 ? scores.length / x.rows : 0;
  check(x, scores, penalties, prior, offsets);
  const together = groups(scores, M);
  const paths = together.map((group) =>
    groupDescent(x, scores, penalties, { prior, offsets, bias }, group)
  );
  for (const _ of penalties) {
    const weights = new Float64Array((D + 1) * M).fill(NaN);
    for (const [g, { columns }] of together.entries()) {
      const fitted = (await paths[g].next()).value!;
      for (let j = 0; j <= D; j++) {
        columns.forEach((c, k) => weights[j * M + c] = fitted[j * columns.length + k]);
      }
    }
    yield weights;
  }
}

/**
 * Probabilities σ(x·w + b) of a fit's weights for the rows of `x` [Q × D], row-major [Q × M].
 * @throws {RangeError} when the weights do not fit the width of `x`
 */
export async function logisticPredict(x: Matrix, weights: Float64Array): Promise<Float64Array> {
  const out = await ridgePredict(x, weights);
  for (let i = 0; i < out.length; i++) out[i] = sigmoid(out[i]);
  return out;
}

function check(
  x: Matrix,
  scores: Float64Array,
  penalties: readonly number[],
  prior: Float64Array | undefined,
  offsets: Float64Array | undefined,
): void {
  if (x.rows > 0 ? scores.length % x.rows !== 0 : scores.length > 0) {
    throw new RangeError(`${scores.length} labels for ${x.rows} rows`);
  }
  if (prior && prior.length !== x.width) {
    throw new RangeError(`a prior of ${prior.length} values for ${x.width} inputs`);
  }
  if (offsets && offsets.length !== scores.length) {
    throw new RangeError(`${offsets.length} offsets for ${scores.length} labels`);
  }
  const bad = penalties.find((penalty) => !(penalty > 0 && penalty < Infinity));
  if (bad !== undefined) throw new RangeError(`logistic penalty: expected > 0, got ${bad}`);
  const rise = penalties.find((penalty, p) => penalty > penalties[p - 1]);
  if (rise !== undefined) {
    throw new RangeError(`penalties: expected falling ones, got ${penalties}`);
  }
  const odd = scores.find((y) => y < 0 || y > 1);
  if (odd !== undefined) throw new RangeError(`labels: expected within [0, 1], got ${odd}`);
}

/** Columns that are fitted together, and the rows on which one of them is known. */
interface Group {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/**
 * Columns known on most rows are fitted side by side on all of them; a column with many gaps is fitted on
 * its own rows, as the others' rows would mislead about its curvature. One without labels is in no group.
 */
function groups(scores: Float64Array, M: number): Group[] {
  const known: number[][] = Array.from({ length: M }, () => []);
  scores.forEach((y, i) => {
    if (y === y) known[i % M].push(Math.floor(i / M));
  });
  const rows = [...new Set(known.flat())].sort((a, b) => a - b);
  const columns = [...known.keys()];
  const full = columns.filter((c) => known[c].length > 0 && 2 * known[c].length > rows.length);
  const sparse = columns.filter((c) => known[c].length > 0 && !full.includes(c));
  return [
    ...(full.length > 0 ? [{ rows, columns: full }] : []),
    ...sparse.map((c) => ({ rows: known[c], columns: [c] })),
  ];
}

/** Weights [(D + 1) × columns of the group] at one penalty after the other. */
async function* groupDescent(
  x: Matrix,
  scores: Float64Array,
  penalties: readonly number[],
  { prior, offsets, bias }: LogisticSettings,
  { rows, columns }: Group,
): AsyncGenerator<Float64Array, undefined> {
  const M = scores.length / x.rows, n = rows.length, m = columns.length, D = x.width;
  const own = n < x.rows ? takeRows(x, rows) : x;
  const factor = n < D ? await spanOf(own) : undefined, width = factor ? n : D;
  const d = width + 1, features = new Float64Array(n * d), source = factor ?? own.data;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < width; j++) features[i * d + j] = source[i * width + j];
    features[i * d + width] = bias ? 1 : 0;
  }
  const pick = (cells: Float64Array): Float64Array =>
    Float64Array.from(
      { length: n * m },
      (_, i) => cells[rows[Math.floor(i / m)] * M + columns[i % m]],
    );
  const labels = bias ? softened(pick(scores), m) : pick(scores);
  const shift = offsets ? pick(offsets) : new Float64Array(n * m);
  if (prior) {
    const pulled = await productF64(Float64Array.from(own.data), prior, n, D, 1);
    for (let i = 0; i < shift.length; i++) shift[i] += pulled[Math.floor(i / m)];
  }
  const problem: Regressions = { features, rows: n, width: d, columns: m, labels, offsets: shift };
  let u = new Float64Array(d * m);
  if (bias) u.set(startingBias(labels, shift, m), width * m);
  for (const penalty of penalties) {
    const strengths = new Float64Array(d).fill(penalty);
    if (bias) strengths[width] = 0;
    u = await minimise(problem, strengths, u) as Float64Array<ArrayBuffer>;
    const weights = new Float64Array((D + 1) * m);
    weights.set(factor ? await fromSpan(own, factor, u, m) : u.subarray(0, D * m));
    for (let i = 0; prior && i < D * m; i++) weights[i] += prior[Math.floor(i / m)];
    if (bias) weights.set(u.subarray(width * m), D * m);
    yield weights;
  }
}

/** Labels, those of a column with only zeros or only ones moved to (n·y + ½) / (n + 1). */
function softened(labels: Float64Array, m: number): Float64Array {
  const { sums, counts } = totals(labels, m);
  return labels.map((y, i) => {
    const n = counts[i % m], sum = sums[i % m];
    return sum === 0 || sum === n ? (n * y + 0.5) / (n + 1) : y;
  });
}

/** The initial bias: the logit of a column's base rate minus its mean offset. */
function startingBias(labels: Float64Array, offsets: Float64Array, m: number): Float64Array {
  const { sums, counts } = totals(labels, m);
  const shift = totals(offsets.map((offset, i) => labels[i] === labels[i] ? offset : NaN), m).sums;
  return sums.map((sum, c) => {
    const rate = (sum + 0.5) / (counts[c] + 1);
    return Math.log(rate / (1 - rate)) - shift[c] / counts[c];
  });
}

/** Sums and numbers of the known cells of every column. */
function totals(
  cells: Float64Array,
  m: number,
): { sums: Float64Array; counts: Float64Array } {
  const sums = new Float64Array(m), counts = new Float64Array(m);
  cells.forEach((value, i) => {
    if (value === value) sums[i % m] += value, counts[i % m]++;
  });
  return { sums, counts };
}

/** A row counts as lying in the span of those before if it adds less than this share of a squared length. */
const NOTHING_NEW = 1e-11;

/**
 * Few rows X [n × D] turned into as many columns as there are rows, with all inner products kept: Z [n × n] of
 * XXᵀ = ZZᵀ (Cholesky), lower triangular; a row that adds no direction has zeros for a column. A linear model w
 * with a penalty on |w| needs no direction outside the span of X: w = Xᵀα with Zᵀα = u has X·w = Z·u, |w| = |u|.
 */
export async function spanOf({ data, rows: n, width }: Matrix): Promise<Float64Array> {
  const columns = new Float64Array(data.length);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < width; j++) columns[j * n + i] = data[i * width + j];
  }
  const z = await transposedProduct(columns, columns, width, n, n);
  let longest = 0;
  for (let i = 0; i < n; i++) longest = Math.max(longest, z[i * n + i]);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = z[i * n + j];
      for (let t = 0; t < j; t++) sum -= z[i * n + t] * z[j * n + t];
      if (j === i) z[i * n + i] = sum > NOTHING_NEW * longest ? Math.sqrt(sum) : 0;
      else z[i * n + j] = z[j * n + j] > 0 ? sum / z[j * n + j] : 0;
    }
    z.fill(0, i * n + i + 1, (i + 1) * n);
  }
  return z;
}

/** The weights w [D × m] that u [n × m] stands for. */
export async function fromSpan(
  x: Matrix,
  z: Float64Array,
  u: Float64Array,
  m: number,
): Promise<Float64Array> {
  const n = x.rows, alpha = new Float64Array(n * m);
  for (let j = n - 1; j >= 0; j--) {
    if (z[j * n + j] === 0) continue;
    for (let c = 0; c < m; c++) {
      let sum = u[j * m + c];
      for (let i = j + 1; i < n; i++) sum -= z[i * n + j] * alpha[i * m + c];
      alpha[j * m + c] = sum / z[j * n + j];
    }
  }
  return await crossGram(x, alpha, m);
}
