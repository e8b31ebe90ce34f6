/**
 * RouterEval's numbers: μ, V_R, V_B. (Its E_p is in `distribution.ts`.)
 * @module
 */
import { NEAR_ZERO } from "./shapes.ts";

/** Accuracy of RouterEval's fixed reference LLM on each of its benchmarks (from its released code). */
export const REFERENCE_ACCURACY: Readonly<Record<string, number>> = Object.freeze({
  "ARC": 0.852,
  "HellaSwag": 0.953,
  "MMLU": 0.864,
  "TruthfulQA": 0.669,
  "WinoGrande": 0.875,
  "GSM8K": 0.92,
  "IFEval": 0.7689,
  "BBH": 0.8303,
  "GPQA": 0.397,
  "MATH": 0.4,
  "MuSR": 0.699,
  "MMLU-Pro": 0.637,
});

/** μ, V_R and V_B of one router on one benchmark. */
export interface RouterEvalValues {
  /** μ ↑, mean score. */
  readonly mu: number;
  /** V_R ↑ = μ / accuracy of the reference LLM; null for a benchmark without one. */
  readonly vr: number | null;
  /** V_B ↑ = μ / best single, chosen on training and validation rows; null if that is below .01. */
  readonly vb: number | null;
  /** V_B ↑ as RouterEval prints it, with the best single chosen on the test rows. */
  readonly vbHindsight: number | null;
}

/**
 * RouterEval's values of one router on one benchmark.
 *
 * @param mu the router's mean score
 * @param benchmark benchmark name; compared without case, spaces, dashes and underscores
 * @param single test accuracy of the best single model chosen without the test rows
 * @param singleHindsight test accuracy of the model that is best on the test rows
 */
export function routerEvalValues(
  mu: number,
  benchmark: string,
  single: number,
  singleHindsight: number,
): RouterEvalValues {
  const over = (reference: number): number | null => reference < NEAR_ZERO ? null : mu / reference;
  const plain = (name: string): string => name.toLowerCase().replace(/[\s_-]/g, "");
  const known = Object.keys(REFERENCE_ACCURACY).find((name) => plain(name) === plain(benchmark));
  return {
    mu,
    vr: known === undefined ? null : over(REFERENCE_ACCURACY[known]),
    vb: over(single),
    vbHindsight: over(singleHindsight),
  };
}
