/**
 * Mean and covariance of rows, from which `distil.ts` takes principal components.
 * @module
 */

/** Covariance [width × width] of the rows of a row-major matrix around `mean`. */
export function covariance(data: ArrayLike<number>, mean: Float64Array): Float64Array {
  const width = mean.length;
  const rows = data.length / width;
  const out = new Float64Array(width * width);
  const centred = new Float64Array(width);
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < width; j++) centred[j] = data[r * width + j] - mean[j];
    for (let i = 0; i < width; i++) {
      for (let j = 0, at = i * width; j <= i; j++) out[at + j] += centred[i] * centred[j];
    }
  }
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) out[j * width + i] = out[i * width + j] /= rows;
  }
  return out;
}

/** Mean of the rows of a row-major matrix. */
export function columnMeans(data: ArrayLike<number>, width: number): Float64Array {
  const mean = new Float64Array(width);
  for (let at = 0; at < data.length; at++) mean[at % width] += data[at];
  return mean.map((sum) => sum / (data.length / width));
}

