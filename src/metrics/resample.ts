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
import { addResampledMeans, type Units } from "./draw_units.ts";

export type { Units };

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
  // The small term undoes the rounding of 1 − level: 10,000 draws at .95 must leave out 250, not 249.
  const outside = Math.floor(draws.length * (1 - level) / 2 + 1e-9);
  const partly = draws.slice(), last = draws.length - 1;
  const low = select(partly, outside, 0, last);
  return { low, high: select(partly, last - outside, outside, last) };
}

/**
 * The k-th smallest value (from 0) of those from `from` to `to`, which hold it; moves smaller ones before it and
 * larger ones behind (Hoare's FIND). Several times as fast as sorting.
 */
function select(values: Float64Array, k: number, from: number, to: number): number {
  while (from < to) {
    const pivot = values[(from + to) >>> 1];
    let i = from, j = to;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const kept = values[i];
      values[i++] = values[j];
      values[j--] = kept;
    }
    if (k <= j) to = j;
    else if (k >= i) from = i;
    else break;
  }
  return values[k];
}

/**
 * Sums the rows of each group, and sorts the groups into strata.
 *
 * @param column one difference a row
 * @param comparison number of the column, for errors
 * @throws {DataError} naming comparison and row of a missing difference
 * @throws {RangeError} when lengths do not fit, or a group lies in two strata
 */
export function toUnits(column: Float64Array, comparison: number, grouping: Grouping): Units[] {
  return unitsBy(indexUnits(column.length, comparison, grouping), column, comparison);
}

/** Which unit each row belongs to: the same for all columns of the same rows. */
export interface UnitIndex {
  /** Unit of each row, numbered stratum by stratum. Length N. */
  readonly unit: Uint32Array;
  /** Rows in each unit, one array a stratum. */
  readonly sizes: readonly Float64Array[];
}

/**
 * Finds the units of rows.
 *
 * @param rows number of rows, N
 * @param comparison number of the first column, for errors
 * @throws {RangeError} when lengths do not fit, or a group lies in two strata
 */
export function indexUnits(
  rows: number,
  comparison: number,
  { groups, strata }: Grouping,
): UnitIndex {
  if (rows === 0) throw new RangeError(`comparison ${comparison}: no rows`);
  for (const labels of [groups, strata]) {
    if (labels && labels.length !== rows) {
      throw new RangeError(`comparison ${comparison}: ${rows} rows, but ${labels.length} labels`);
    }
  }
  /** Stratum → number of each of its groups there, and its rows. */
  const found = new Map<
    number,
    { numbers: Map<number, number>; rows: number[]; sizes: number[] }
  >();
  const stratumOf = new Map<number, number>();
  for (let i = 0; i < rows; i++) {
    const stratum = strata ? strata[i] : 0, group = groups ? groups[i] : i;
    if ((stratumOf.get(group) ?? stratum) !== stratum) {
      throw new RangeError(`group ${group} lies in strata ${stratumOf.get(group)} and ${stratum}`);
    }
    stratumOf.set(group, stratum);
    let own = found.get(stratum);
    if (!own) found.set(stratum, own = { numbers: new Map(), rows: [], sizes: [] });
    own.rows.push(i);
    const number = own.numbers.get(group) ?? own.numbers.size;
    own.numbers.set(group, number);
    own.sizes[number] = (own.sizes[number] ?? 0) + 1;
  }
  const unit = new Uint32Array(rows);
  let before = 0;
  const sizes = [...found].toSorted(([a], [b]) => a - b).map(([, own]) => {
    for (const i of own.rows) unit[i] = before + own.numbers.get(groups ? groups[i] : i)!;
    before += own.sizes.length;
    return Float64Array.from(own.sizes);
  });
  return { unit, sizes };
}

/**
 * {@link toUnits} where the units are known.
 * @throws {DataError} naming comparison and row of a missing difference
 */
export function unitsBy(
  { unit, sizes }: UnitIndex,
  column: Float64Array,
  comparison: number,
): Units[] {
  const sums = new Float64Array(sizes.reduce((count, own) => count + own.length, 0));
  for (let i = 0; i < column.length; i++) {
    if (Number.isNaN(column[i])) {
      throw new DataError(`comparison ${comparison}, row ${i}: no difference`);
    }
    sums[unit[i]] += column[i];
  }
  let before = 0;
  return sizes.map((own) => sorted(sums.subarray(before, before += own.length), own));
}

/** Units by sum, then by size. */
function sorted(sums: Float64Array, sizes: Float64Array): Units {
  if (sizes.every((size) => size === sizes[0])) return { sums: sums.toSorted(), sizes };
  const order = Uint32Array.from(sums.keys())
    .sort((a, b) => sums[a] - sums[b] || sizes[a] - sizes[b]);
  return {
    sums: Float64Array.from(order, (k) => sums[k]),
    sizes: Float64Array.from(order, (k) => sizes[k]),
  };
}
