/**
 * The units of a mean: what is resampled as one (queries, or whole groups of them), within strata.
 * @module
 */
import { DataError } from "../base/errors.ts";

/** Units of one stratum: rows, or groups of rows, sorted so that row order cannot matter. */
export interface Units {
  /** Sum of differences of each unit. */
  readonly sums: Float64Array;
  /** Rows in each unit. */
  readonly sizes: Float64Array;
}

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

/** Units by sum, then by size. Numbers alone sort several times as fast as with a comparison. */
function sorted(sums: Float64Array, sizes: Float64Array): Units {
  if (sizes.every((size) => size === sizes[0])) return { sums: sums.toSorted(), sizes };
  const bySum = new Map<number, number[]>();
  sums.forEach((sum, k) => {
    const own = bySum.get(sum);
    if (own) own.push(sizes[k]);
    else bySum.set(sum, [sizes[k]]);
  });
  const sortedSizes = new Float64Array(sums.length);
  let at = 0;
  for (const sum of Float64Array.from(bySum.keys()).sort()) {
    const own = bySum.get(sum)!;
    sortedSizes.set(own.length > 1 ? Float64Array.from(own).sort() : own, at);
    at += own.length;
  }
  return { sums: sums.toSorted(), sizes: sortedSizes };
}
