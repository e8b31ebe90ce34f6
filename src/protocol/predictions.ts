/**
 * What the predicted qualities themselves say: calibration and spread. Computed beside a job, after its
 * decisions are hashed, because predictions are too large to keep; the result marks these numbers as not
 * recomputable from the decisions.
 * @module
 */
import { calibration, type Outcomes, predictionEntropy, recallAtK } from "../metrics/mod.ts";

/** Numbers from predictions. */
export interface PredictionSummary {
  /** Mean squared error of ŝ, ↓. */
  readonly brier: number;
  /** Expected calibration error over 10 bins, ↓. */
  readonly calibrationError: number;
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
): PredictionSummary {
  const { brier, error } = calibration(outcomes, predicted);
  return {
    brier,
    calibrationError: error,
    entropy: predictionEntropy(predicted, outcomes.models),
    recall: [1, 2, 3].filter((k) => k <= outcomes.models)
      .map((k) => recallAtK(outcomes, predicted, k, preference)),
  };
}
