import assert from "node:assert/strict";
import { costSave, paretoPlaces, perfGain } from "../../src/metrics/cost_points.ts";
import { F2, F2_SINGLE, near, points } from "./fixtures.ts";

Deno.test("F2: PerfGain +7.692 %, CostSave 20 %", () => {
  near(perfGain(F2, F2_SINGLE), 0.07692, 5);
  near(costSave(F2, F2_SINGLE), 0.2);
});

Deno.test("at the single point chosen on validation", () => {
  near(perfGain([F2[1]], F2_SINGLE), 0.6 / 0.65 - 1);
  assert.equal(costSave([F2[1]], F2_SINGLE), null);
  near(costSave([F2[2]], F2_SINGLE), 0.2);
});

Deno.test("CostSave is negative when quality comes dearer; no reference, no gain", () => {
  near(costSave(points([12, 0.7]), F2_SINGLE), -0.2);
  assert.equal(perfGain(F2, { cost: 1, quality: 0 }), null);
  assert.throws(() => costSave(F2, { cost: 0, quality: 0.5 }), RangeError);
});

Deno.test("Pareto: P is the frontier's, Q has ratio 2/3 and distance .083333", () => {
  const places = paretoPlaces({ P: F2, Q: points([2, 0.5], [6, 0.6], [9, 0.75]) });
  assert.deepEqual(places.P, { ratio: 1, distance: 0 });
  near(places.Q.ratio, 2 / 3);
  near(places.Q.distance, 0.083333);
});

Deno.test("Pareto: equal points share the frontier, and one dimension may be flat", () => {
  const places = paretoPlaces({ P: points([1, 0.5]), Q: points([1, 0.5]), R: points([3, 0.5]) });
  assert.deepEqual(places.P, { ratio: 1, distance: 0 });
  assert.deepEqual(places.Q, { ratio: 1, distance: 0 });
  assert.deepEqual(places.R, { ratio: 0, distance: 1 });
  // Same cost, lower quality: dominated, and as far off as the scaled axis is long.
  const worse = paretoPlaces({ P: points([1, 0.5]), Q: points([1, 0.4]) });
  assert.deepEqual(worse.Q, { ratio: 0, distance: 1 });
  assert.throws(() => paretoPlaces({ P: [] }), RangeError);
});
