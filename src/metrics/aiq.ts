/**
 * AIQ (RouterBench): average quality under the non-decreasing concave hull of a router's curve, in three
 * conventions that are not comparable with each other.
 * @module
 */
import { areaBetween, concaveHull } from "./curve.ts";
import type { CurvePoint } from "./shapes.ts";

/**
 * AIQ ↑ as in the RouterBench paper: hull area over the curve's own cost range ÷ that range. Rewards
 * routers with a short range.
 *
 * @returns quality units; null when the hull has no extent in cost
 * @throws {RangeError} on an empty or non-finite curve
 */
export function aiqPaper(curve: readonly CurvePoint[]): number | null {
  const hull = concaveHull(curve);
  const from = hull[0].cost, to = Math.max(...curve.map(({ cost }) => cost));
  return to > from ? areaBetween(hull, from, to) / (to - from) : null;
}

/**
 * AIQ ↑ as RouterBench's code computes it: hull extended flat to the largest cost among the compared
 * routers, area ÷ that cost. Left of the curve nothing is added, so an expensive starting point is penalised,
 * and adding a router can change everybody's value.
 *
 * @param largestCost C*, largest cost on any compared router's curve, US dollars per query
 * @throws {RangeError} when the curve goes beyond `largestCost`, or is empty or not finite
 */
export function aiqCode(curve: readonly CurvePoint[], largestCost: number): number {
  const hull = concaveHull(curve);
  const own = Math.max(...curve.map(({ cost }) => cost));
  if (!(largestCost >= own && largestCost > 0)) {
    throw new RangeError(`largest cost ${largestCost}, but the curve reaches ${own}`);
  }
  return areaBetween(hull, hull[0].cost, largestCost) / largestCost;
}

/**
 * AIQ ↑ over a range that no router can change: [cheapest, most expensive single model], hull extended flat to
 * both sides (and cut there), area ÷ range. The form to compare routers by; ours, not RouterBench's.
 *
 * @param cheapest mean cost of the cheapest single model, US dollars per query
 * @param highest mean cost of the most expensive single model
 * @returns quality units; null when all models cost the same
 * @throws {RangeError} on an empty or non-finite curve
 */
export function aiqCommon(
  curve: readonly CurvePoint[],
  cheapest: number,
  highest: number,
): number | null {
  const hull = concaveHull(curve);
  return highest > cheapest ? areaBetween(hull, cheapest, highest) / (highest - cheapest) : null;
}
