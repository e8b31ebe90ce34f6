/**
 * Significance over a table of comparisons (Holm), and the spread over seeds.
 * @module
 */
import { sampleMean } from "./quality.ts";

/**
 * Holm's step-down adjustment over all comparisons of a table: with p sorted upwards,
 * adjusted p_(j) = max over i ≤ j of min(1, (m − i + 1)·p_(i)).
 *
 * @param p unadjusted p-values, in any order; null = not tested, and not counted
 * @returns adjusted p-values, in the order given; null where not tested
 * @throws {RangeError} when a p-value is not in 0…1
 */
export function holm(p: readonly (number | null)[]): (number | null)[] {
  const stray = p.find((value) => value !== null && !(value >= 0 && value <= 1));
  if (stray !== undefined) throw new RangeError(`p-value ${stray} is not in 0…1`);
  const order = p.flatMap((value, at) => value === null ? [] : [{ value, at }])
    .sort((a, b) => a.value - b.value);
  const adjusted = new Array<number | null>(p.length).fill(null);
  let highest = 0;
  order.forEach(({ value, at }, j) => {
    highest = Math.max(highest, Math.min(1, (order.length - j) * value));
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
