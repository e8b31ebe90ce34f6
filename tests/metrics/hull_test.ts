import assert from "node:assert/strict";
import { earned } from "../../src/metrics/earned.ts";
import { hullQuality, zeroRouterHull, zeroRouterMixture } from "../../src/metrics/hull.ts";
import { sampleMean } from "../../src/metrics/quality.ts";
import { F1, modelPoints, near, points } from "./fixtures.ts";

const hull = zeroRouterHull(points([1, 0.25], [4, 0.5], [7, 0.52], [10, 0.625]));

Deno.test("the hull drops (7, .52), because the line M–L gives .5625 there", () => {
  assert.deepEqual(hull.map((vertex) => vertex.model), [0, 1, 3]);
  near(hullQuality(hull, 7), 0.5625);
  near(hullQuality(hull, 4.75), 0.515625);
});

Deno.test("budget 7 = half M, half L; q at the vertices and beyond", () => {
  assert.deepEqual([...zeroRouterMixture(hull, 7, 4)!], [0, 0.5, 0, 0.5]);
  assert.deepEqual([...zeroRouterMixture(hull, 1, 4)!], [1, 0, 0, 0]);
  assert.deepEqual([...zeroRouterMixture(hull, 4, 4)!], [0, 1, 0, 0]);
  assert.deepEqual([...zeroRouterMixture(hull, 99, 4)!], [0, 0, 0, 1]);
  assert.equal(zeroRouterMixture(hull, 0.9, 4), null);
  assert.equal(hullQuality(hull, 0.9), null);
  near(hullQuality(hull, 10), 0.625);
  near(hullQuality(hull, 99), 0.625);
});

Deno.test("F1: the router, .75 at cost 4.75, is .234375 above the hull", () => {
  const own = zeroRouterHull(modelPoints(F1));
  near(0.75 - hullQuality(own, 4.75)!, 0.234375);
  assert.equal(hullQuality(own, 0.5), null);
});

Deno.test("a mixture earns in expectation what the hull promises", () => {
  const own = zeroRouterHull(modelPoints(F1));
  for (const budget of [1, 2.5, 4, 4.75, 9, 10]) {
    const { score, cost } = earned(F1, zeroRouterMixture(own, budget, 3)!);
    near(sampleMean(cost!), budget, 9);
    near(sampleMean(score), hullQuality(own, budget)!, 9);
  }
});

Deno.test("on test rows the validation hull may bend; the better branch counts", () => {
  const test = points([1, 0.3], [5, 0.4], [4, 0.6]); // a hull of three vertices, on other rows
  near(hullQuality(test, 3), 0.35);
  near(hullQuality(test, 4.5), 0.6);
  near(hullQuality(test, 4), 0.6);
});

Deno.test("equal costs, worse and dearer models, unpriced models", () => {
  const vertices = zeroRouterHull(points([2, 0.3], [2, 0.4], [3, 0.35]));
  assert.deepEqual(vertices, [{ model: 1, cost: 2, quality: 0.4 }]);
  near(hullQuality(vertices, 2), 0.4);
  assert.throws(() => zeroRouterHull(points([1, 0.5], [NaN, 0.7])), /point 1/);
  assert.throws(() => zeroRouterHull([]), RangeError);
});
