/**
 * Do predicted scores mean what they say? Brier score and reliability of ŝ.
 * @module
 */
import { type Outcomes, requireScores } from "./shapes.ts";

/** Predictions that fell into one bin. */
export interface ReliabilityBin {
  /** Lower edge of the bin. */
  readonly from: number;
  /** Upper edge. */
  readonly to: number;
  /** Number of predictions. */
  readonly count: number;
  /** Mean prediction; null in an empty bin. */
  readonly predicted: number | null;
  /** Mean realised score; null in an empty bin. */
  readonly observed: number | null;
}

/** Calibration of predicted scores over all predicted cells (query × model). */
export interface Calibration {
  /** Cells with a prediction. */
  readonly cells: number;
  /** Brier score ↓: mean (ŝ − s)². */
  readonly brier: number;
  /** Expected calibration error ↓: Σ_bins count/cells · |mean ŝ − mean s|. */
  readonly error: number;
  /** Equal-width bins over [0, 1]. */
  readonly bins: readonly ReliabilityBin[];
}

/**
 * Brier score and reliability of predicted scores. Predictions outside [0, 1] keep their value and count
 * in the outer bins.
 *
 * @param predicted ŝ, row-major [N × M]; NaN = no prediction, left out and not counted in `cells`
 * @param binCount number of equal-width bins over [0, 1]
 * @throws {DataError} naming row and model of a missing score
 * @throws {RangeError} when the predictions do not fit, or there are none
 */
export function calibration(
  outcomes: Outcomes,
  predicted: Float64Array,
  binCount = 10,
): Calibration {
  requireScores(outcomes);
  const { scores } = outcomes;
  if (predicted.length !== scores.length) {
    throw new RangeError(`${predicted.length} predictions for ${scores.length} scores`);
  }
  if (!Number.isInteger(binCount) || binCount < 1) throw new RangeError(`${binCount} bins`);
  const counts = new Float64Array(binCount);
  const said = new Float64Array(binCount), got = new Float64Array(binCount);
  let cells = 0, squares = 0;
  for (let at = 0; at < scores.length; at++) {
    const p = predicted[at];
    if (Number.isNaN(p)) continue;
    const bin = Math.min(binCount - 1, Math.max(0, Math.floor(p * binCount)));
    cells++;
    squares += (p - scores[at]) ** 2;
    counts[bin]++;
    said[bin] += p;
    got[bin] += scores[at];
  }
  if (cells === 0) throw new RangeError("no predictions to calibrate");
  let error = 0;
  const bins = Array.from(counts, (count, k): ReliabilityBin => {
    error += Math.abs(said[k] - got[k]) / cells;
    const predicted = count > 0 ? said[k] / count : null;
    const observed = count > 0 ? got[k] / count : null;
    return { from: k / binCount, to: (k + 1) / binCount, count, predicted, observed };
  });
  return { cells, brier: squares / cells, error, bins };
}
