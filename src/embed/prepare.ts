/**
 * From raw features to the vectors routers see: what has to be fitted is fitted on training rows only,
 * then every row is scaled to length 1 and rounded to the exact grid.
 * @module
 */
import { type Matrix, matrix, normaliseToGrid, takeRows } from "../linalg/matrix.ts";
import type { Preparation } from "./provider.ts";

/**
 * Vectors [N × D] of all rows, fitted on the named training rows; `raw` is left as it is. A row that is
 * zero stays zero, except that centring and standardising move it.
 *
 * @param order the rows of the result, by their numbers in `raw`. Default: all, as they are
 * @throws {RangeError} when something has to be fitted and there are no training rows
 */
export function prepareVectors(
  raw: Matrix,
  preparation: Preparation,
  trainRows: ArrayLike<number>,
  order?: ArrayLike<number>,
): Matrix {
  if (preparation !== "none" && trainRows.length === 0) {
    throw new RangeError(`"${preparation}" is fitted on training rows, got none`);
  }
  const { rows, width } = raw;
  const out = order ? takeRows(raw, order) : matrix(rows, width, raw.data.slice());
  if (preparation === "centre") {
    const mean = meanOf(raw, trainRows);
    for (let start = 0; start < out.data.length; start += width) {
      for (let j = 0; j < width; j++) out.data[start + j] -= mean[j];
    }
  }
  if (preparation === "standardise") {
    const mean = meanOf(raw, trainRows), scale = inverseDeviations(raw, mean, trainRows);
    for (let start = 0; start < out.data.length; start += width) {
      for (let j = 0; j < width; j++) {
        out.data[start + j] = (out.data[start + j] - mean[j]) * scale[j];
      }
    }
  }
  if (preparation === "idf") {
    const weights = idfOf(raw, trainRows);
    for (let start = 0; start < out.data.length; start += width) {
      for (let j = 0; j < width; j++) out.data[start + j] *= weights[j];
    }
  }
  return normaliseToGrid(out);
}

function meanOf(raw: Matrix, rows: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(raw.width);
  for (let i = 0; i < rows.length; i++) {
    const start = rows[i] * raw.width;
    for (let j = 0; j < raw.width; j++) sum[j] += raw.data[start + j];
  }
  return sum.map((s) => s / rows.length);
}

/** 1 / standard deviation of every dimension; 0 of one that does not vary. */
function inverseDeviations(
  raw: Matrix,
  mean: Float64Array,
  rows: ArrayLike<number>,
): Float64Array {
  const squares = new Float64Array(raw.width);
  for (let i = 0; i < rows.length; i++) {
    const start = rows[i] * raw.width;
    for (let j = 0; j < raw.width; j++) squares[j] += (raw.data[start + j] - mean[j]) ** 2;
  }
  return squares.map((sum, j) => {
    const deviation = Math.sqrt(sum / rows.length);
    // Rounding of the mean leaves equal numbers a deviation of this order.
    return deviation > 1e-12 * Math.abs(mean[j]) ? 1 / deviation : 0;
  });
}

/** Smoothed inverse document frequency: ln((1 + N) / (1 + df)) + 1. */
function idfOf(raw: Matrix, rows: ArrayLike<number>): Float64Array {
  const found = new Float64Array(raw.width);
  for (let i = 0; i < rows.length; i++) {
    const start = rows[i] * raw.width;
    for (let j = 0; j < raw.width; j++) if (raw.data[start + j] !== 0) found[j]++;
  }
  return found.map((df) => Math.log((1 + rows.length) / (1 + df)) + 1);
}
