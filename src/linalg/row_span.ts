/**
 * Few rows of many columns, turned into as many columns as there are rows, with all inner products kept.
 *
 * A linear model w with a penalty on |w| needs no direction outside the span of its rows X [n × D]. With
 * XXᵀ = ZZᵀ (Cholesky) the rows of Z [n × n] stand for those of X: w = Xᵀα with Zᵀα = u has X·w = Z·u and
 * |w| = |u|.
 * @module
 */
import { crossGram } from "./gram.ts";
import { transposedProduct } from "./logistic_solver.ts";
import type { Matrix } from "./matrix.ts";

/** A row counts as lying in the span of those before if it adds less than this share of a squared length. */
const NOTHING_NEW = 1e-11;

/** Z of XXᵀ = ZZᵀ, lower triangular [n × n]; a row that adds no direction has zeros for a column. */
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
