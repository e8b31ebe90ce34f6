/**
 * Intervals of paired mean differences that keep their level also where independent units are few.
 *
 * Three intervals are computed, and on each side the widest counts. The percentile bootstrap follows a skewed
 * distribution, but with few units it is too narrow: it rejects a true null in 11% of cases with 10 units. The
 * cluster-robust t interval (jackknife variance of a ratio of sums, degrees of freedom from the effective
 * number of units) is right there. Both see only what was drawn: where fewer than four units or so differ
 * from the rest, the interval for what was not drawn is the widest. With many units all are one. Below
 * {@link FEWEST_UNITS} effective units none is to be trusted, and there is none.
 * @module
 */
import { bootstrapInterval } from "./saddlepoint.ts";
import { studentP, studentQuantile } from "./student.ts";
import { type Grouping, indexUnits, type UnitIndex, type Units, unitsBy } from "./units.ts";

/**
 * Fewest effective units for an interval: 10 in one mean. In a mean over strata every stratum after the first
 * costs one more, as many as its own mean uses up.
 */
export const FEWEST_UNITS = 10;

/** A mean with its interval. */
export interface Interval {
  /** The observed mean. */
  readonly mean: number;
  /** Lower end; null where units are too few. */
  readonly low: number | null;
  /** Upper end; null where units are too few. */
  readonly high: number | null;
  /**
   * Two-sided p-value of "the mean is 0", the largest of the three intervals'; never 0, null where units are
   * too few.
   */
  readonly p: number | null;
  /** Independent units that were resampled (queries, or groups): print it where it is small. */
  readonly units: number;
  /** (Σ w)² / Σ w² over the units' weights in the mean: as many units of equal weight say as much. */
  readonly effectiveUnits: number;
}

/** What is resampled together, and how wide an interval is. */
export interface BootstrapOptions extends Grouping {
  /** Confidence level. Default .95. */
  readonly level?: number;
}

/**
 * Intervals of paired mean differences d_i = s(i, r(i)) − s(i, reference).
 *
 * With groups the statistic is still the mean over rows: sum over the drawn groups ÷ their rows. All seeds
 * of a query belong in one group: seeds × queries are not independent. Nothing is drawn: the distribution of
 * resampled means is a saddlepoint approximation ({@link bootstrapInterval}), so a p-value is as small as the
 * data say, and the same units always have the same interval.
 *
 * @param differences one column of N differences for each comparison
 * @returns one interval for each comparison; it depends on its own column, the options and nothing else,
 * and not on the order of the rows
 * @throws {DataError} naming comparison and row of a missing difference
 * @throws {RangeError} when lengths or level do not fit, or a group lies in two strata
 */
export function pairedBootstrap(
  differences: readonly Float64Array[],
  options: BootstrapOptions = {},
): Interval[] {
  const { level = 0.95 } = options;
  if (!(level > 0 && level < 1)) throw new RangeError(`level ${level} is not in (0, 1)`);
  const indices = new Map<number, UnitIndex>();
  return differences.map((column, comparison): Interval => {
    const rows = column.length;
    const index = indices.get(rows) ?? indexUnits(rows, comparison, options);
    indices.set(rows, index);
    return intervalOf(unitsBy(index, column, comparison), level);
  });
}

function intervalOf(strata: readonly Units[], level: number): Interval {
  const { mean, error, degrees, furthest, ...sizes } = studentised(strata);
  if (error === null || degrees < FEWEST_UNITS - 1) {
    return { mean, low: null, high: null, p: null, ...sizes };
  }
  if (error === 0 && mean === 0) return { mean, low: 0, high: 0, p: 1, ...sizes };
  const { low, high, p } = error === 0
    ? { low: mean, high: mean, p: 0 }
    : bootstrapInterval(strata, level);
  const half = error === 0 ? 0 : studentQuantile(1 - level, degrees) * error;
  const unseen = unseenShare((1 - level) / 2, sizes.effectiveUnits);
  // Where all units are the same, others may be as far off as differences of scores go: −1 or +1.
  const [below, above] = error === 0
    ? [Math.max(0, 1 + mean), Math.max(0, 1 - mean)]
    : [furthest, furthest];
  const reach = mean > 0 ? below : above;
  return {
    mean,
    low: Math.min(low, mean - Math.max(half, unseen * below)),
    high: Math.max(high, mean + Math.max(half, unseen * above)),
    p: Math.max(
      Number.MIN_VALUE,
      p,
      error === 0 ? 0 : studentP(mean / error, degrees),
      Math.min(1, 2 * Math.max(0, 1 - Math.abs(mean) / reach) ** sizes.effectiveUnits),
    ),
    ...sizes,
  };
}

/** A mean of strata's means, and how sure it is. */
interface Studentised {
  readonly mean: number;
  /** Standard error; null where a stratum has a single unit. */
  readonly error: number | null;
  /** Degrees of freedom of the error: effective units less one a stratum. */
  readonly degrees: number;
  /** Largest deviation of a unit's mean from its stratum's, as that of a unit of average weight. */
  readonly furthest: number;
  readonly units: number;
  readonly effectiveUnits: number;
}

/**
 * Cluster-robust standard error. In each stratum the jackknife of a ratio of sums, (G − 1)/G · Σ (r₋ⱼ − r)²,
 * where r₋ⱼ leaves out unit j. It is a little too large with unequal units, where the usual linearisation
 * is too small.
 */
function studentised(strata: readonly Units[]): Studentised {
  let mean = 0, variance = 0, squares = 0, units = 0, furthest = 0, single = false;
  for (const { sums, sizes } of strata) {
    const sum = total(sums), size = total(sizes), count = sums.length;
    const own = sum / size;
    mean += own / strata.length;
    units += count;
    if (count < 2) single = true;
    let deviations = 0;
    for (let j = 0; j < count; j++) {
      const weight = sizes[j] / size / strata.length;
      squares += weight * weight;
      const deviation = (sums[j] - own * sizes[j]) / (size - sizes[j]);
      deviations += deviation * deviation;
      furthest = Math.max(furthest, Math.abs(sums[j] / sizes[j] - own) * weight);
    }
    variance += (count - 1) / count * deviations / strata.length ** 2;
  }
  const effectiveUnits = 1 / squares;
  // Equal units differ from their mean by rounding only.
  const isNoise = Math.sqrt(variance) <= 1e-12 * Math.abs(mean);
  return {
    mean,
    error: single ? null : isNoise ? 0 : Math.sqrt(variance),
    // Ten equal units are ten, whatever the sum of squares rounds to.
    degrees: Number(effectiveUnits.toPrecision(12)) - strata.length,
    furthest: furthest * effectiveUnits,
    units,
    effectiveUnits,
  };
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** A share q of units stays out of n draws with probability (1 − q)ⁿ: the q for which that is `chance`. */
function unseenShare(chance: number, units: number): number {
  return 1 - chance ** (1 / units);
}
