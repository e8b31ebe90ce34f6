/**
 * Gains over a reference row and the gap to the oracle, in the three conventions seen in print.
 *
 * The conventions differ by more than routers do (RouterDC on LLMRouterBench: +46.6 % or +25.7 % over
 * random), so all three are stored and the name of the one printed is part of the number.
 * @module
 */
import { datasetMeans, sampleMean } from "./quality.ts";
import { type DatasetLabels, NEAR_ZERO } from "./shapes.ts";

/** Smallest gap between oracle and best single of which a share has a meaning. */
export const SMALLEST_GAP = 0.005;

/** One ratio in three conventions, as fractions; null where the reference is below .01. */
export interface ByConvention {
  /** Ratio of the sample means. */
  readonly sampleMeans: number | null;
  /** Ratio of the dataset means. */
  readonly datasetMeans: number | null;
  /** Mean of the per-dataset ratios, over the datasets not {@link skipped}. */
  readonly datasetRatios: number | null;
  /** Datasets left out of {@link datasetRatios} because their reference is below .01: print them. */
  readonly skipped: readonly number[];
}

/** Share of the gap closed under both means; null = the gap is too small. */
export interface GapClosed {
  /** From sample means. */
  readonly sample: number | null;
  /** From dataset means. */
  readonly dataset: number | null;
}

/**
 * Relative gain ↑ accuracy / reference − 1: Gain@R over random, Gain@B over the best single model
 * (LLMRouterBench, whose published figure is the mean of per-dataset ratios).
 *
 * @param score what the router earned, length N
 * @param reference what the reference row earned on the same queries, length N
 * @throws {DataError} naming the row of a missing value
 */
export function relativeGain(
  score: Float64Array,
  reference: Float64Array,
  labels: DatasetLabels,
): ByConvention {
  return byConvention(score, reference, labels, (a, b) => a / b - 1);
}

/**
 * Gap@O ↓ = 1 − accuracy / oracle (LLMRouterBench). Default: dataset means. Their oracle counts any
 * score above 0 as right, which on graded scores is not the mean maximum.
 *
 * @param score what the router earned, length N
 * @param oracle what the oracle earned on the same queries, length N
 * @throws {DataError} naming the row of a missing value
 */
export function gapToOracle(
  score: Float64Array,
  oracle: Float64Array,
  labels: DatasetLabels,
): ByConvention {
  return byConvention(score, oracle, labels, (a, b) => 1 - a / b);
}

/**
 * Share of the gap closed ↑ = (accuracy − best single) / (oracle − best single), a fraction: 0 for the
 * best single model, 1 for the oracle, negative below the best single.
 *
 * @returns null if the gap is below .005
 */
export function gapClosed(accuracy: number, single: number, oracle: number): number | null {
  return oracle - single < SMALLEST_GAP ? null : (accuracy - single) / (oracle - single);
}

/**
 * {@link gapClosed} under both means. Print it beside the share closed by "best model per dataset": what
 * lies below that is dataset recognition.
 *
 * @param score what the router earned, length N
 * @param single what the best single model earned, length N
 * @param oracle what the oracle earned, length N
 * @throws {DataError} naming the row of a missing value
 */
export function shareOfGapClosed(
  score: Float64Array,
  single: Float64Array,
  oracle: Float64Array,
  labels: DatasetLabels,
): GapClosed {
  const columns = [score, single, oracle];
  const [a, b, o] = columns.map(sampleMean);
  const [A, B, O] = columns.map((column) => meanOfKnown(datasetMeans(column, labels)));
  return { sample: gapClosed(a, b, o), dataset: gapClosed(A, B, O) };
}

function byConvention(
  score: Float64Array,
  reference: Float64Array,
  labels: DatasetLabels,
  ratio: (accuracy: number, reference: number) => number,
): ByConvention {
  const guarded = (a: number, b: number): number | null => b < NEAR_ZERO ? null : ratio(a, b);
  const own = datasetMeans(score, labels), base = datasetMeans(reference, labels);
  const skipped: number[] = [], ratios: number[] = [];
  base.forEach((b, d) => {
    if (b < NEAR_ZERO) skipped.push(d);
    else if (!Number.isNaN(b)) ratios.push(ratio(own[d], b));
  });
  return {
    sampleMeans: guarded(sampleMean(score), sampleMean(reference)),
    datasetMeans: guarded(meanOfKnown(own), meanOfKnown(base)),
    datasetRatios: ratios.length > 0 ? sampleMean(Float64Array.from(ratios)) : null,
    skipped,
  };
}

/** Mean over the datasets that have queries. */
function meanOfKnown(means: Float64Array): number {
  return sampleMean(means.filter((mean) => !Number.isNaN(mean)));
}
