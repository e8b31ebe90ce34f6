/**
 * LLMRouterBench's cost-aware points: PerfGain, CostSave, ParetoDist, ParetoRatio.
 *
 * The benchmark takes PerfGain and CostSave from the best point of the test curve. Given the whole curve
 * these functions do the same (`*_hindsight`); given the single point of the λ chosen on validation they
 * yield the honest value (`*_val`).
 * @module
 */
import { byCost, checkCurve } from "./curve.ts";
import { type CurvePoint, NEAR_ZERO, TIE } from "./shapes.ts";

/**
 * PerfGain ↑ = best quality on the curve ÷ quality of the best single model − 1, a fraction.
 *
 * @returns null if the best single model's quality is below .01
 * @throws {RangeError} on an empty or non-finite curve
 */
export function perfGain(points: readonly CurvePoint[], single: CurvePoint): number | null {
  checkCurve(points);
  if (single.quality < NEAR_ZERO) return null;
  return Math.max(...points.map(({ quality }) => quality)) / single.quality - 1;
}

/**
 * CostSave ↑ = 1 − cost of the cheapest point with the best single model's quality ÷ that model's cost, a
 * fraction; points only, no interpolation (interpolated it would be 1 − QNC). Negative if the quality is
 * reached only at a higher cost.
 *
 * @returns null = quality never reached: print "n.a."
 * @throws {RangeError} when the single model is free, or the curve is empty or not finite
 */
export function costSave(points: readonly CurvePoint[], single: CurvePoint): number | null {
  if (!(single.cost > 0)) {
    throw new RangeError(`best single model's cost ${single.cost}, expected > 0`);
  }
  const reached = byCost(points).find(({ quality }) => quality >= single.quality - TIE);
  return reached ? 1 - reached.cost / single.cost : null;
}

/** A method against the common frontier. */
export interface ParetoPlace {
  /** ParetoRatio ↑: share of the method's points on the frontier. */
  readonly ratio: number;
  /** ParetoDist ↓: mean distance of its points to the nearest frontier point, axes scaled to [0, 1]. */
  readonly distance: number;
}

/**
 * ParetoRatio and ParetoDist of every compared method: pool all points, take the non-dominated ones as
 * frontier (the better of cost and quality, no worse in the other), measure to it with both axes min–max
 * scaled over the pool (our choice; the paper names none).
 *
 * Adding a method changes everybody's value, so store the set of methods next to the numbers.
 *
 * @param methods name → points
 * @returns name → place
 * @throws {RangeError} when a curve is empty or not finite
 */
export function paretoPlaces(
  methods: Readonly<Record<string, readonly CurvePoint[]>>,
): Record<string, ParetoPlace> {
  Object.values(methods).forEach(checkCurve);
  const pool = Object.values(methods).flat();
  const dominated = (p: CurvePoint): boolean =>
    pool.some((q) =>
      q.cost <= p.cost && q.quality >= p.quality && (q.cost < p.cost || q.quality > p.quality)
    );
  const frontier = pool.filter((p) => !dominated(p));
  const cost = span(pool.map((p) => p.cost)), quality = span(pool.map((p) => p.quality));
  const toFrontier = (p: CurvePoint): number =>
    Math.min(
      ...frontier.map((q) =>
        Math.hypot((p.cost - q.cost) / cost, (p.quality - q.quality) / quality)
      ),
    );
  const place = (points: readonly CurvePoint[]): ParetoPlace => ({
    ratio: points.filter((p) => !dominated(p)).length / points.length,
    distance: points.reduce((sum, p) => sum + toFrontier(p), 0) / points.length,
  });
  return Object.fromEntries(Object.entries(methods).map(([name, points]) => [name, place(points)]));
}

/** Range of the values; 1 where all are equal, since their differences are then 0 anyway. */
function span(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values) || 1;
}
