import assert from "node:assert/strict";
import { deferralArea, naucOrbit, peak, qnc, qncAtPoints } from "../../src/metrics/deferral.ts";
import { F2, F2_SINGLE, near, points } from "./fixtures.ts";

Deno.test("F2: Area, Area(50 %), ORBIT's nAUC", () => {
  near(deferralArea(F2, 10), 0.5525);
  near(deferralArea(F2, 10, 0.5), 0.4275);
  near(naucOrbit(F2, 10), 0.5275);
});

Deno.test("F2: QNC 60 %, at points 80 %, peak .70", () => {
  near(qnc(F2, F2_SINGLE), 0.6);
  near(qncAtPoints(F2, F2_SINGLE), 0.8);
  near(peak(F2), 0.7);
});

Deno.test("QNC of the best single model itself is 100 %", () => {
  near(qnc([F2_SINGLE], F2_SINGLE), 1);
  near(qncAtPoints([F2_SINGLE], F2_SINGLE), 1);
});

Deno.test("QNC: reached at once, at higher cost, never", () => {
  near(qnc(points([3, 0.9], [5, 0.95]), F2_SINGLE), 0.3);
  near(qnc(points([10, 0.6], [14, 0.7]), F2_SINGLE), 1.2);
  assert.equal(qnc(points([1, 0.2], [20, 0.64]), F2_SINGLE), null);
  assert.equal(qncAtPoints(points([1, 0.2], [20, 0.64]), F2_SINGLE), null);
});

Deno.test("ORBIT's QNC: its added point has the last quality at best single's cost", () => {
  near(qncAtPoints(points([3, 0.6], [14, 0.7]), F2_SINGLE), 1); // 1.4 of the curve itself
  near(qncAtPoints(points([3, 0.66], [14, 0.7]), F2_SINGLE), 0.3);
});

Deno.test("a curve beyond the most expensive model is cut at u; nAUC is divided by its own largest cost", () => {
  const far = points([5, 0.5], [15, 0.7]);
  // Flat .5 up to half, then .5 → .6.
  near(deferralArea(far, 10), 0.25 + 0.275);
  near(naucOrbit(far, 10), (5 * 0.6 + 5 * 0.7) / 15);
});

Deno.test("order and dominated points do not matter", () => {
  const messy = [F2[2], { cost: 5, quality: 0.3 }, F2[0], F2[1]];
  near(deferralArea(messy, 10), 0.5525);
  near(naucOrbit(messy, 10), 0.5275);
  near(qnc(messy, F2_SINGLE), 0.6);
});

Deno.test("a free reference or an empty curve is refused", () => {
  assert.throws(() => deferralArea(F2, 0), /most expensive/);
  assert.throws(() => deferralArea(F2, 10, 0), /upTo/);
  assert.throws(() => qnc(F2, { cost: 0, quality: 0.5 }), RangeError);
  assert.throws(() => peak([]), RangeError);
});
