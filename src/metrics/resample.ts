/**
 * Resampling of units (queries, or whole groups of them) within strata.
 *
 * Resampling n rows with replacement and averaging depends on the rows only through how often each
 * distinct value is drawn, and those counts are multinomial. So the counts of frequent values (with scores
 * of 0 and 1 that is all of them) are drawn at once, by conditional binomials: the same distribution as
 * drawing rows, in time independent of n. Rows with rare values are drawn one by one.
 * @module
 */
import type { Random } from "../base/random.ts";
import { DataError } from "../base/errors.ts";
import { binomial, logFactorials } from "./binomial.ts";

/** What belongs together when rows are resampled. */
export interface Grouping {
  /** Group of each row (its template, its task): whole groups are then resampled. Length N. */
  readonly groups?: ArrayLike<number>;
  /**
   * Stratum of each row (its dataset): each is resampled on its own and every one counts the same, which
   * is the interval of the dataset mean. A group must lie in one stratum. Length N.
   */
  readonly strata?: ArrayLike<number>;
}

/**
 * Means of resamples: in each stratum as many units as it has, drawn with replacement; the mean of the
 * strata's means.
 *
 * @param strata as {@link toUnits} gives them
 * @returns one mean a draw
 */
export function resampledMeans(
  strata: readonly Units[],
  draws: number,
  random: Random,
): Float64Array {
  const means = new Float64Array(draws);
  strata.forEach((stratum, k) =>
    addResampledMeans(means, stratum, random.fork("bootstrap", k), 1 / strata.length)
  );
  return means;
}

/**
 * Two-sided bootstrap p-value of "the mean is 0": twice the share of draws on the far side of 0 (draws at 0
 * count on both sides), with the observed mean counted as a draw so that it is never 0.
 */
export function bootstrapP(draws: Float64Array): number {
  let below = 0, above = 0;
  for (const draw of draws) {
    if (draw <= 0) below++;
    if (draw >= 0) above++;
  }
  return Math.min(1, 2 * (Math.min(below, above) + 1) / (draws.length + 1));
}

/**
 * Percentile interval of bootstrap draws. With k = ⌊B·(1 − level)/2⌋ it runs from the (k+1)-th smallest
 * to the (k+1)-th largest draw: the narrowest interval between draws that leaves at most a share
 * (1 − level)/2 of them strictly outside on either side. Mirroring the draws mirrors the interval.
 *
 * @param draws in any order, not changed
 * @throws {RangeError} without draws, or for a level outside (0, 1)
 */
export function percentileInterval(
  draws: Float64Array,
  level = 0.95,
): { low: number; high: number } {
  if (draws.length === 0) throw new RangeError("no bootstrap draws");
  if (!(level > 0 && level < 1)) throw new RangeError(`level ${level} is not in (0, 1)`);
  const sorted = draws.slice().sort();
  // The small term undoes the rounding of 1 − level: 10,000 draws at .95 must leave out 250, not 249.
  const outside = Math.floor(draws.length * (1 - level) / 2 + 1e-9);
  return { low: sorted[outside], high: sorted[sorted.length - 1 - outside] };
}

/** Resampling units of one stratum: rows, or groups of rows, sorted so that row order cannot matter. */
export interface Units {
  /** Sum of differences of each unit. */
  readonly sums: Float64Array;
  /** Rows in each unit. */
  readonly sizes: Float64Array;
}

/**
 * Sums the rows of each group, and sorts the groups into strata.
 *
 * @param column one difference a row
 * @param comparison number of the column, for errors
 * @throws {DataError} naming comparison and row of a missing difference
 * @throws {RangeError} when lengths do not fit, or a group lies in two strata
 */
export function toUnits(
  column: Float64Array,
  comparison: number,
  { groups, strata }: Grouping,
): Units[] {
  const rows = column.length;
  if (rows === 0) throw new RangeError(`comparison ${comparison}: no rows`);
  for (const labels of [groups, strata]) {
    if (labels && labels.length !== rows) {
      throw new RangeError(`comparison ${comparison}: ${rows} rows, but ${labels.length} labels`);
    }
  }
  const byStratum = new Map<number, Map<number, [sum: number, size: number]>>();
  const stratumOf = new Map<number, number>();
  for (let i = 0; i < rows; i++) {
    if (Number.isNaN(column[i])) {
      throw new DataError(`comparison ${comparison}, row ${i}: no difference`);
    }
    const stratum = strata ? strata[i] : 0, group = groups ? groups[i] : i;
    if ((stratumOf.get(group) ?? stratum) !== stratum) {
      throw new RangeError(`group ${group} lies in strata ${stratumOf.get(group)} and ${stratum}`);
    }
    stratumOf.set(group, stratum);
    const units = byStratum.get(stratum) ?? new Map<number, [number, number]>();
    byStratum.set(stratum, units);
    const unit = units.get(group);
    if (unit) unit[0] += column[i], unit[1]++;
    else units.set(group, [column[i], 1]);
  }
  return [...byStratum.keys()].sort((a, b) => a - b).map((stratum) => {
    const units = [...byStratum.get(stratum)!.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    return {
      sums: Float64Array.from(units, ([sum]) => sum),
      sizes: Float64Array.from(units, ([, size]) => size),
    };
  });
}

/** A binomial draw costs about as much as this many draws of a row. */
const ROWS_PER_BINOMIAL = 12;

/**
 * Adds weight × (resampled mean of a stratum) to every draw.
 *
 * How often each frequent value is hit is Multinomial(n; counts/n), drawn as a chain of binomials, each
 * conditional on the values before it; the hits that remain fall on the rare values, drawn one by one.
 */
function addResampledMeans(out: Float64Array, units: Units, random: Random, weight: number): void {
  const { piles, rare } = toPiles(units);
  const n = units.sums.length;
  const factorials = logFactorials(n);
  let behind = n;
  const share = piles.map(({ count }) => {
    const p = count / behind;
    behind -= count;
    return p;
  });
  for (let b = 0; b < out.length; b++) {
    let left = n, sum = 0, size = 0;
    for (let k = 0; k < piles.length && left > 0; k++) {
      const hits = binomial(left, share[k], random, factorials);
      left -= hits;
      sum += hits * piles[k].sum;
      size += hits * piles[k].size;
    }
    for (; left > 0; left--) {
      const at = random.integer(rare.sums.length);
      sum += rare.sums[at];
      size += rare.sizes[at];
    }
    out[b] += weight * sum / size;
  }
}

/** Units that are equal, and so interchangeable. */
interface Pile {
  readonly sum: number;
  readonly size: number;
  readonly count: number;
}

/** Frequent units in piles, the most frequent first; the others as they are. */
function toPiles({ sums, sizes }: Units): { piles: Pile[]; rare: Units } {
  const piles: Pile[] = [], rare: number[] = [];
  for (let from = 0, to = 0; from < sums.length; from = to) {
    // Equal units are neighbours, because units are sorted.
    while (to < sums.length && sums[to] === sums[from] && sizes[to] === sizes[from]) to++;
    const count = to - from;
    if (count > ROWS_PER_BINOMIAL) piles.push({ sum: sums[from], size: sizes[from], count });
    else for (let k = from; k < to; k++) rare.push(k);
  }
  piles.sort((a, b) => b.count - a.count);
  const pick = (values: Float64Array): Float64Array => Float64Array.from(rare, (k) => values[k]);
  return { piles, rare: { sums: pick(sums), sizes: pick(sizes) } };
}
