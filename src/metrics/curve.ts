/**
 * Geometry of quality-cost curves, shared by the area metrics.
 * @module
 */
import type { CurvePoint } from "./shapes.ts";

/**
 * Checks a curve.
 * @throws {RangeError} when it has no point, or a point is not finite or has a negative cost
 */
export function checkCurve(points: readonly CurvePoint[]): void {
  if (points.length === 0) throw new RangeError("a curve needs at least one point");
  points.forEach(({ cost, quality }, k) => {
    if (!(cost >= 0 && cost < Infinity && Number.isFinite(quality))) {
      throw new RangeError(
        `point ${k}: cost ${cost}, quality ${quality}; expected finite, cost ≥ 0`,
      );
    }
  });
}

/** A copy sorted by cost, the better point first among equal costs. */
export function byCost<P extends CurvePoint>(points: readonly P[]): P[] {
  checkCurve(points);
  return [...points].sort((a, b) => a.cost - b.cost || b.quality - a.quality);
}

/**
 * The points that improve on everything cheaper, sorted by cost (UniRoute's and ORBIT's curves).
 * @throws {RangeError} on an empty or non-finite curve
 */
export function improving<P extends CurvePoint>(points: readonly P[]): P[] {
  let best = -Infinity;
  return byCost(points).filter(({ quality }) => {
    if (quality <= best) return false;
    best = quality;
    return true;
  });
}

/**
 * Upper concave, non-decreasing hull: the best a mixture of the points can do at each cost.
 * @throws {RangeError} on an empty or non-finite curve
 */
export function concaveHull<P extends CurvePoint>(points: readonly P[]): P[] {
  const hull: P[] = [];
  for (const point of improving(points)) {
    while (hull.length >= 2 && !bendsDown(hull[hull.length - 2], hull[hull.length - 1], point)) {
      hull.pop();
    }
    hull.push(point);
  }
  return hull;
}

/** Whether the slope from a to b exceeds the slope from b to c. */
function bendsDown(a: CurvePoint, b: CurvePoint, c: CurvePoint): boolean {
  return (b.quality - a.quality) * (c.cost - b.cost) > (c.quality - b.quality) * (b.cost - a.cost);
}

/** Linear interpolation in a curve sorted by strictly growing cost, flat beyond both ends. */
export function qualityAt(sorted: readonly CurvePoint[], cost: number): number {
  const next = sorted.findIndex((point) => point.cost >= cost);
  if (next < 0) return sorted[sorted.length - 1].quality;
  if (next === 0) return sorted[0].quality;
  const a = sorted[next - 1], b = sorted[next];
  return a.quality + (b.quality - a.quality) * (cost - a.cost) / (b.cost - a.cost);
}

/** Area under a curve sorted by strictly growing cost, flat beyond both ends, from one cost to another. */
export function areaBetween(sorted: readonly CurvePoint[], from: number, to: number): number {
  const inside = sorted.map((point) => point.cost).filter((cost) => cost > from && cost < to);
  const stops = [from, ...inside, to];
  let area = 0;
  for (let k = 1; k < stops.length; k++) {
    const mean = (qualityAt(sorted, stops[k - 1]) + qualityAt(sorted, stops[k])) / 2;
    area += mean * (stops[k] - stops[k - 1]);
  }
  return area;
}
