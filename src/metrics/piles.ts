/**
 * Equal units in piles: of scores of 0 and 1 a handful, whatever the number of queries.
 * @module
 */
import type { Units } from "./units.ts";

/** A stratum, from which as many units are drawn, with replacement, as it has. */
export interface Piles {
  /** Sum of differences of the units in each pile. */
  readonly sums: Float64Array;
  /** Their rows. */
  readonly sizes: Float64Array;
  /** Share of units in each pile. */
  readonly shares: Float64Array;
  /** Units of the stratum. */
  readonly count: number;
  /** Their rows. */
  readonly rows: number;
  /** Sum ÷ rows of the stratum. */
  readonly ratio: number;
  /** Standard error of the ratio of what is drawn, linearised. */
  readonly error: number;
}

/** Rounding, as a share of what is looked at. */
export const NOISE = 1e-9;

/** Piles of sorted units. */
export function toPiles({ sums, sizes }: Units): Piles {
  const at: number[] = [], counts: number[] = [];
  for (let j = 0; j < sums.length; j++) {
    if (j > 0 && sums[j] === sums[j - 1] && sizes[j] === sizes[j - 1]) counts[counts.length - 1]++;
    else at.push(j), counts.push(1);
  }
  const total = (of: (j: number) => number): number =>
    at.reduce((sum, j, i) => sum + counts[i] * of(j), 0);
  const rows = total((j) => sizes[j]), ratio = total((j) => sums[j]) / rows;
  return {
    sums: Float64Array.from(at, (j) => sums[j]),
    sizes: Float64Array.from(at, (j) => sizes[j]),
    shares: Float64Array.from(counts, (count) => count / sums.length),
    count: sums.length,
    rows,
    ratio,
    error: Math.sqrt(total((j) => (sums[j] - ratio * sizes[j]) ** 2)) / rows,
  };
}

/** Differences of the other sign. */
export function mirrored(piles: Piles): Piles {
  return { ...piles, sums: piles.sums.map((sum) => 0 - sum), ratio: 0 - piles.ratio };
}

/** Whether all units are of equal size. */
export function isEven({ sizes }: Pick<Units, "sizes">): boolean {
  return sizes.every((size) => size === sizes[0]);
}

/** Smallest ratio of a unit, and the share of units that have it. */
export function bottomOf({ sums, sizes, shares }: Piles): { least: number; share: number } {
  const ratios = sums.map((sum, j) => sum / sizes[j]);
  const least = ratios.reduce((a, b) => Math.min(a, b)), most = least + NOISE * Math.abs(least);
  return { least, share: shares.reduce((sum, own, j) => ratios[j] <= most ? sum + own : sum, 0) };
}

/** The largest number of which all values (≥ 0) are multiples; 0 where there is none that matters. */
export function commonStep(values: Float64Array): number {
  const range = values.reduce((a, b) => Math.max(a, b), 0);
  let step = 0;
  for (const value of values) {
    if (value <= NOISE * range) continue;
    let rest = step;
    for (step = value; rest > NOISE * range;) {
      [step, rest] = [rest, Math.abs(step - rest * Math.round(step / rest))];
    }
    if (step < 1e-5 * range) return 0;
  }
  return step;
}
