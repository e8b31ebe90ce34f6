/**
 * Support-vector regression with an ε-insensitive loss, for many columns that share one kernel matrix:
 *
 *   f(x) = Σ_i β_i K(x, x_i) + b,   min_f  ½ |f|²_K + C Σ_i max(0, |f(x_i) − y_i| − ε)
 *
 * The dual is a box with one equation, min ½ βᵀKβ − yᵀβ + ε|β|₁ under |β_i| ≤ C and Σβ = 0 (the equation comes
 * from the bias, which is not penalised). Sequential minimal optimisation moves two coefficients at a
 * time, one up and one down, chosen as libsvm does: the one that is worst off, and the partner that promises
 * the largest gain (Fan, Chen and Lin, 2005).
 * @module
 */
import { forEachProductBlock } from "./gemm.ts";
import { type Matrix, squareNorms } from "./matrix.ts";
import { plainProduct } from "./product_kernel.ts";
import { type SvrSpace, svrSpace } from "./svr_kernel.ts";

/** Settings of a fit. */
export interface SvrOptions {
  /** Price of an error beyond ε, above 0. */
  readonly cost: number;
  /** Errors up to this size are free. */
  readonly epsilon: number;
  /** How far the optimality conditions may be missed. Default 10⁻³, as libsvm's. */
  readonly tolerance?: number;
}

/** Fitted columns. */
export interface SvrFit {
  /** β, row-major [n × m]; 0 for a row whose label is missing. */
  readonly coefficients: Float64Array;
  /** b, length m; NaN for a column without a label. */
  readonly bias: Float64Array;
}

/** Pair moves a row, at most: a bound for unknown cases. */
const MOST_MOVES = 1000;

/**
 * Fits every column of `labels` [n × m] (NaN = missing) on a kernel matrix [n × n].
 * @throws {RangeError} when a size does not fit, or cost or ε is out of range
 */
export function svrFit(
  kernel: Float32Array,
  labels: Float64Array,
  { cost, epsilon, tolerance = 1e-3 }: SvrOptions,
): SvrFit {
  const n = Math.round(Math.sqrt(kernel.length)), m = n > 0 ? labels.length / n : 0;
  if (n * n !== kernel.length || !Number.isInteger(m)) {
    throw new RangeError(`${labels.length} labels for a kernel of ${kernel.length} values`);
  }
  if (!(cost > 0)) throw new RangeError(`the cost of an error: expected > 0, got ${cost}`);
  if (!(epsilon >= 0)) throw new RangeError(`ε: expected ≥ 0, got ${epsilon}`);
  const coefficients = new Float64Array(n * m), bias = new Float64Array(m);
  const space = svrSpace(kernel, n);
  for (let c = 0; c < m; c++) {
    const own = Float64Array.from({ length: n }, (_, i) => labels[i * m + c]);
    const fit = fitColumn(space, own, cost, epsilon, tolerance);
    fit.beta.forEach((value, i) => coefficients[i * m + c] = value);
    bias[c] = fit.bias;
  }
  return { coefficients, bias };
}

/**
 * The slope of the dual in β_i has a kink of ±ε at 0. With f_i = (Kβ)_i − y_i it is f_i + ε going up and f_i − ε
 * going down, but f_i − ε up from below 0 and f_i + ε down from above. Optimal: no slope up is below
 * another's slope down; −b lies between the two.
 *
 * `rise` and `fall` hold what is added to f_i for either slope, infinite at a wall and for a row without
 * a label: such a row is passed over by the comparisons as they are.
 */
function fitColumn(
  { f, rise, fall, shift, partner }: SvrSpace,
  y: Float64Array,
  cost: number,
  epsilon: number,
  tolerance: number,
): { beta: Float64Array; bias: number } {
  const n = y.length, beta = new Float64Array(n);
  y.forEach((label, i) => {
    const isKnown = label === label;
    f[i] = isKnown ? -label : 0;
    rise[i] = isKnown ? epsilon : Infinity;
    fall[i] = isKnown ? -epsilon : -Infinity;
  });
  if (y.every(Number.isNaN)) return { beta, bias: NaN };
  const move = (i: number, value: number): void => {
    beta[i] = value;
    rise[i] = value < cost ? (value < 0 ? -epsilon : epsilon) : Infinity;
    fall[i] = value > -cost ? (value > 0 ? epsilon : -epsilon) : -Infinity;
  };
  let t = 0, up = 0, down = 0;
  for (let moves = 0;; moves++) {
    const { least, at, most } = shift(t, up, down); // the last move
    if (most - least < tolerance || moves >= MOST_MOVES * n) {
      return { beta, bias: -(least + most) / 2 };
    }
    up = at;
    const best = partner(least, up);
    down = best.at;
    // Up to the next kink or wall of either: coefficients land on 0 and ±C exactly.
    const roomUp = beta[up] < 0 ? -beta[up] : cost - beta[up];
    const roomDown = beta[down] > 0 ? beta[down] : cost + beta[down];
    t = Math.min(best.step, roomUp, roomDown);
    move(up, t < roomUp ? beta[up] + t : beta[up] < 0 ? 0 : cost);
    move(down, t < roomDown ? beta[down] - t : beta[down] > 0 ? 0 : -cost);
  }
}

/** The kernel exp(−γ|x − x'|²) of rows with themselves, [n × n]. */
export async function rbfKernel(x: Matrix, gamma: number): Promise<Float32Array> {
  const out = new Float32Array(x.rows * x.rows);
  await forEachKernelBlock(x, x, gamma, (start, block) => out.set(block, start * x.rows));
  for (let i = 0; i < x.rows; i++) {
    out[i * x.rows + i] = 1;
    for (let j = 0; j < i; j++) out[j * x.rows + i] = out[i * x.rows + j];
  }
  return out;
}

/** f(x) for the rows of `x`, given the rows [n × d] of a fit with the kernel exp(−γ|x − x'|²). [Q × m] */
export async function svrPredict(
  x: Matrix,
  rows: Matrix,
  gamma: number,
  { coefficients, bias }: SvrFit,
): Promise<Float64Array> {
  const n = rows.rows, m = bias.length, out = new Float64Array(x.rows * m);
  await forEachKernelBlock(x, rows, gamma, (start, block, count) => {
    out.set(plainProduct(block.subarray(0, count * n), coefficients, count, n, m), start * m);
  });
  for (let i = 0; i < out.length; i++) out[i] += bias[i % m];
  return out;
}

/** Blocks of whole rows of the kernel of `a` with `b`, as `forEachProductBlock` hands them out. */
async function forEachKernelBlock(
  a: Matrix,
  b: Matrix,
  gamma: number,
  visit: (start: number, block: Float32Array, rows: number) => void,
): Promise<void> {
  const own = squareNorms(a), other = squareNorms(b);
  await forEachProductBlock(a, b, (start, block, rows) => {
    for (let i = 0, at = 0; i < rows; i++) {
      for (let j = 0; j < b.rows; j++, at++) {
        const square = own[start + i] + other[j] - 2 * block[at];
        block[at] = Math.exp(-gamma * Math.max(0, square));
      }
    }
    visit(start, block, rows);
  });
}
