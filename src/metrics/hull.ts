/**
 * The zero router (RouterBench): a coin that mixes single models without looking at the query.
 *
 * The hull is chosen on validation rows and evaluated on test rows in expectation. A router below it
 * loses to a coin.
 * @module
 */
import { concaveHull } from "./curve.ts";
import type { CurvePoint } from "./shapes.ts";

/** A model on the hull, with its mean cost and quality. */
export interface HullVertex extends CurvePoint {
  /** Model column. */
  readonly model: number;
}

/**
 * Vertices of the upper concave, non-decreasing hull of the single models.
 *
 * @param models mean cost and quality of every model on the validation rows, length M
 * @returns the vertices by growing cost
 * @throws {RangeError} when a model has no finite cost or quality
 */
export function zeroRouterHull(models: readonly CurvePoint[]): HullVertex[] {
  return concaveHull(models.map(({ cost, quality }, model) => ({ model, cost, quality })));
}

/**
 * Mixture weights of the zero router at a budget: its two hull neighbours, in expectation exactly on
 * budget; the last vertex alone above the most expensive.
 *
 * @param budget US dollars per query
 * @param models pool size M
 * @returns weights [M]; null if the budget is below the cheapest vertex
 */
export function zeroRouterMixture(
  hull: readonly HullVertex[],
  budget: number,
  models: number,
): Float64Array | null {
  if (tooCheap(hull[0].cost, budget)) return null;
  const weights = new Float64Array(models);
  const next = hull.findIndex(({ cost }) => cost >= budget);
  if (next === 0) weights[hull[0].model] = 1;
  else if (next < 0) weights[hull[hull.length - 1].model] = 1;
  else {
    const a = hull[next - 1], b = hull[next];
    const share = (budget - a.cost) / (b.cost - a.cost);
    weights[a.model] = 1 - share;
    weights[b.model] = share;
  }
  return weights;
}

/**
 * q(c) ↑ = q_a + (q_b − q_a)(c − c_a)/(c_b − c_a) between hull neighbours a, b; flat above the last
 * vertex. Where re-evaluation on test has folded the line so that two segments cover a cost, the better
 * one counts, so that a router is never flattered.
 *
 * @param hull vertices in hull order
 * @param cost US dollars per query
 * @returns null below the cheapest vertex, where no mixture can go
 */
export function hullQuality(hull: readonly CurvePoint[], cost: number): number | null {
  const cheapest = Math.min(...hull.map((vertex) => vertex.cost));
  const last = hull[hull.length - 1];
  if (tooCheap(cheapest, cost)) return null;
  const c = Math.max(cost, cheapest);
  let best = c >= last.cost ? last.quality : -Infinity;
  for (let k = 0; k < hull.length; k++) {
    if (hull[k].cost === c) best = Math.max(best, hull[k].quality);
    if (k === 0) continue;
    const a = hull[k - 1], b = hull[k];
    const share = (c - a.cost) / (b.cost - a.cost);
    if (share >= 0 && share <= 1) {
      best = Math.max(best, a.quality + share * (b.quality - a.quality));
    }
  }
  return best;
}

/** Below the cheapest vertex by more than rounding. */
function tooCheap(cheapest: number, cost: number): boolean {
  return cost < cheapest * (1 - 1e-9);
}
