/**
 * Logistic regression with a quadratic penalty, one for every column of outcomes, sharing their inputs.
 *
 * The curvature of the log-likelihood is nowhere above ¼ XᵀX (Böhning and Lindsay, 1988), so one matrix
 * B = ¼ XᵀX + ρI serves all columns and all iterations: w ← w − B⁻¹ ∇ never raises the loss. Nesterov's
 * momentum with restarts makes it fast.
 * @module
 */
import { productF64 } from "./gemm.ts";
import { solveSpd } from "./cholesky.ts";
import { crossGram, gram } from "./gram.ts";
import { product } from "./gemm.ts";
import { type Matrix, matrix } from "./matrix.ts";

/** Settings of a fit. */
export interface LogisticOptions {
  /** ρ of Σ loss + ρ/2 · |w − prior|²; the bias is not penalised. scikit-learn: C = 1/ρ. Above 0. */
  readonly penalty: number;
  /** Where the penalty pulls to, length D; zeros if absent. */
  readonly prior?: Float64Array;
  /** Added to the logits, [N × M]. */
  readonly offsets?: Float64Array;
  /** Whether there is a bias. Default true. */
  readonly bias?: boolean;
}

/** Iterations at most. */
const MOST = 300;
/** Root mean square change of a column's logits in one iteration below which it is done. */
const DONE = 1e-5;

/**
 * Fits all columns.
 *
 * A column without a label has NaN weights. One whose labels are all alike has no finite bias: its labels
 * y are taken as (n y + ½) / (n + 1).
 *
 * @param x inputs [N × D]
 * @param scores labels in [0, 1], row-major [N × M], NaN = missing
 * @returns weights [(D + 1) × M], bias last
 * @throws {RangeError} when a size does not fit or the penalty is not above 0
 */
export async function logisticFit(
  x: Matrix,
  scores: Float64Array,
  { penalty, prior, offsets, bias = true }: LogisticOptions,
): Promise<Float64Array> {
  const { rows: N, width: D } = x, M = N > 0 ? scores.length / N : 0, E = D + 1;
  if (!Number.isInteger(M)) throw new RangeError(`${scores.length} scores for ${N} rows`);
  if (!(penalty > 0)) throw new RangeError(`the penalty must be above 0, got ${penalty}`);
  if (prior && prior.length !== D) {
    throw new RangeError(`a prior of ${prior.length} for ${D} columns`);
  }
  if (offsets && offsets.length !== scores.length) {
    throw new RangeError(`${offsets.length} offsets for ${scores.length} scores`);
  }
  const labels = softened(scores, M), counts = labelled(scores, M);
  const inverse = await inverseBound(x, penalty, bias);
  const weights = new Float64Array(E * M);
  for (let d = 0; prior && d < D; d++) weights.fill(prior[d], d * M, (d + 1) * M);
  let current = weights, ahead = weights.slice(), momentum = new Float64Array(M).fill(1);
  for (let iteration = 0; iteration < MOST; iteration++) {
    const logits = await linearLogits(x, ahead, M);
    const slope = residuals(logits, labels, offsets);
    const gradient = new Float64Array(E * M);
    gradient.set(await crossGram(x, slope, M));
    for (let d = 0; d < D; d++) {
      for (let m = 0; m < M; m++) {
        gradient[d * M + m] += penalty * (ahead[d * M + m] - (prior?.[d] ?? 0));
      }
    }
    if (bias) { for (let i = 0; i < slope.length; i++) gradient[D * M + i % M] += slope[i]; }
    const step = await productF64(inverse, gradient, E, E, M);
    const next = new Float64Array(E * M), nextAhead = new Float64Array(E * M);
    const nextMomentum = new Float64Array(M);
    let busy = false;
    for (let m = 0; m < M; m++) {
      let decrease = 0, uphill = 0;
      for (let at = m; at < E * M; at += M) {
        next[at] = ahead[at] - step[at];
        decrease += gradient[at] * step[at];
        uphill += gradient[at] * (next[at] - current[at]);
      }
      // ∇ᵀB⁻¹∇ is at least ¼ of the summed squares of the change in logits.
      busy ||= 4 * decrease > counts[m] * DONE ** 2;
      const t = uphill > 0 ? 1 : momentum[m];
      nextMomentum[m] = (1 + Math.sqrt(1 + 4 * t * t)) / 2;
      const push = (t - 1) / nextMomentum[m];
      for (let at = m; at < E * M; at += M) {
        nextAhead[at] = next[at] + push * (next[at] - current[at]);
      }
    }
    [current, ahead, momentum] = [next, nextAhead, nextMomentum];
    if (!busy) break;
  }
  for (let m = 0; m < M; m++) {
    if (counts[m] === 0) { for (let at = m; at < E * M; at += M) current[at] = NaN; }
  }
  return current;
}

/** Probabilities σ(x·w + b), row-major [Q × M]. */
export async function logisticPredict(x: Matrix, weights: Float64Array): Promise<Float64Array> {
  const M = weights.length / (x.width + 1);
  return (await linearLogits(x, weights, M)).map((logit) => 1 / (1 + Math.exp(-logit)));
}

/** x·w + b, row-major [N × M]. */
async function linearLogits(x: Matrix, weights: Float64Array, M: number): Promise<Float64Array> {
  const { rows, width: D } = x, columns = matrix(M, D);
  for (let d = 0; d < D; d++) {
    for (let m = 0; m < M; m++) columns.data[m * D + d] = weights[d * M + m];
  }
  const { data } = await product(x, columns, matrix(rows, M));
  return Float64Array.from(data, (value, i) => value + weights[D * M + i % M]);
}

/** σ(logit) − label, 0 where an outcome is missing. */
function residuals(
  logits: Float64Array,
  labels: Float64Array,
  offsets: Float64Array | undefined,
): Float64Array {
  return logits.map((logit, i) => {
    const label = labels[i];
    return Number.isNaN(label) ? 0 : 1 / (1 + Math.exp(-logit - (offsets?.[i] ?? 0))) - label;
  });
}

/** Known labels a column. */
function labelled(scores: Float64Array, M: number): Float64Array {
  const counts = new Float64Array(M);
  scores.forEach((score, i) => counts[i % M] += Number.isNaN(score) ? 0 : 1);
  return counts;
}

/** Labels, with those of a column that has only zeros or only ones drawn to the middle. */
function softened(scores: Float64Array, M: number): Float64Array {
  const sums = new Float64Array(M), counts = labelled(scores, M);
  scores.forEach((score, i) => sums[i % M] += Number.isNaN(score) ? 0 : score);
  return scores.map((score, i) => {
    const n = counts[i % M];
    return sums[i % M] === 0 || sums[i % M] === n ? (n * score + 0.5) / (n + 1) : score;
  });
}

/** Grams of inputs, and inverses by penalty: a grid of penalties and all models share them. */
const bounds = new WeakMap<Float32Array, Map<string, Promise<Float64Array>>>();

/** B⁻¹, [(D + 1)²]; its last row and column are zero without a bias. */
function inverseBound(x: Matrix, penalty: number, bias: boolean): Promise<Float64Array> {
  const known = bounds.get(x.data) ?? new Map<string, Promise<Float64Array>>();
  bounds.set(x.data, known);
  const key = `${x.rows} ${x.width} ${penalty} ${bias}`;
  const found = known.get(key) ?? invert(x, penalty, bias, known);
  known.set(key, found);
  return found;
}

async function invert(
  x: Matrix,
  penalty: number,
  bias: boolean,
  known: Map<string, Promise<Float64Array>>,
): Promise<Float64Array> {
  const { rows: N, width: D } = x, E = D + 1;
  const xx = known.get("gram") ?? gram(x);
  known.set("gram", xx);
  const inner = await xx, ones = new Float64Array(N).fill(1);
  const sums = bias ? await crossGram(x, ones, 1) : new Float64Array(D);
  const bound = new Float64Array(E * E), identity = new Float64Array(E * E);
  for (let i = 0; i < D; i++) {
    for (let j = 0; j < D; j++) bound[i * E + j] = inner[i * D + j] / 4;
    bound[i * E + i] += penalty;
    bound[D * E + i] = bound[i * E + D] = sums[i] / 4;
  }
  // The bias is determined by the data alone; a trace on the diagonal keeps the factor well-defined.
  bound[D * E + D] = bias ? N / 4 * (1 + 1e-9) + 1e-9 : 1;
  for (let i = 0; i < (bias ? E : D); i++) identity[i * E + i] = 1;
  return await solveSpd(bound, identity, E, E);
}
