/**
 * What the predicted qualities themselves say: calibration and spread. Computed with a job, after its
 * decisions are hashed, because predictions are too large to keep; the result marks these numbers as not
 * recomputable from the decisions.
 * @module
 */
import type { Router } from "../router/contract.ts";
import { calibration, type Outcomes, predictionEntropy, recallAtK } from "../metrics/mod.ts";

/** Numbers from predictions; calibration is null where ŝ only orders the models. */
export interface PredictionSummary {
  /** Mean squared error of ŝ, ↓. */
  readonly brier: number | null;
  /** Expected calibration error over 10 bins, ↓. */
  readonly calibrationError: number | null;
  /** E_p: mean entropy in bits of softmax(ŝ) (RouterEval). */
  readonly entropy: number;
  /** Share of solvable queries with a solver among the k best predicted, k = 1, 2, 3, ↑. */
  readonly recall: readonly (number | null)[];
}

/** Joins predicted qualities [T × M] with the test outcomes. */
export function summarisePredictions(
  outcomes: Outcomes,
  predicted: Float64Array,
  preference: ArrayLike<number>,
  scale: Router["scale"],
): PredictionSummary {
  const calibrated = scale === "rank" ? undefined : calibration(outcomes, predicted);
  return {
    brier: calibrated?.brier ?? null,
    calibrationError: calibrated?.error ?? null,
    entropy: predictionEntropy(predicted, outcomes.models),
    recall: [1, 2, 3].filter((k) => k <= outcomes.models)
      .map((k) => recallAtK(outcomes, predicted, k, preference)),
  };
}
