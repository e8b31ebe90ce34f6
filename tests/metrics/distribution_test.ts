import assert from "node:assert/strict";
import {
  choiceDistribution,
  entropyBits,
  predictionEntropy,
} from "../../src/metrics/distribution.ts";
import { F1_CHOICE, near } from "./fixtures.ts";

Deno.test("F1: counts 2, 4, 2", () => {
  const d = choiceDistribution(F1_CHOICE, 3);
  assert.deepEqual([...d.shares], [0.25, 0.5, 0.25]);
  near(d.entropy, 1.5);
  near(d.normalised, 0.946395);
  near(d.effective, 2.828427);
  near(d.collapse, 0.5);
});

Deno.test("a constant router, a mixture, a pool of one", () => {
  const constant = choiceDistribution(new Uint16Array(5).fill(2), 3);
  assert.deepEqual([constant.entropy, constant.effective, constant.collapse], [0, 1, 1]);
  near(choiceDistribution(Float64Array.of(0.5, 0.5, 0), 3).entropy, 1);
  assert.equal(choiceDistribution(new Uint16Array(5), 1).normalised, null);
  assert.throws(() => choiceDistribution(Uint16Array.of(0, 3), 3), /row 1/);
  assert.throws(() => choiceDistribution(new Uint16Array(), 3), RangeError);
  assert.throws(() => choiceDistribution(Float64Array.of(1), 3), RangeError);
});

Deno.test("E_p: .893203 bits, 1 bit, mean .946601", () => {
  near(predictionEntropy(Float64Array.of(0.9, 0.1), 2), 0.893203);
  near(predictionEntropy(Float64Array.of(0.5, 0.5), 2), 1);
  near(predictionEntropy(Float64Array.of(0.9, 0.1, 0.5, 0.5), 2), 0.946601);
  near(entropyBits(Float64Array.of(0.689974, 0.310026)), 0.893203, 5);
});

Deno.test("E_p: large scores do not overflow; a model that cannot be chosen has no share", () => {
  near(predictionEntropy(Float64Array.of(2000, 2000), 2), 1);
  near(predictionEntropy(Float64Array.of(0.5, NaN, 0.5), 3), 1);
  assert.throws(() => predictionEntropy(Float64Array.of(0.5, 0.5, NaN, NaN), 2), /row 1/);
  assert.throws(() => predictionEntropy(Float64Array.of(1, 2, 3), 2), RangeError);
});
