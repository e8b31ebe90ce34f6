/**
 * Ridge regression in closed form, W = (XᵀX + ρI)⁻¹XᵀS with a bias that is not penalised, for many targets
 * and a whole path of penalties at once.
 *
 * Targets may have missing cells: each is fitted on exactly the rows where it is known, and targets known
 * on the same rows share their Gram matrix.
 * @module
 */
import { sha256 } from "../base/hash.ts";
import { type Matrix, matrix, takeRows } from "./matrix.ts";
import { solveSpd } from "./cholesky.ts";
import { productF64 } from "./gemm.ts";
import { crossGram, gram } from "./gram.ts";

/** The fit at one penalty. */
export interface RidgeFit {
  /** Relative penalty, as asked. */
  readonly rho: number;
  /** Row-major [(d + 1) × m], the bias in the last row; NaN for a target without a known cell. */
  readonly weights: Float64Array;
}

/**
 * Fits `y` [n × m] (NaN = missing) to `x` [n × d] at every penalty of `rhos`. Penalties are relative: a
 * target known on the rows R is fitted with ρ · trace(X_RᵀX_R) / d.
 * @throws {RangeError} when `y` does not have n rows, or a penalty is not positive
 */
export async function ridgePath(
  x: Matrix,
  y: Float64Array,
  rhos: readonly number[],
): Promise<RidgeFit[]> {
  const d = x.width, m = y.length / x.rows;
  if (!Number.isInteger(m)) throw new RangeError(`${y.length} targets for ${x.rows} rows`);
  const bad = rhos.find((rho) => !(rho > 0));
  if (bad !== undefined) throw new RangeError(`ridge penalty: expected > 0, got ${bad}`);

  const fits = rhos.map((rho) => ({ rho, weights: new Float64Array((d + 1) * m).fill(NaN) }));
  let whole: Float64Array | undefined;
  for (const { rows, columns } of groupByKnownRows(y, m)) {
    if (rows.length === 0) continue;
    const known = rows.length === x.rows ? x : takeRows(x, rows);
    const targets = new Float64Array(rows.length * columns.length);
    rows.forEach((r, i) =>
      columns.forEach((c, j) => targets[i * columns.length + j] = y[r * m + c])
    );

    let system: System;
    if (rows.length < d) system = await dualSystem(known, targets, columns.length);
    else {
      whole ??= await gram(x);
      system = await primalSystem(known, targets, columns.length, await gramOf(x, rows, whole));
    }
    for (const { rho, weights } of fits) {
      const fitted = await system(rho);
      for (let i = 0; i <= d; i++) {
        columns.forEach((c, j) => weights[i * m + c] = fitted[i * columns.length + j]);
      }
    }
  }
  return fits;
}

/**
 * Predictions X·W + bias of a {@link RidgeFit}'s weights for the rows of `x` [n × d], [n × m].
 * @throws {RangeError} when the weights do not fit the width of `x`
 */
export async function ridgePredict(x: Matrix, weights: Float64Array): Promise<Float64Array> {
  const d = x.width, m = weights.length / (d + 1), step = 4096;
  if (!Number.isInteger(m)) {
    throw new RangeError(`${weights.length} weights for rows of width ${d}`);
  }
  const out = new Float64Array(x.rows * m);
  for (let start = 0; start < x.rows; start += step) {
    const rows = Math.min(step, x.rows - start);
    const part = new Float64Array(x.data.subarray(start * d, (start + rows) * d));
    out.set(await productF64(part, weights.subarray(0, d * m), rows, d, m), start * m);
  }
  for (let i = 0; i < out.length; i++) out[i] += weights[d * m + i % m];
  return out;
}

/** Weights and bias, [(d + 1) × m], at a relative penalty. */
type System = (rho: number) => Promise<Float64Array>;

/** Solves for the d weights of a target: (XᵀX − n·x̄x̄ᵀ + ρI)·W = XᵀY − n·x̄ȳᵀ. */
async function primalSystem(
  x: Matrix,
  y: Float64Array,
  m: number,
  gramOfX: Float64Array,
): Promise<System> {
  const n = x.rows, d = x.width;
  const xMean = meanRow(x.data, d), yMean = meanRow(y, m);
  const right = await crossGram(x, y, m);
  const left = gramOfX.slice();
  let trace = 0;
  for (let i = 0; i < d; i++) {
    trace += left[i * d + i];
    for (let j = 0; j < d; j++) left[i * d + j] -= n * xMean[i] * xMean[j];
    for (let c = 0; c < m; c++) right[i * m + c] -= n * xMean[i] * yMean[c];
  }
  return async (rho) => {
    const weights = await solvePenalised(left, right, d, m, rho * trace / d);
    return withBias(weights, xMean, yMean);
  };
}

/**
 * With fewer rows than columns, solves for one coefficient a row instead: (HXXᵀH + ρI)·A = HY with the
 * centring H = I − 11ᵀ/n, then W = (HX)ᵀA.
 */
async function dualSystem(x: Matrix, y: Float64Array, m: number): Promise<System> {
  const n = x.rows, d = x.width;
  const xMean = meanRow(x.data, d), yMean = meanRow(y, m);
  const right = y.map((value, i) => value - yMean[i % m]);
  const left = await gram(transposed(x));
  const kernelMean = meanRow(left, n), mean = kernelMean.reduce((sum, v) => sum + v, 0) / n;
  let trace = 0;
  for (let i = 0; i < n; i++) {
    trace += left[i * n + i];
    for (let j = 0; j < n; j++) left[i * n + j] += mean - kernelMean[i] - kernelMean[j];
  }
  return async (rho) => {
    const coefficients = await solvePenalised(left, right, n, m, rho * trace / d);
    const total = meanRow(coefficients, m).map((value) => value * n);
    const weights = await crossGram(x, coefficients, m);
    for (let i = 0; i < weights.length; i++) {
      weights[i] -= xMean[Math.floor(i / m)] * total[i % m];
    }
    return withBias(weights, xMean, yMean);
  };
}

/** (left + penalty·I)⁻¹·right. Without a penalty X is all zeros, and so are the weights. */
async function solvePenalised(
  left: Float64Array,
  right: Float64Array,
  n: number,
  m: number,
  penalty: number,
): Promise<Float64Array> {
  if (penalty === 0) return new Float64Array(n * m);
  const penalised = left.slice();
  for (let i = 0; i < n; i++) penalised[i * (n + 1)] += penalty;
  return await solveSpd(penalised, right, n, m);
}

/** Appends the bias ȳ − x̄·W as a last row. */
function withBias(weights: Float64Array, xMean: Float64Array, yMean: Float64Array): Float64Array {
  const m = yMean.length, out = new Float64Array(weights.length + m);
  out.set(weights);
  out.set(yMean, weights.length);
  for (let i = 0; i < weights.length; i++) {
    out[weights.length + i % m] -= xMean[Math.floor(i / m)] * weights[i];
  }
  return out;
}

/** Columns of y [n × m] that are known on the same rows, with those rows, ascending. */
function groupByKnownRows(y: Float64Array, m: number): { rows: Int32Array; columns: number[] }[] {
  const n = y.length / m;
  const groups = new Map<string, { rows: Int32Array; columns: number[] }>();
  for (let c = 0; c < m; c++) {
    const known = new Uint8Array(n);
    let count = 0;
    for (let i = 0; i < n; i++) count += known[i] = Number.isNaN(y[i * m + c]) ? 0 : 1;
    const key = count === n ? "all" : sha256(known);
    if (!groups.has(key)) {
      const rows = new Int32Array(count);
      for (let i = 0, at = 0; i < n; i++) if (known[i]) rows[at++] = i;
      groups.set(key, { rows, columns: [] });
    }
    groups.get(key)!.columns.push(c);
  }
  return [...groups.values()];
}

/** XᵀX over some rows (ascending), from the matrix of all rows less that of the others if these are fewer. */
async function gramOf(x: Matrix, rows: Int32Array, whole: Float64Array): Promise<Float64Array> {
  if (rows.length === x.rows) return whole;
  if (2 * rows.length < x.rows) return await gram(takeRows(x, rows));
  const left = new Set(rows);
  const others = Int32Array.from({ length: x.rows }, (_, i) => i).filter((i) => !left.has(i));
  const rest = await gram(takeRows(x, others));
  return whole.map((value, i) => value - rest[i]);
}

function meanRow(cells: Float32Array | Float64Array, width: number): Float64Array {
  const sum = new Float64Array(width), n = cells.length / width;
  for (let start = 0; start < cells.length; start += width) {
    for (let j = 0; j < width; j++) sum[j] += cells[start + j];
  }
  return sum.map((s) => s / n);
}

function transposed({ data, rows, width }: Matrix): Matrix {
  const out = matrix(width, rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) out.data[j * rows + i] = data[i * width + j];
  }
  return out;
}
