/**
 * Significance of a comparison and of a table of them: sign test, Holm, normal interval, spread over seeds.
 * @module
 */
import { upperTailOfHalf } from "./binomial.ts";
import { sampleMean } from "./quality.ts";
import { TIE } from "./shapes.ts";

/** Outcome of a sign test. */
export interface SignTest {
  /** Units on which the router is better. */
  readonly wins: number;
  /** Units on which the reference is better. */
  readonly losses: number;
  /** Units without a difference; they are dropped. */
  readonly ties: number;
  /** Two-sided p-value. */
  readonly p: number;
}

/**
 * Exact two-sided sign test, p = min(1, 2·P[Bin(w + l, ½) ≥ max(w, l)]); on 0/1 scores it is exact McNemar.
 * Safe for any count; underflows to 0 only below 1e-308.
 *
 * @throws {RangeError} when a count is negative or not whole
 */
export function signTest(wins: number, losses: number): number {
  if (!(Number.isInteger(wins) && Number.isInteger(losses) && wins >= 0 && losses >= 0)) {
    throw new RangeError(`wins ${wins}, losses ${losses}; expected whole numbers ≥ 0`);
  }
  if (wins === losses) return 1;
  return Math.min(1, 2 * upperTailOfHalf(wins + losses, Math.max(wins, losses)));
}

/**
 * {@link signTest} of paired differences: of queries, or of seeds and splits as units (UniRoute: 400
 * splits, α = .01; remember that splits of one table overlap).
 *
 * @param differences d_i, length N; |d| ≤ 1e-12 is a tie
 * @throws {DataError} naming the row of a missing difference
 */
export function signTestOf(differences: Float64Array): SignTest {
  sampleMean(differences); // refuses a missing value, which would otherwise pass as a tie
  let wins = 0, losses = 0;
  for (const d of differences) {
    if (d > TIE) wins++;
    else if (d < -TIE) losses++;
  }
  return { wins, losses, ties: differences.length - wins - losses, p: signTest(wins, losses) };
}

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
 * 95 % interval by the normal approximation, mean ± 1.96·sd/√N with the population sd: a check on the
 * bootstrap, not a replacement.
 *
 * @throws {DataError} naming the row of a missing value
 */
export function normalInterval(
  values: Float64Array,
): { mean: number; sd: number; se: number; low: number; high: number } {
  const mean = sampleMean(values);
  const sd = Math.sqrt(sampleMean(values.map((value) => (value - mean) ** 2)));
  const se = sd / Math.sqrt(values.length);
  return { mean, sd, se, low: mean - 1.96 * se, high: mean + 1.96 * se };
}

/**
 * Mean and sample standard deviation (divisor S − 1) over seeds or splits, to stand beside the query
 * bootstrap and never in its place.
 *
 * @returns sd null for a single seed
 * @throws {DataError} naming the position of a missing value
 */
export function overSeeds(values: Float64Array): { mean: number; sd: number | null } {
  const mean = sampleMean(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null };
}
