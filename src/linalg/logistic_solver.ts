/**
 * The optimiser behind `logistic.ts`: L-BFGS for many columns side by side.
 *
 * All columns share the features A, so an iteration costs two products for all of them together: A·d
 * before the step and Aᵀ·(p − y) after it. Two things keep iterations few:
 *
 * - The first guess of the Hessian is not a multiple of 1 but AᵀWA + ρI, with the weight p(1 − p) of every
 *   row averaged over the columns: right for one column, near for many. It is renewed now and then, and one
 *   inverse serves all.
 * - Along a direction the logits are z + t·A·d, so that the best step t is found per column without any
 *   further product, by Newton's method in one dimension.
 *
 * @module
 */
import { productF64 } from "./gemm.ts";
import { solveSpd } from "./cholesky.ts";
import { dense, isSmall } from "./runtime.ts";

/** Regressions on shared features. */
export interface Regressions {
  /** A, row-major [n × d]. */
  readonly features: Float64Array;
  /** n. */
  readonly rows: number;
  /** d. */
  readonly width: number;
  /** m. */
  readonly columns: number;
  /** Labels in [0, 1], row-major [n × m], NaN = missing. */
  readonly labels: Float64Array;
  /** Added to the logits, [n × m]. */
  readonly offsets: Float64Array;
}

/** Steps that an estimate of the curvature is made of. */
const MEMORY = 30;
/** More iterations than any known case needs: a bound for unknown ones. */
const MOST_ITERATIONS = 500;
/** The first guess of the Hessian is renewed after this number of steps: with strong labels the weights change much. */
const RENEWAL = 30;
/**
 * A column is done when its next step promises a smaller gain in log-likelihood than this, ½ gᵀH⁻¹g. As that
 * is ½ Σ p(1 − p) δ² for an error δ of the logits, no probability is off by more than some 10⁻⁶.
 */
const GAIN = 1e-12;
/** A step is good enough where the slope has fallen to this share. */
const SLOPE = 0.1;

/** One step for all columns and what it did to the gradient. */
interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** 1 / step·change of every column, 0 where there was no step. */
  readonly scale: Float64Array;
}

/**
 * Minimises Σ BCE(σ(A·u + offset), y) + ½ Σ_j penalties_j u_j² for every column.
 *
 * @param penalties one a feature, length d
 * @param start initial u, [d × m]; it is not changed
 * @returns u, row-major [d × m]
 */
export async function minimise(
  problem: Regressions,
  penalties: Float64Array,
  start: Float64Array,
): Promise<Float64Array> {
  const { features, rows: n, width: d, columns: m, offsets } = problem;
  const u = start.slice(), logits = await productF64(features, u, n, d, m);
  for (let i = 0; i < logits.length; i++) logits[i] += offsets[i];
  let gradient = await gradientAt(problem, penalties, logits, u);
  let inverse = new Float64Array();
  const pairs: Pair[] = [], open = new Uint8Array(m).fill(1);
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    if (iteration % RENEWAL === 0) inverse = await inverseHessian(problem, penalties, logits);
    const direction = await descent(gradient, pairs, inverse, d, m);
    const slopes = columnProducts(gradient, direction, m);
    for (let c = 0; c < m; c++) open[c] = open[c] && slopes[c] < -2 * GAIN ? 1 : 0;
    if (!open.includes(1)) break;
    const change = await productF64(features, direction, n, d, m);
    const lengths = bestSteps(problem, penalties, logits, change, u, direction, slopes, open);
    for (let i = 0; i < direction.length; i++) u[i] += direction[i] *= lengths[i % m];
    for (let i = 0; i < logits.length; i++) logits[i] += lengths[i % m] * change[i];
    const next = await gradientAt(problem, penalties, logits, u);
    const turned = next.map((value, i) => value - gradient[i]);
    const scale = columnProducts(direction, turned, m).map((product) =>
      product > 0 ? 1 / product : 0
    );
    if (pairs.push({ step: direction, change: turned, scale }) > MEMORY) pairs.shift();
    gradient = next;
  }
  return u;
}

/** Aᵀ(σ(z) − y) + ρ·u, [d × m]. */
async function gradientAt(
  { features, rows: n, width: d, columns: m, labels }: Regressions,
  penalties: Float64Array,
  logits: Float64Array,
  u: Float64Array,
): Promise<Float64Array> {
  const off = logits.map((z, i) => labels[i] === labels[i] ? sigmoid(z) - labels[i] : 0);
  const out = await transposedProduct(features, off, n, d, m);
  for (let i = 0; i < out.length; i++) out[i] += penalties[Math.floor(i / m)] * u[i];
  return out;
}

/** (AᵀWA + ρI)⁻¹, [d × d], W = the rows' p(1 − p), averaged over the columns; 0 where a label is missing. */
async function inverseHessian(
  { features, rows: n, width: d, columns: m, labels }: Regressions,
  penalties: Float64Array,
  logits: Float64Array,
): Promise<Float64Array<ArrayBuffer>> {
  const roots = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let weight = 0;
    for (let at = i * m; at < (i + 1) * m; at++) {
      const p = sigmoid(logits[at]);
      if (labels[at] === labels[at]) weight += p * (1 - p) / m;
    }
    roots[i] = Math.sqrt(weight);
  }
  const hessian = await weightedGram(features, roots, n, d);
  const identity = new Float64Array(d * d);
  let trace = 0;
  for (let j = 0; j < d; j++) trace += hessian[j * d + j] + penalties[j];
  for (let j = 0; j < d; j++) {
    // The last term keeps a pivot positive even where neither rows nor penalty determine it.
    hessian[j * d + j] += penalties[j] + 1e-10 * trace / d;
    identity[j * d + j] = 1;
  }
  return await solveSpd(hessian, identity, d, d) as Float64Array<ArrayBuffer>;
}

/** In products with fewer columns the runtime sums in another order. */
const THIN = 33;

/** AᵀWA of A [n × d], given the roots of the weights: its lower triangle, the rest is of no meaning. [d × d] */
async function weightedGram(
  features: Float64Array,
  roots: Float64Array,
  n: number,
  d: number,
): Promise<Float64Array> {
  const half = Math.ceil(d / 2);
  if (isSmall(n * d * d) || half < THIN) {
    const weighted = features.map((value, at) => value * roots[Math.floor(at / d)]);
    return await transposedProduct(weighted, weighted, n, d, d);
  }
  const weighted = weightedColumns(features, roots, n, d), gram = new Float64Array(d * d);
  const part = (top: number, end: number) => ({
    data: weighted.subarray(top * n, end * n),
    rows: end - top,
    columns: n,
  });
  for (const [top, end] of [[0, half], [half, d]]) { // half of the rows end at half of the columns
    const space = new Float64Array((end - top) * end);
    const found = await dense(part(top, end), part(0, end), "right", space);
    for (let i = top; i < end; i++) {
      gram.set(found.subarray((i - top) * end, (i - top + 1) * end), i * d);
    }
  }
  return gram;
}

/** Columns of A [n × d] times the roots, one after the other, [d × n]; some rows at a time, as caches like it. */
function weightedColumns(
  features: Float64Array,
  roots: Float64Array,
  n: number,
  d: number,
): Float64Array {
  const out = new Float64Array(n * d), most = 16;
  for (let start = 0; start < n; start += most) {
    const end = Math.min(n, start + most);
    for (let j = 0; j < d; j++) {
      for (let i = start; i < end; i++) out[j * n + i] = features[i * d + j] * roots[i];
    }
  }
  return out;
}

/** −H⁻¹g as L-BFGS sees it (the two-loop recursion), [d × m]. */
async function descent(
  gradient: Float64Array,
  pairs: readonly Pair[],
  inverse: Float64Array,
  d: number,
  m: number,
): Promise<Float64Array> {
  const q = gradient.slice(), shares: Float64Array[] = [];
  for (let k = pairs.length - 1; k >= 0; k--) {
    const { step, change, scale } = pairs[k];
    const share = columnProducts(step, q, m).map((product, c) => product * scale[c]);
    for (let i = 0; i < q.length; i++) q[i] -= share[i % m] * change[i];
    shares[k] = share;
  }
  const r = await productF64(inverse, q, d, d, m);
  pairs.forEach(({ step, change, scale }, k) => {
    const share = columnProducts(change, r, m);
    for (let c = 0; c < m; c++) share[c] = shares[k][c] - scale[c] * share[c];
    for (let i = 0; i < r.length; i++) r[i] += share[i % m] * step[i];
  });
  for (let i = 0; i < r.length; i++) r[i] = -r[i];
  return r;
}

/** How far to go along every column's direction: where the slope has all but vanished; 0 for closed ones. */
function bestSteps(
  { rows: n, width: d, columns: m, labels }: Regressions,
  penalties: Float64Array,
  logits: Float64Array,
  change: Float64Array,
  u: Float64Array,
  direction: Float64Array,
  slopes: Float64Array,
  open: Uint8Array,
): Float64Array {
  const lengths = new Float64Array(m);
  for (let c = 0; c < m; c++) {
    if (!open[c]) continue;
    let pull = 0, stiffness = 0; // the penalty's slope at t is pull + t · stiffness
    for (let j = 0; j < d; j++) {
      const step = direction[j * m + c];
      pull += penalties[j] * u[j * m + c] * step;
      stiffness += penalties[j] * step * step;
    }
    let t = 1, low = 0, high = Infinity;
    for (let attempt = 0; attempt < 50; attempt++) {
      let slope = pull + t * stiffness, curvature = stiffness;
      for (let i = c; i < n * m; i += m) {
        if (labels[i] !== labels[i]) continue;
        const p = sigmoid(logits[i] + t * change[i]);
        slope += (p - labels[i]) * change[i];
        curvature += p * (1 - p) * change[i] * change[i];
      }
      if (Math.abs(slope) <= -SLOPE * slopes[c]) break;
      if (slope < 0) low = t;
      else high = t;
      t -= slope / curvature;
      if (!(t > low && t < high)) t = high < Infinity ? (low + high) / 2 : 2 * low;
    }
    lengths[c] = t;
  }
  return lengths;
}

/** Inner products of the columns of two [d × m] arrays. Length m. */
function columnProducts(a: Float64Array, b: Float64Array, m: number): Float64Array {
  const out = new Float64Array(m);
  for (let i = 0; i < a.length; i += m) {
    for (let c = 0; c < m; c++) out[c] += a[i + c] * b[i + c];
  }
  return out;
}

/** AᵀB of a [n × d] and b [n × m], row-major [d × m]. */
export async function transposedProduct(
  a: Float64Array,
  b: Float64Array,
  n: number,
  d: number,
  m: number,
): Promise<Float64Array> {
  const out = new Float64Array(d * m);
  if (!isSmall(n * d * m)) {
    return dense({ data: a, rows: n, columns: d }, { data: b, rows: n, columns: m }, "left", out);
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      const value = a[i * d + j];
      for (let c = 0; c < m; c++) out[j * m + c] += value * b[i * m + c];
    }
  }
  return out;
}

/** σ(z). */
export function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}
