/**
 * Initial centres of k-means. For rows on the grid of `matrix.ts` all sums of distances are exact.
 * @module
 */
import type { Random } from "../base/random.ts";
import { type Matrix, squareNormsOnce } from "./matrix.ts";
import { rowProducts } from "./integer_store.ts";

/**
 * Greedy k-means++: each next centre is the one of 2 + ⌊ln k⌋ rows (as in scikit-learn), drawn with probability
 * proportional to their squared distance from the centres so far, that brings this distance down most. Rows are
 * drawn in the sequence `order`. Returns the row numbers, fewer than `k` when every row already coincides with a
 * centre.
 */
export async function seedRows(
  x: Matrix,
  k: number,
  order: Int32Array,
  random: Random,
): Promise<number[]> {
  const trials = 2 + Math.floor(Math.log(k)), square = squareNormsOnce(x), seeds: number[] = [];
  const distance = new Float64Array(x.rows).fill(Infinity);
  let drawn = [order[random.integer(x.rows)]];
  while (true) {
    const inner = await rowProducts(drawn, x);
    const totals = drawn.map((i, t) => totalWith(distance, square, square[i], inner[t]));
    const best = totals.reduce((best, total, t) => total < totals[best] ? t : best, 0);
    const own = square[drawn[best]], chosen = inner[best];
    for (let i = 0; i < x.rows; i++) {
      distance[i] = Math.min(distance[i], square[i] + own - 2 * chosen[i]);
    }
    seeds.push(drawn[best]);
    if (seeds.length === k || totals[best] === 0) return seeds;
    drawn = drawRows(distance, order, trials, random);
  }
}

/**
 * Sum of the rows' squared distances to the nearest centre, once a row is one too.
 *
 * @param square |x|² of every row
 * @param own that of the new centre
 * @param inner its product with every row
 */
function totalWith(
  distance: Float64Array,
  square: Float64Array,
  own: number,
  inner: Float32Array,
): number {
  let total = 0;
  for (let i = 0; i < distance.length; i++) {
    const d = square[i] + own - 2 * inner[i];
    total += d < distance[i] ? d : distance[i];
  }
  return total;
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
