import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import {
  holm,
  normalInterval,
  overSeeds,
  signTest,
  signTestOf,
} from "../../src/metrics/significance.ts";
import { earned } from "../../src/metrics/earned.ts";
import { F1, F1_CHOICE, fill, L, near } from "./fixtures.ts";

Deno.test("sign test: 8 : 2, 20 : 8, 2 : 1", () => {
  near(signTest(8, 2), 0.109375, 9);
  near(signTest(2, 8), 0.109375, 9);
  near(signTest(20, 8), 0.035698);
  near(signTest(2, 1), 1);
  assert.equal(signTest(0, 0), 1);
  assert.equal(signTest(5, 5), 1);
  near(signTest(6, 5), 1);
  assert.throws(() => signTest(-1, 2), RangeError);
  assert.throws(() => signTest(1.5, 2), RangeError);
});

Deno.test("F1 against best single: 2 wins, 1 loss, mean .125", () => {
  const router = earned(F1, F1_CHOICE).score, single = earned(F1, new Uint16Array(8).fill(L)).score;
  const d = router.map((s, i) => s - single[i]);
  assert.deepEqual([...d], [0, 0, 1, 1, 0, 0, -1, 0]);
  const test = signTestOf(d);
  assert.deepEqual([test.wins, test.losses, test.ties], [2, 1, 5]);
  near(test.p, 1);
  near(normalInterval(d).mean, 0.125);
  assert.throws(() => signTestOf(Float64Array.of(1, NaN)), DataError);
});

Deno.test("sign test with thousands of trials agrees with exact integers", () => {
  const exact = (w: number, l: number): number => {
    const n = w + l;
    let term = 1n, sum = 0n;
    for (let k = 0; k <= Math.min(w, l); k++) {
      sum += term;
      term = term * BigInt(n - k) / BigInt(k + 1);
    }
    // 2·sum / 2^n, with 60 binary digits kept.
    const bits = sum.toString(2).length;
    const kept = bits > 60 ? Number(sum >> BigInt(bits - 60)) * 2 ** -60 : Number(sum) * 2 ** -bits;
    return Math.min(1, kept * 2 ** (bits - n + 1));
  };
  for (const [w, l] of [[600, 500], [2100, 1900], [2000, 2001], [1500, 900], [5000, 4600]]) {
    const p = signTest(w, l), truth = exact(w, l);
    assert.ok(Math.abs(p - truth) <= 1e-9 * truth, `${w}:${l}: ${p}, expected ${truth}`);
  }
  assert.equal(signTest(20_000, 0), 0);
  assert.ok(signTest(100_100, 99_900) > 0.6 && signTest(100_100, 99_900) < 0.7);
});

Deno.test("Holm: (.01, .04, .03) becomes (.03, .06, .06)", () => {
  const adjusted = holm([0.01, 0.04, 0.03]);
  [0.03, 0.06, 0.06].forEach((p, k) => near(adjusted[k], p, 12));
  assert.deepEqual(holm([]), []);
  assert.deepEqual(holm([0.7, 0.9]), [1, 1]);
  assert.throws(() => holm([0.5, NaN]), RangeError);
  assert.throws(() => holm([1.1]), RangeError);
});

Deno.test("Holm keeps the order, never lowers, never exceeds Bonferroni or 1", () => {
  for (let seed = 0; seed < 100; seed++) {
    const g = random(seed, "holm");
    const p = Array.from({ length: 1 + g.integer(12) }, () => g.next() ** 3);
    const adjusted = holm(p);
    p.forEach((a, i) => {
      assert.ok(adjusted[i] >= a && adjusted[i] <= Math.min(1, a * p.length) + 1e-15);
      p.forEach((b, j) => assert.ok(a > b || adjusted[i] <= adjusted[j]));
    });
  }
});

Deno.test("normal interval: 20 wins and 8 losses in 100", () => {
  const interval = normalInterval(fill(100, (i) => i < 20 ? 1 : i < 28 ? -1 : 0));
  near(interval.mean, 0.12);
  near(interval.sd, 0.515364);
  near(interval.se, 0.0515364, 7);
  near(interval.low, 0.018989);
  near(interval.high, 0.221011);
});

Deno.test("mean and sd over seeds", () => {
  const { mean, sd } = overSeeds(Float64Array.of(0.5, 0.6, 0.7));
  near(mean, 0.6, 12);
  near(sd, 0.1, 12);
  assert.equal(overSeeds(Float64Array.of(0.5)).sd, null);
});
