/**
 * Initial centres of k-means.
 * @module
 */
import { type Matrix, squareNorms, takeRows } from "./matrix.ts";
import type { Random } from "../base/random.ts";
import { product } from "./gemm.ts";

/**
 * Greedy k-means++: each next centre is the one of `trials` rows, drawn with probability proportional to
 * their squared distance from the centres so far, that brings this distance down most; scikit-learn tries
 * 2 + ⌊ln k⌋, and one trial is plain k-means++. Rows are drawn in the sequence `order`. Returns the row
 * numbers, fewer than `k` when every row already coincides with a centre.
 */
export async function seedRows(
  x: Matrix,
  k: number,
  order: Int32Array,
  random: Random,
  trials = 2 + Math.floor(Math.log(k)),
): Promise<number[]> {
  const square = squareNorms(x);
  const seeds: number[] = [];
  let drawn = [order[random.integer(x.rows)]];
  let distance = new Float64Array(x.rows).fill(Infinity);
  while (true) {
    const inner = (await product(x, takeRows(x, drawn))).data;
    let best = 0, bestTotal = Infinity, bestDistance = distance;
    for (let t = 0; t < drawn.length; t++) {
      const after = new Float64Array(x.rows), own = square[drawn[t]];
      let total = 0;
      for (let i = 0; i < x.rows; i++) {
        const d = square[i] + own - 2 * inner[i * drawn.length + t];
        total += after[i] = Math.min(distance[i], d);
      }
      if (total < bestTotal) best = t, bestTotal = total, bestDistance = after;
    }
    seeds.push(drawn[best]);
    distance = bestDistance;
    if (seeds.length === k || bestTotal === 0) return seeds;
    drawn = drawRows(distance, order, trials, random);
  }
}

/** Draws rows with probabilities proportional to `weight`. */
function drawRows(
  weight: Float64Array,
  order: Int32Array,
  count: number,
  random: Random,
): number[] {
  const cumulative = new Float64Array(order.length);
  let total = 0;
  for (let i = 0; i < order.length; i++) cumulative[i] = total += weight[order[i]];
  return Array.from({ length: count }, () => order[firstAbove(cumulative, random.next() * total)]);
}

/** Index of the first entry of an ascending array that is larger than `value`. */
function firstAbove(ascending: Float64Array, value: number): number {
  let low = 0, high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
