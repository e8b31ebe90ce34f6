/**
 * Paired differences over seeds. A query tested by several seeds, and every query of its template, is one
 * unit of the bootstrap: seeds × queries are never taken as independent, and the mean is the mean of the
 * table (seeds of equal size count the same).
 * @module
 */
import { type Interval, pairedBootstrap } from "../metrics/mod.ts";
import { decidedIn, type SeedRows, type SplitDecisions } from "./decisions.ts";
import { earnedBy } from "./earn.ts";

/**
 * Bootstraps comparisons.
 *
 * @param comparisons [comparisons][seeds] differences per row of the seed
 * @param seeds test rows of each seed
 * @param units resampling unit of each table row
 * @param strata stratum of each table row, for the interval of a mean over strata
 */
export function pairedOverSeeds(
  comparisons: readonly (readonly Float64Array[])[],
  seeds: readonly Pick<SeedRows, "rows">[],
  units: ArrayLike<number>,
  strata?: ArrayLike<number>,
): Interval[] {
  const rows = seeds.flatMap((seed) => [...seed.rows]);
  const joined = comparisons.map((bySeed) => concatenated(bySeed, rows.length));
  if (!strata) {
    return pairedBootstrap(joined, { groups: rows.map((row) => units[row]) });
  }
  return pairedBootstrap(joined, {
    strata: rows.map((row) => strata[row]),
    // A template may span strata; within one its rows form a unit of their own.
    groups: rows.map((row) => units[row] * 65536 + strata[row]),
  });
}

function concatenated(parts: readonly Float64Array[], length: number): Float64Array {
  const out = new Float64Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** How many units the test rows of the seeds are, and how many of equal size would say as much. */
export function unitsOf(
  seeds: readonly Pick<SeedRows, "rows">[],
  units: ArrayLike<number>,
): { units: number; effectiveUnits: number } {
  const sizes = new Map<number, number>();
  let rows = 0, squares = 0;
  for (const seed of seeds) {
    for (const row of seed.rows) sizes.set(units[row], (sizes.get(units[row]) ?? 0) + 1);
    rows += seed.rows.length;
  }
  for (const size of sizes.values()) squares += size * size;
  return { units: sizes.size, effectiveUnits: rows * rows / squares };
}

/** a − b, seed by seed. */
export function differences(
  a: readonly Float64Array[],
  b: readonly Float64Array[],
): Float64Array[] {
  return a.map((scores, s) => {
    const out = new Float64Array(scores.length), other = b[s];
    for (let i = 0; i < out.length; i++) out[i] = scores[i] - other[i];
    return out;
  });
}

/** What a router's headline decisions (λ = 0) earned on the test rows of a seed. */
export function headlineScores(
  entries: readonly SplitDecisions[],
  router: string,
  seed: SeedRows,
): Float64Array {
  return earnedBy(decidedIn(entries, router, seed), 0, seed).score;
}
