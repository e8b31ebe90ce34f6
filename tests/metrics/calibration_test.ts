import assert from "node:assert/strict";
import { calibration } from "../../src/metrics/calibration.ts";
import { F1, near } from "./fixtures.ts";

const cells = (scores: number[]) => ({
  ...F1,
  rows: scores.length,
  models: 1,
  scores: Float64Array.from(scores),
  costs: undefined,
  dataset: new Uint16Array(scores.length),
  options: new Uint16Array(scores.length),
  solvedFrom: new Float64Array(scores.length),
});

Deno.test("Brier score and calibration error by hand", () => {
  // Bins of width ½: predictions .2, .4 (observed 0, 1) and .8, .6 (observed 1, 1).
  const result = calibration(cells([0, 1, 1, 1]), Float64Array.of(0.2, 0.4, 0.8, 0.6), 2);
  near(result.brier, (0.04 + 0.36 + 0.04 + 0.16) / 4);
  near(result.error, (2 * 0.2 + 2 * 0.3) / 4);
  assert.deepEqual(result.bins.map((bin) => bin.count), [2, 2]);
  near(result.bins[0].predicted, 0.3);
  near(result.bins[0].observed, 0.5);
});

Deno.test("a perfect prediction has neither; empty bins have no means", () => {
  const result = calibration(F1, F1.scores);
  assert.equal(result.cells, 24);
  assert.equal(result.brier, 0);
  assert.equal(result.error, 0);
  assert.equal(result.bins[5].predicted, null);
  assert.equal(result.bins[9].count, 11);
});

Deno.test("predictions outside [0, 1] keep their value, missing ones are left out", () => {
  const result = calibration(cells([0, 1, 1]), Float64Array.of(-0.5, 1.5, NaN), 4);
  assert.equal(result.cells, 2);
  near(result.brier, 0.25);
  assert.deepEqual(result.bins.map((bin) => bin.count), [1, 0, 0, 1]);
  assert.throws(() => calibration(cells([1]), Float64Array.of(NaN)), RangeError);
  assert.throws(() => calibration(cells([1]), Float64Array.of(1, 1)), RangeError);
  assert.throws(() => calibration(cells([1]), Float64Array.of(1), 0), RangeError);
});
