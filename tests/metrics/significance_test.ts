import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import { holm, overSeeds } from "../../src/metrics/significance.ts";
import { near } from "./fixtures.ts";

Deno.test("Holm: (.01, .04, .03) becomes (.03, .06, .06)", () => {
  const adjusted = holm([0.01, 0.04, 0.03]);
  [0.03, 0.06, 0.06].forEach((p, k) => near(adjusted[k], p, 12));
  assert.deepEqual(holm([]), []);
  assert.deepEqual(holm([0.7, 0.9]), [1, 1]);
  assert.deepEqual(
    holm([null, 0.01, null, 0.04]),
    [null, 0.02, null, 0.04],
    "untested: not counted",
  );
  assert.throws(() => holm([0.5, NaN]), RangeError);
  assert.throws(() => holm([1.1]), RangeError);
});

Deno.test("Holm keeps the order, never lowers, never exceeds Bonferroni or 1", () => {
  for (let seed = 0; seed < 100; seed++) {
    const g = random(seed, "holm");
    const p = Array.from({ length: 1 + g.integer(12) }, () => g.next() ** 3);
    const adjusted = holm(p);
    p.forEach((a, i) => {
      assert.ok(adjusted[i]! >= a && adjusted[i]! <= Math.min(1, a * p.length) + 1e-15);
      p.forEach((b, j) => assert.ok(a > b || adjusted[i]! <= adjusted[j]!));
    });
  }
});

Deno.test("mean and sd over seeds", () => {
  const { mean, sd } = overSeeds(Float64Array.of(0.5, 0.6, 0.7));
  near(mean, 0.6, 12);
  near(sd, 0.1, 12);
  assert.equal(overSeeds(Float64Array.of(0.5)).sd, null);
});
