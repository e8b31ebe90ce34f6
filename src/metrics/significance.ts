/**
 * Significance over a table of comparisons (Holm), and the spread over seeds.
 * @module
 */
import { sampleMean } from "./quality.ts";

/**
 * Holm's step-down adjustment over all comparisons of a table: with p sorted upwards,
 * adjusted p_(j) = max over i ≤ j of min(1, (m − i + 1)·p_(i)).
 *
 * @param p unadjusted p-values, in any order
 * @returns adjusted p-values, in the order given
 * @throws {RangeError} when a p-value is not in 0…1
 */
export function holm(p: readonly number[]): number[] {
  const stray = p.find((value) => !(value >= 0 && value <= 1));
  if (stray !== undefined) throw new RangeError(`p-value ${stray} is not in 0…1`);
  const order = [...p.keys()].sort((a, b) => p[a] - p[b]);
  const adjusted = new Array<number>(p.length);
  let highest = 0;
  order.forEach((at, j) => {
    highest = Math.max(highest, Math.min(1, (p.length - j) * p[at]));
    adjusted[at] = highest;
  });
  return adjusted;
}

/**
 * Mean and sample standard deviation (divisor S − 1) over seeds or splits, to print beside the query
 * bootstrap, never instead of it.
 *
 * @returns sd null for a single seed
 * @throws {DataError} naming the position of a missing value
 */
export function overSeeds(values: Float64Array): { mean: number; sd: number | null } {
  const mean = sampleMean(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null };
}
