/**
 * Deferral-curve metrics: Area, QNC and peak (UniRoute, CSCR), with ORBIT's variants.
 *
 * A curve is made by routing all test queries once per λ and recording mean realised cost and mean
 * quality. ORBIT's own curve is a budget sweep instead (best predicted quality with predicted cost ≤ C).
 * @module
 */
import { areaBetween, byCost, checkCurve, improving } from "./curve.ts";
import { type CurvePoint, TIE } from "./shapes.ts";

/**
 * Area ↑ under the deferral curve (UniRoute): points that improve quality, cost divided by the mean cost
 * of the most expensive single model, flat beyond both ends, trapezoid from 0 to u, divided by u. The paper
 * leaves the ends open; this is the convention of a port of it.
 *
 * @param points mean cost (US dollars per query) and quality, one a λ
 * @param highest mean cost of the most expensive single model, US dollars per query
 * @param upTo u: 1 for Area, .5 for Area(50 %)
 * @returns quality units
 * @throws {RangeError} when `highest` or `upTo` is not positive, or the curve is empty or not finite
 */
export function deferralArea(points: readonly CurvePoint[], highest: number, upTo = 1): number {
  requirePositive("cost of the most expensive model", highest);
  requirePositive("upTo", upTo);
  const to = upTo * highest;
  return areaBetween(improving(points), 0, to) / to;
}

/**
 * ORBIT's nAUC ↑: Pareto points plus an artificial one (best single's cost, last quality), cost divided
 * by the largest of these, trapezoid without extension to the left. Not comparable between routers when
 * their costs exceed the best single's.
 *
 * @param bestSingleCost mean cost of the best single model, US dollars per query
 * @returns quality units
 * @throws {RangeError} when the largest cost is not positive, or the curve is empty or not finite
 */
export function naucOrbit(points: readonly CurvePoint[], bestSingleCost: number): number {
  const line = orbitCurve(points, bestSingleCost);
  const largest = line[line.length - 1].cost;
  requirePositive("largest cost", largest);
  let area = 0;
  for (let k = 1; k < line.length; k++) {
    area += (line[k].cost - line[k - 1].cost) * (line[k].quality + line[k - 1].quality) / 2;
  }
  return area / largest;
}

/**
 * QNC ↓, quality-neutral cost (UniRoute): smallest cost at which the curve reaches the quality of the
 * most accurate single model, as a fraction of that model's cost (1 = no saving), interpolated linearly
 * between the points that improve quality. With a single model chosen on the test rows it is
 * `qnc_hindsight` (UniRoute's port, ORBIT).
 *
 * @param single test cost and quality of the best single model
 * @returns null = never reached: print "never", keep it out of averages
 * @throws {RangeError} when the single model is free, or the curve is empty or not finite
 */
export function qnc(points: readonly CurvePoint[], single: CurvePoint): number | null {
  requirePositive("cost of the best single model", single.cost);
  const line = improving(points);
  const k = line.findIndex(({ quality }) => quality >= single.quality - TIE);
  if (k < 0) return null;
  if (k === 0) return line[0].cost / single.cost;
  const a = line[k - 1], b = line[k];
  const share = Math.min(1, (single.quality - a.quality) / (b.quality - a.quality));
  return (a.cost + share * (b.cost - a.cost)) / single.cost;
}

/**
 * QNC ↓ as ORBIT takes it: the first point that reaches the quality, without interpolation. Its curve has one more
 * point, the last quality at best single's cost ({@link naucOrbit}): a curve that reaches the quality at all counts as
 * reaching it there, and the value is never above 1. A fraction.
 *
 * @param single test cost and quality of the best single model
 * @returns null = never reached
 * @throws {RangeError} when the single model is free, or the curve is empty or not finite
 */
export function qncAtPoints(points: readonly CurvePoint[], single: CurvePoint): number | null {
  requirePositive("cost of the best single model", single.cost);
  const reached = orbitCurve(points, single.cost)
    .find(({ quality }) => quality >= single.quality - TIE);
  return reached ? reached.cost / single.cost : null;
}

/** ORBIT's curve: the points that improve quality, and the last quality at best single's cost. */
function orbitCurve(points: readonly CurvePoint[], bestSingleCost: number): CurvePoint[] {
  const pareto = improving(points), { quality } = pareto[pareto.length - 1];
  return byCost([...pareto, { cost: bestSingleCost, quality }]);
}

/**
 * Peak accuracy ↑: highest quality anywhere on a curve (UniRoute, CSCR, ORBIT). On a test curve it
 * selects λ on test; print it only beside the quality at the λ chosen on validation.
 *
 * @throws {RangeError} on an empty or non-finite curve
 */
export function peak(points: readonly CurvePoint[]): number {
  checkCurve(points);
  return Math.max(...points.map(({ quality }) => quality));
}

function requirePositive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) throw new RangeError(`${name} must be > 0, got ${value}`);
}
