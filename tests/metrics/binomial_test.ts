import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import { binomial, logFactorial, logFactorials } from "../../src/metrics/binomial.ts";

/** Exact probability of k successes. */
function mass(n: number, k: number, p: number): number {
  if (p === 1) return k === n ? 1 : 0;
  return Math.exp(
    logFactorial(n) - logFactorial(k) - logFactorial(n - k) + k * Math.log(p) +
      (n - k) * Math.log1p(-p),
  );
}

Deno.test("ln k! against a sum of logarithms", () => {
  let sum = 0;
  for (let k = 1; k <= 5000; k++) {
    sum += Math.log(k);
    assert.ok(Math.abs(logFactorial(k) - sum) <= 1e-12 * Math.max(1, sum), `k = ${k}`);
  }
  assert.equal(logFactorial(0), 0);
});

Deno.test("draws have the binomial distribution: inversion, rejection, mirrored", () => {
  const draws = 200_000;
  for (const [n, p] of [[1, 0.3], [27, 0.1], [40, 0.5], [1000, 0.02], [12_000, 0.08], [60, 0.9]]) {
    const g = random(7, n), table = logFactorials(n);
    const counts = new Float64Array(n + 1);
    for (let b = 0; b < draws; b++) counts[binomial(n, p, g, table)]++;
    // Pearson's χ² over cells expecting 20 or more, the rest in one.
    let chi = 0, cells = 0, restSeen = draws, restExpected = draws;
    for (let k = 0; k <= n; k++) {
      const expected = draws * mass(n, k, p);
      if (expected < 20) continue;
      chi += (counts[k] - expected) ** 2 / expected;
      cells++;
      restSeen -= counts[k];
      restExpected -= expected;
    }
    if (restExpected > 1) chi += (restSeen - restExpected) ** 2 / restExpected, cells++;
    const z = (chi - (cells - 1)) / Math.sqrt(2 * (cells - 1));
    assert.ok(Math.abs(z) < 4, `Bin(${n}, ${p}): χ² ${chi.toFixed(1)} on ${cells - 1}, z = ${z}`);
  }
});

Deno.test("sure and impossible events draw nothing at random", () => {
  const table = logFactorials(50);
  assert.equal(binomial(50, 0, random(1), table), 0);
  assert.equal(binomial(50, 1, random(1), table), 50);
  assert.equal(binomial(0, 0.5, random(1), table), 0);
});
