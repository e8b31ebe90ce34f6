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

/** Strengths that differ by no more than this share of the greatest one are equal: rounding calls nobody. */
const SAME_STRENGTH = 1e-9;

/**
 * RouteLLM's threshold for a call rate p: the quantile 1 − p of the router's scores, linear between order
 * statistics. The queries that reach it are called; none is at p = 0 (its code has ≥, but > at the highest threshold).
 *
 * Every threshold between two order statistics calls the same queries, so the upper one is given. Queries of equal
 * strength are called together; strengths next to each other are equal up to {@link SAME_STRENGTH}.
 *
 * @param strength the router's score for "needs the strong model", length N, all known
 * @param rate p, 0…1
 * @returns the lowest strength that is called; ∞ at p = 0
 */
export function callThreshold(strength: Float64Array, rate: number): number {
  if (rate === 0 || strength.length === 0) return Infinity;
  const sorted = strength.toSorted(), last = sorted.length - 1;
  const same = SAME_STRENGTH * Math.max(Math.abs(sorted[0]), Math.abs(sorted[last]));
  let at = Math.ceil((1 - rate) * last - 1e-6); // (1 − .9)·10 is a little more than 1
  while (at > 0 && sorted[at] - sorted[at - 1] <= same) at--;
  return sorted[at];
}

/**
 * Curve over RouteLLM's thresholds: the deciles of the router's score and both ends, 11 in all, from the lowest,
 * where all queries go to the strong model, to the highest, where none does ({@link callThreshold}).
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
  return Array.from({ length: 11 }, (_, decile) => {
    const threshold = callThreshold(strength, 1 - decile / 10);
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
