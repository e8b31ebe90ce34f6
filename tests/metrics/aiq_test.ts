import assert from "node:assert/strict";
import { aiqCode, aiqCommon, aiqPaper } from "../../src/metrics/aiq.ts";
import { areaBetween, concaveHull, improving, qualityAt } from "../../src/metrics/curve.ts";
import { near, points } from "./fixtures.ts";

const curve = points([6, 0.71], [2, 0.5], [8, 0.75], [4, 0.7]);

Deno.test("the hull leaves out (6, .71), below .725; area over [2, 8] is 4.1", () => {
  const hull = concaveHull(curve);
  assert.deepEqual(hull, points([2, 0.5], [4, 0.7], [8, 0.75]));
  near(qualityAt(hull, 6), 0.725);
  near(areaBetween(hull, 2, 8), 4.1);
});

Deno.test("AIQ in three conventions", () => {
  near(aiqPaper(curve), 0.683333);
  near(aiqCode(curve, 10), 0.56);
  near(aiqCommon(curve, 1, 10), 0.677778);
});

Deno.test("zero router of F1 under aiq_common is .5", () => {
  near(aiqCommon(points([1, 0.25], [4, 0.5], [10, 0.625]), 1, 10), 0.5);
});

Deno.test("aiq_common cuts a curve that leaves the range", () => {
  // Inside [1, 3] the line from (0, 0) to (4, .8) averages .4.
  near(aiqCommon(points([0, 0], [4, 0.8]), 1, 3), 0.4);
});

Deno.test("no range, no AIQ; a curve beyond the largest cost is an error", () => {
  assert.equal(aiqPaper(points([2, 0.5])), null);
  assert.equal(aiqCommon(curve, 3, 3), null);
  assert.throws(() => aiqCode(curve, 7), RangeError);
  assert.throws(() => aiqPaper([]), RangeError);
  assert.throws(() => aiqPaper(points([1, NaN])), /point 0/);
});

Deno.test("improving points: dearer or equal without being better is left out", () => {
  assert.deepEqual(
    improving(points([3, 0.5], [1, 0.2], [1, 0.4], [2, 0.4], [5, 0.45])),
    points([1, 0.4], [3, 0.5]),
  );
});
