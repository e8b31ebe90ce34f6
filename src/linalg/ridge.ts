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
import { factorSpd, solveFactored } from "./cholesky.ts";
import { productF64 } from "./gemm.ts";
import { crossGram, gram, normalEquations } from "./gram.ts";

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
  const groups = groupByKnownRows(y, m);
  const long = groups.filter(({ rows }) => rows.length >= d);
  const primal = long.length > 0 ? await primalSystems(x, y, m, long) : undefined;
  for (const group of groups) {
    const { rows, columns } = group;
    if (rows.length === 0) continue;
    const system = await (rows.length < d ? dualSystem(x, y, m, group) : primal!(group));
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
  const out = new Float64Array(x.rows * m), space = takeSpace(Math.min(step, x.rows) * d);
  for (let start = 0; start < x.rows; start += step) {
    const rows = Math.min(step, x.rows - start);
    const part = space.subarray(0, rows * d);
    part.set(x.data.subarray(start * d, (start + rows) * d));
    out.set(await productF64(part, weights.subarray(0, d * m), rows, d, m), start * m);
  }
  spare = space;
  for (let i = 0; i < out.length; i++) out[i] += weights[d * m + i % m];
  return out;
}

/** Memory of the last prediction: fresh memory takes longer to be had than to be filled. */
let spare = new Float64Array();

/** Room for this many values, which nobody else has: a prediction in the meantime gets memory of its own. */
function takeSpace(size: number): Float64Array<ArrayBuffer> {
  const space = spare.length >= size ? spare : new Float64Array(size);
  spare = new Float64Array();
  return space;
}

/** Targets known on the same rows. */
interface Group {
  /** Ascending. */
  readonly rows: Int32Array;
  readonly columns: readonly number[];
}

/** Weights and bias of a group's targets, [(d + 1) × targets], at a relative penalty. */
type System = (rho: number) => Promise<Float64Array>;

/** What targets known on all rows of a matrix share, whatever they are: XᵀX, and factors by their penalty. */
interface Shared {
  gram?: Float64Array;
  readonly factors: Map<number, Float64Array>;
}

const shared = new WeakMap<Float32Array, Shared>();

/**
 * Solves for the d weights of a target: (XᵀX − n·x̄x̄ᵀ + ρI)·W = XᵀY − n·x̄ȳᵀ. Missing targets count as 0 in
 * XᵀY, and n·x̄ is the product of X with the group's 0-1 column of known rows, so that one pass over X
 * serves all groups.
 */
async function primalSystems(
  x: Matrix,
  y: Float64Array,
  m: number,
  groups: readonly Group[],
): Promise<(group: Group) => Promise<System>> {
  const d = x.width, all = m + groups.length, table = targetTable(y, m, groups);
  const known: Shared = shared.get(x.data) ?? { factors: new Map() };
  const { gram: whole, cross } = await normalEquations(x, table, all, known.gram);
  known.gram = whole;
  shared.set(x.data, known);

  return async (group) => {
    const { rows, columns } = group, n = rows.length, k = columns.length, g = groups.indexOf(group);
    const xMean = new Float64Array(d), yMean = meansOver(y, m, rows, columns);
    for (let i = 0; i < d; i++) xMean[i] = cross[i * all + m + g] / n;
    const left = await gramOf(x, rows, whole), right = new Float64Array(d * k);
    let trace = 0;
    for (let i = 0; i < d; i++) {
      trace += left[i * d + i];
      for (let j = 0; j < d; j++) left[i * d + j] -= n * xMean[i] * xMean[j];
      for (let j = 0; j < k; j++) {
        right[i * k + j] = cross[i * all + columns[j]] - n * xMean[i] * yMean[j];
      }
    }
    const factors = n === x.rows ? known.factors : undefined;
    return async (rho: number) =>
      withBias(await solvePenalised(left, right, d, k, rho * trace / d, factors), xMean, yMean);
  };
}

/** The targets with 0 for a missing cell, then a column a group that is 1 on its rows. [n × (m + groups)] */
function targetTable(y: Float64Array, m: number, groups: readonly Group[]): Float64Array {
  const n = y.length / m, all = m + groups.length, table = new Float64Array(n * all);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < m; c++) {
      const value = y[i * m + c];
      table[i * all + c] = Number.isNaN(value) ? 0 : value;
    }
  }
  for (let g = 0; g < groups.length; g++) {
    const { rows } = groups[g];
    for (let r = 0; r < rows.length; r++) table[rows[r] * all + m + g] = 1;
  }
  return table;
}

/**
 * With fewer rows than columns, solves for one coefficient a row instead: (HXXᵀH + ρI)·A = HY with the
 * centring H = I − 11ᵀ/n, then W = (HX)ᵀA.
 */
async function dualSystem(
  x: Matrix,
  y: Float64Array,
  m: number,
  { rows, columns }: Group,
): Promise<System> {
  const known = takeRows(x, rows), n = rows.length, d = x.width, k = columns.length;
  const yMean = meansOver(y, m, rows, columns);
  const right = new Float64Array(n * k);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < k; j++) right[i * k + j] = y[rows[i] * m + columns[j]] - yMean[j];
  }
  const left = await gram(transposed(known));
  const sums = await crossGram(known, new Float64Array(n).fill(1), 1);
  const xMean = sums.map((sum) => sum / n);
  const kernelMean = new Float64Array(n);
  let trace = 0;
  for (let i = 0; i < n; i++) {
    trace += left[i * n + i];
    for (let j = 0; j < n; j++) kernelMean[i] += left[i * n + j] / n;
  }
  const mean = kernelMean.reduce((sum, value) => sum + value, 0) / n;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) left[i * n + j] += mean - kernelMean[i] - kernelMean[j];
  }
  return async (rho) => {
    const coefficients = await solvePenalised(left, right, n, k, rho * trace / d);
    // A's columns sum to 0 up to rounding (1ᵀH = 0), so (HX)ᵀA = XᵀA
    return withBias(await crossGram(known, coefficients, k), xMean, yMean);
  };
}

/** (left + penalty·I)⁻¹·right. Without a penalty X is all zeros, and so are the weights. */
async function solvePenalised(
  left: Float64Array,
  right: Float64Array,
  n: number,
  m: number,
  penalty: number,
  factors = new Map<number, Float64Array>(),
): Promise<Float64Array> {
  if (penalty === 0) return new Float64Array(n * m);
  const factor = factors.get(penalty) ?? await factorSpd(penalised(left, n, penalty), n);
  factors.set(penalty, factor);
  return await solveFactored(factor, right, n, m);
}

function penalised(left: Float64Array, n: number, penalty: number): Float64Array {
  const out = left.slice();
  for (let i = 0; i < n; i++) out[i * (n + 1)] += penalty;
  return out;
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

/** Sorts the columns of y [n × m] by the rows on which they are known. */
function groupByKnownRows(y: Float64Array, m: number): Group[] {
  const n = y.length / m, complete = new Uint8Array(m).fill(1);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < m; c++) if (Number.isNaN(y[i * m + c])) complete[c] = 0;
  }
  const groups = new Map<string, { rows: Int32Array; columns: number[] }>();
  for (let c = 0; c < m; c++) {
    const known = new Uint8Array(n).fill(1);
    if (!complete[c]) { for (let i = 0; i < n; i++) known[i] = Number.isNaN(y[i * m + c]) ? 0 : 1; }
    const key = complete[c] ? "all" : sha256(known), group = groups.get(key);
    if (group) group.columns.push(c);
    else groups.set(key, { rows: rowsOf(known), columns: [c] });
  }
  return [...groups.values()];
}

/** The rows that are flagged, ascending. */
function rowsOf(flags: Uint8Array): Int32Array {
  const rows = new Int32Array(flags.length);
  let count = 0;
  for (let i = 0; i < flags.length; i++) if (flags[i] === 1) rows[count++] = i;
  return rows.slice(0, count);
}

/** XᵀX over some rows: that of all rows less that of the others, if these are fewer. A fresh array. */
async function gramOf(x: Matrix, rows: Int32Array, whole: Float64Array): Promise<Float64Array> {
  if (rows.length === x.rows) return whole.slice();
  if (2 * rows.length < x.rows) return await gram(takeRows(x, rows));
  const unknown = new Uint8Array(x.rows).fill(1);
  for (const i of rows) unknown[i] = 0;
  const rest = await gram(takeRows(x, rowsOf(unknown)));
  return whole.map((value, i) => value - rest[i]);
}

/** Mean of some columns of y [n × m] over rows where they are known. */
function meansOver(
  y: Float64Array,
  m: number,
  rows: Int32Array,
  columns: readonly number[],
): Float64Array {
  const sums = new Float64Array(columns.length);
  for (const i of rows) {
    for (let j = 0; j < columns.length; j++) sums[j] += y[i * m + columns[j]];
  }
  return sums.map((sum) => sum / rows.length);
}

function transposed({ data, rows, width }: Matrix): Matrix {
  const out = matrix(width, rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) out.data[j * rows + i] = data[i * width + j];
  }
  return out;
}
