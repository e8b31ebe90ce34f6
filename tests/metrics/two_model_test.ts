import assert from "node:assert/strict";
import {
  apgr,
  callRate,
  callsNeeded,
  callThreshold,
  decileCurve,
} from "../../src/metrics/two_model.ts";
import { F1, L, near, S } from "./fixtures.ts";

const models = { weak: 0.6, strong: 0.8 };
const curve = [0.6, 0.68, 0.74, 0.78, 0.8].map((quality, k) => ({ callRate: k / 4, quality }));

Deno.test("APGR and CPT of the worked curve", () => {
  near(apgr(curve, models), 0.625);
  near(callsNeeded(curve, models, 0.2), 0.125);
  near(callsNeeded(curve, models, 0.5), 0.33333, 5);
  near(callsNeeded(curve, models, 0.8), 0.625);
});

Deno.test("random has APGR .5 and CPT(x) = x", () => {
  for (let k = 0; k < 20; k++) {
    const pair = { weak: k / 50, strong: k / 50 + 0.1 + k / 100 };
    const random = [0.9, 0.3, 0.5].map((p) => ({
      callRate: p,
      quality: pair.weak + p * (pair.strong - pair.weak),
    }));
    near(apgr(random, pair), 0.5, 9);
    near(callsNeeded(random, pair, 0.35), 0.35, 9);
  }
});

Deno.test("CPT is the first crossing where quality is not monotone", () => {
  const bump = [{ callRate: 0.2, quality: 0.72 }, { callRate: 0.5, quality: 0.62 }];
  near(callsNeeded(bump, models, 0.5), 0.2 * 0.1 / 0.12, 9);
  near(callsNeeded(bump, models, 1), 1);
});

Deno.test("undefined unless strong beats weak", () => {
  assert.equal(apgr(curve, { weak: 0.6, strong: 0.6 }), null);
  assert.equal(callsNeeded(curve, { weak: 0.6, strong: 0.5 }, 0.5), null);
  assert.throws(() => callsNeeded(curve, models, 50), RangeError);
  assert.throws(() => apgr([{ callRate: 1.5, quality: 0.7 }], models), RangeError);
  assert.throws(() => apgr([{ callRate: 0.5, quality: NaN }], models), RangeError);
});

Deno.test("thresholds at the deciles and both ends", () => {
  // F1 between S and L; the router's strength ranks a2, a5, b2 first: exactly the queries L alone wins.
  const strength = Float64Array.of(0.1, 0.9, 0.2, 0.3, 0.8, 0.15, 0.7, 0.25);
  const points = decileCurve(F1, strength, S, L);
  assert.equal(points.length, 11);
  assert.deepEqual(points[0], { callRate: 1, quality: 5 / 8 });
  // At the highest threshold RouteLLM asks for more than it, so nobody is called.
  assert.deepEqual(points[10], { callRate: 0, quality: 2 / 8 });
  assert.deepEqual(points[9], { callRate: 1 / 8, quality: 3 / 8 });
  assert.deepEqual(points[7], { callRate: 3 / 8, quality: 5 / 8 });
  near(callsNeeded(points, { weak: 2 / 8, strong: 5 / 8 }, 1), 3 / 8);
  assert.throws(() => decileCurve(F1, new Float64Array(8).fill(NaN), S, L), RangeError);
});

Deno.test("the threshold of a call rate is the order statistic at or above the quantile", () => {
  const strength = Float64Array.of(5, 1, 4, 2, 3); // quantile 1 − p lies at 4·(1 − p) of 1…5
  const thresholds = [1, .75, .7, .5, .3, .25, .1].map((p) => callThreshold(strength, p));
  // 0 → 1; 1 → 2; 1.2 → 3; 2 → 3; 2.8 → 4; 3 → 4; 3.6 → 5
  assert.deepEqual(thresholds, [1, 2, 3, 3, 4, 4, 5]);
  assert.equal(callThreshold(strength, 0), Infinity);
  // 1 − .9 and 1 − .7 are no tenths in binary: with 11 queries the quantile is an order statistic.
  const eleven = Float64Array.from({ length: 11 }, (_, i) => i - 10);
  for (let k = 1; k <= 10; k++) assert.equal(callThreshold(eleven, k / 10), -k + 0);
});

Deno.test("equal strengths are called together, and rounding does not part them", () => {
  const equal = Float64Array.of(.1, .3, .3, .3, .7), parted = equal.slice();
  parted[1] += 1e-16, parted[2] -= 1e-10; // within 1e-9 of .7
  for (const [p, calls] of [[1, 5], [.7, 4], [.5, 4], [.25, 4], [.2, 1], [0, 0]]) {
    for (const strength of [equal, parted]) {
      const threshold = callThreshold(strength, p);
      assert.equal(strength.filter((s) => s >= threshold).length, calls, `${p}`);
    }
  }
  const apart = Float64Array.of(.1, .3, .3, .3 - 2e-9, .7); // further than that: two strengths
  assert.equal(callThreshold(apart, .5), .3);
  assert.equal(callThreshold(new Float64Array(4), .5), 0);
});

Deno.test("call rate", () => {
  near(callRate(Uint16Array.of(1, 0, 1, 1), 1), 0.75);
});
