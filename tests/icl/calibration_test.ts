import assert from "node:assert/strict";
import {
  describeCalibration,
  describePlatt,
  fitPlatt,
  plattProbabilities,
  reliability,
} from "../../src/icl/calibration.ts";
import { random } from "../../src/base/random.ts";

const near = (got: number | null, expected: number, within = 1e-12): void =>
  assert.ok(Math.abs(got! - expected) <= within, `${got}, expected ${expected}`);
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

Deno.test("Brier score, models and calibration error by hand; missing cells left out", () => {
  const predicted = Float64Array.of(.2, .9, .4, NaN, .6, .7);
  const outcomes = Float64Array.of(0, 1, 1, 1, NaN, 0);
  const found = reliability(["a", "b"], predicted, outcomes);
  assert.equal(found.cells, 4);
  near(found.brier, (.04 + .01 + .36 + .49) / 4);
  near(found.error, (.2 + .1 + .6 + .7) / 4); // fewer cells than bins: each alone
  assert.deepEqual(found.bins.map(({ count }) => count), [1, 1, 1, 1]);
  const [a, b] = found.models;
  assert.deepEqual([a.model, a.cells, b.model, b.cells], ["a", 2, "b", 2]);
  near(a.predicted, .3);
  near(a.observed, .5);
  near(b.predicted, .8);
  near(b.observed, .5);
  assert.equal(
    describeCalibration(found),
    "validation: Brier 0.2250, calibration error 0.4000 on 4 cells; furthest off: b, mean " +
      "prediction +0.300",
  );
});

Deno.test("ten bins of equal counts, whatever the range; equal predictions share one", () => {
  const n = 1000;
  const narrow = Float64Array.from({ length: n }, (_, i) => 0.5 + i * 1e-6);
  const outcomes = Float64Array.from({ length: n }, (_, i) => i % 2);
  const found = reliability(["m"], narrow, outcomes);
  assert.deepEqual(found.bins.map(({ count }) => count), Array(10).fill(100));
  near(found.error, 0.0004995, 1e-9);
  near(found.bins[1].from, narrow[100]);
  near(found.bins[1].to, narrow[199]);
  // One value for most cells: the outcome of no order of these cells may matter.
  const tied = Float64Array.from({ length: n }, (_, i) => i < 850 ? 0.5 : 0.6 + i * 1e-6);
  assert.deepEqual(
    reliability(["m"], tied, outcomes).bins.map(({ count }) => count),
    [850, 50, 100],
  );
  near(reliability(["m"], tied, outcomes).bins[0].observed, 0.5);
  const turned = reliability(["m"], tied.toReversed(), outcomes.toReversed());
  near(turned.error, reliability(["m"], tied, outcomes).error);
});

Deno.test("a model without cells has no means; nothing at all is an error", () => {
  const found = reliability(["a", "b"], Float64Array.of(.5, NaN), Float64Array.of(1, 1));
  assert.deepEqual(found.models[1], { model: "b", cells: 0, predicted: null, observed: null });
  assert.match(describeCalibration(found), /furthest off: a, mean prediction −0\.500/);
  assert.throws(() => reliability(["a"], Float64Array.of(NaN), Float64Array.of(1)), RangeError);
  assert.throws(() => reliability(["a"], Float64Array.of(1), Float64Array.of(1, 0)), RangeError);
});

/** Outcomes drawn from σ(slope·ℓ + shift). */
function drawn(n: number, slope: number, shift: number): [Float64Array, Float64Array] {
  const draw = random(3, "platt");
  const logits = Float64Array.from({ length: n }, () => 2 * draw.normal());
  const outcomes = logits.map((l) => Number(draw.next() < sigmoid(slope * l + shift)));
  return [logits, outcomes];
}

Deno.test("Platt scaling finds the slope and shift that made the outcomes", () => {
  const [logits, outcomes] = drawn(40_000, 0.5, -0.7);
  const found = fitPlatt(logits, outcomes);
  assert.deepEqual([found.status, found.cells], ["fitted", 40_000]);
  near(found.slope, 0.5, 0.02);
  near(found.shift, -0.7, 0.03);
  const before = reliability(["m"], logits.map(sigmoid), outcomes);
  const after = reliability(["m"], plattProbabilities(found, logits), outcomes);
  assert.ok(before.error > 0.1 && after.error < 0.015, `${before.error} → ${after.error}`);
  assert.ok(after.brier < before.brier);
  assert.match(describePlatt(found), /slope 0\.\d{3}, shift -0\.\d{3}, on 40000 validation cells/);
});

Deno.test("at the solution the gradient of loss and prior is zero; graded outcomes count", () => {
  const [logits] = drawn(300, 1, 0);
  const draw = random(5, "graded");
  const outcomes = logits.map((l) => Math.min(1, Math.max(0, sigmoid(l) + draw.normal() / 5)));
  const { slope, shift } = fitPlatt(logits, outcomes);
  let ga = 0, gb = 0;
  logits.forEach((l, i) => {
    const miss = (sigmoid(slope * l + shift) - outcomes[i]) / 300;
    ga += miss * l, gb += miss;
  });
  near(ga + 1e-3 * (slope - 1), 0, 1e-7);
  near(gb + 1e-3 * shift, 0, 1e-7);
});

Deno.test("outcomes that a logit separates, or that are all alike, give finite numbers", () => {
  const apart = fitPlatt(Float64Array.of(-2, -1, 1, 2), Float64Array.of(0, 0, 1, 1));
  assert.equal(apart.status, "fitted");
  assert.ok(apart.slope > 2 && apart.slope < 20, `slope ${apart.slope}`);
  near(apart.shift, 0, 1e-6);
  const alike = fitPlatt(Float64Array.of(0, 0.1, -0.1), Float64Array.of(1, 1, 1));
  assert.ok(alike.shift > 2 && alike.shift < 20, `shift ${alike.shift}`);
  near(alike.slope, 1, 0.1);
  const far = fitPlatt(Float64Array.of(-500, 500, -400), Float64Array.of(1, 1, 0));
  assert.ok(Number.isFinite(far.slope) && Number.isFinite(far.shift));
});

Deno.test("without validation the identity; against the outcomes no correction", () => {
  const none = fitPlatt(Float64Array.of(NaN, 1), Float64Array.of(1, NaN));
  assert.deepEqual(none, { slope: 1, shift: 0, cells: 0, status: "none" });
  const logits = Float64Array.of(-3, 0, 40, -800, NaN);
  const same = plattProbabilities(none, logits);
  near(same[0], sigmoid(-3));
  assert.deepEqual([...same].slice(1), [0.5, 1, 0, NaN]);
  const [wrong, outcomes] = drawn(500, -1, 0);
  assert.deepEqual(fitPlatt(wrong, outcomes), {
    slope: 1,
    shift: 0,
    cells: 500,
    status: "reversed",
  });
  assert.match(describePlatt(fitPlatt(wrong, outcomes)), /higher logits go with worse outcomes/);
  assert.match(describePlatt(none), /no validation outcomes/);
});

Deno.test("what cannot be fitted is refused", () => {
  const fit = (l: number, s: number) => fitPlatt(Float64Array.of(l), Float64Array.of(s));
  assert.throws(() => fit(Infinity, 1), /logit 0 is Infinity/);
  assert.throws(() => fit(1, 1.5), /outcome 0 is 1\.5/);
  assert.throws(() => fitPlatt(new Float64Array(2), new Float64Array(3)), RangeError);
});
