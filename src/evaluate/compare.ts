/**
 * Is a router better than a reference? Paired differences per query, a bootstrap in which a query with all
 * the seeds that tested it (or a whole template) is one unit, and Holm over all comparisons of the table.
 * @module
 */
import { holm } from "../metrics/mod.ts";
import type { SeedRows } from "./decisions.ts";
import { differences, pairedOverSeeds } from "./paired.ts";

/** One comparison of a router with a reference row. */
export interface Comparison {
  /** Router id. */
  readonly router: string;
  /** Reference: `best-single`, `zero-router` or `knn`. */
  readonly reference: string;
  /** Mean difference in score per query (sample mean). */
  readonly difference: number;
  /** 95% interval, low end; null where units are too few. */
  readonly low: number | null;
  /** 95% interval, high end; null where units are too few. */
  readonly high: number | null;
  /** Two-sided p-value; null where units are too few. */
  readonly p: number | null;
  /** p after Holm's correction over the table; null where units are too few. */
  readonly pHolm: number | null;
  /** Independent units resampled. */
  readonly units: number;
  /** As many units of equal size say as much. */
  readonly effectiveUnits: number;
  /**
   * The dataset mean's difference and interval; queries resampled within benchmarks. `best-single` is here the
   * model with the best dataset mean on training and validation rows.
   */
  readonly datasetMean: {
    readonly difference: number;
    readonly low: number | null;
    readonly high: number | null;
  };
}

/** The rows every router is compared with. */
export const COMPARED_WITH = ["best-single", "zero-router", "knn"] as const;

/** Scores a router earned, one array a seed, aligned with that seed's rows. */
export type EarnedScores = ReadonlyMap<string, readonly Float64Array[]>;

/**
 * Compares every row with every reference that is present.
 *
 * @param groups resampling unit of each table row (template), length Q
 * @param benchmark benchmark of each table row, length Q
 * @param inDatasetMean scores of the references that are others for a dataset mean
 */
export function compare(
  earned: EarnedScores,
  seeds: readonly SeedRows[],
  groups: ArrayLike<number>,
  benchmark: ArrayLike<number>,
  routers: readonly string[],
  inDatasetMean: EarnedScores = new Map(),
): Comparison[] {
  const pairs = COMPARED_WITH.filter((ref) => earned.has(ref))
    .flatMap((reference) =>
      routers.filter((router) => router !== reference).map((router) => ({ router, reference }))
    );
  const gainsOver = (references: EarnedScores): Float64Array[][] =>
    pairs.map(({ router, reference }) =>
      differences(earned.get(router)!, references.get(reference) ?? earned.get(reference)!)
    );
  const gains = gainsOver(earned);
  const sample = pairedOverSeeds(gains, seeds, groups);
  const dataset = pairedOverSeeds(gainsOver(inDatasetMean), seeds, groups, benchmark);
  const adjusted = holm(sample.map(({ p }) => p));
  return pairs.map((pair, i) => ({
    ...pair,
    difference: sample[i].mean,
    low: sample[i].low,
    high: sample[i].high,
    p: sample[i].p,
    pHolm: adjusted[i],
    units: sample[i].units,
    effectiveUnits: sample[i].effectiveUnits,
    datasetMean: { difference: dataset[i].mean, low: dataset[i].low, high: dataset[i].high },
  }));
}
