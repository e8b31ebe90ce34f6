/**
 * Two-model metrics (RouteLLM): call rate, performance gap recovered, APGR, CPT.
 *
 * RouteLLM's released code interpolates call rate as a function of accuracy, which is wrong where accuracy
 * is not monotone; here CPT is the first crossing along the call rate.
 * @module
 */
import { type Outcomes, requireScores, TIE } from "./shapes.ts";

/** Quality at one threshold. */
export interface CallPoint {
  /** Share of queries sent to the strong model, 0…1. */
  readonly callRate: number;
  /** Mean quality. */
  readonly quality: number;
}

/** Mean quality of the two models. */
export interface TwoModels {
  /** The weak model's. */
  readonly weak: number;
  /** The strong model's. */
  readonly strong: number;
}

/** Share of queries sent to the strong model. */
export function callRate(choice: Uint16Array, strong: number): number {
  let calls = 0;
  for (const m of choice) if (m === strong) calls++;
  return calls / choice.length;
}

/**
 * APGR ↑: area of PGR = (quality − weak)/(strong − weak) over call rates 0…1, by trapezoid. Random has .5. The ends (0, weak) and
 * (1, strong) are the same for every rule; they replace points given there.
 *
 * @param points quality at each threshold, in any order
 * @returns null unless strong > weak
 * @throws {RangeError} when a call rate is outside 0…1 or a quality is missing
 */
export function apgr(points: readonly CallPoint[], models: TwoModels): number | null {
  if (!(models.strong > models.weak)) return null;
  const line = withEnds(points, models);
  let area = 0;
  for (let k = 1; k < line.length; k++) {
    const mean = (line[k].quality + line[k - 1].quality) / 2;
    area += (line[k].callRate - line[k - 1].callRate) * mean;
  }
  return (area - models.weak) / (models.strong - models.weak);
}

/**
 * CPT(x) ↓, call-performance threshold: smallest call rate with PGR ≥ x, linear between points.
 *
 * @param share x, e.g. .5 for CPT(50 %), in (0, 1]
 * @returns call rate 0…1; null unless strong > weak
 * @throws {RangeError} when x or a call rate is out of range, or a quality is missing
 */
export function callsNeeded(
  points: readonly CallPoint[],
  models: TwoModels,
  share: number,
): number | null {
  if (!(share > 0 && share <= 1)) throw new RangeError(`CPT needs a share in (0, 1], got ${share}`);
  if (!(models.strong > models.weak)) return null;
  const target = models.weak + share * (models.strong - models.weak);
  const line = withEnds(points, models);
  const k = Math.max(1, line.findIndex(({ quality }) => quality >= target - TIE));
  const a = line[k - 1], b = line[k];
  const step = Math.min(1, (target - a.quality) / (b.quality - a.quality));
  return a.callRate + step * (b.callRate - a.callRate);
}

/**
 * Curve over RouteLLM's thresholds: the deciles of the router's score and both ends, 11 in all. A query
 * goes to the strong model when its score reaches the threshold.
 *
 * @param strength the router's score for "needs the strong model", length N
 * @param weak column of the weak model
 * @param strong column of the strong model
 * @throws {DataError} naming row and model of a missing score
 * @throws {RangeError} when a strength is missing
 */
export function decileCurve(
  outcomes: Outcomes,
  strength: Float64Array,
  weak: number,
  strong: number,
): CallPoint[] {
  requireScores(outcomes);
  const { rows, models, scores } = outcomes;
  if (strength.length !== rows || strength.some(Number.isNaN)) {
    throw new RangeError(`${rows} strengths expected, all known; got ${strength.length}`);
  }
  const sorted = strength.slice().sort();
  return Array.from({ length: 11 }, (_, decile) => {
    const threshold = quantile(sorted, decile / 10);
    let calls = 0, sum = 0;
    for (let i = 0; i < rows; i++) {
      const up = strength[i] >= threshold;
      if (up) calls++;
      sum += scores[i * models + (up ? strong : weak)];
    }
    return { callRate: calls / rows, quality: sum / rows };
  });
}

/** Sorted by call rate, with the two ends, where every rule is one of the two models. */
function withEnds(points: readonly CallPoint[], { weak, strong }: TwoModels): CallPoint[] {
  const stray = points.find((p) => !(p.callRate >= 0 && p.callRate <= 1 && isFinite(p.quality)));
  if (stray) throw new RangeError(`call rate ${stray.callRate}, quality ${stray.quality}`);
  const inner = points.filter(({ callRate }) => callRate > 0 && callRate < 1);
  inner.sort((a, b) => a.callRate - b.callRate || a.quality - b.quality);
  return [{ callRate: 0, quality: weak }, ...inner, { callRate: 1, quality: strong }];
}

/** Quantile of sorted values, linear between order statistics (as pandas and NumPy do). */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1), low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}
