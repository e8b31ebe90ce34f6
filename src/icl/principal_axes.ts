/**
 * The directions in which many wide vectors spread most, found by one step of randomised subspace iteration
 * (Halko, Martinsson, Tropp 2011): Y = XΩ for random signs Ω, then an orthonormal basis of XᵀY.
 *
 * Close to the leading principal axes of the (uncentred) vectors, at the price of three products where a
 * decomposition of 4,096² numbers would take minutes.
 * @module
 */
import type { Random } from "../base/random.ts";
import { product } from "../linalg/gemm.ts";
import { crossGram } from "../linalg/gram.ts";
import { type Matrix, matrix } from "../linalg/matrix.ts";

/**
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
