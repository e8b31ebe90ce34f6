import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { type Interval, pairedBootstrap, percentileInterval } from "../../src/metrics/bootstrap.ts";
import { sampleMean } from "../../src/metrics/quality.ts";
import { fill, near } from "./fixtures.ts";

/** An interval without its p-value. */
function bare({ p: _p, ...interval }: Interval): Omit<Interval, "p"> {
  return interval;
}

/** 95% interval by the normal approximation, mean ± 1.96·sd/√N. */
function normalInterval(values: Float64Array): { mean: number; low: number; high: number } {
  const mean = sampleMean(values);
  const sd = Math.sqrt(sampleMean(values.map((value) => (value - mean) ** 2)));
  const half = 1.96 * sd / Math.sqrt(values.length);
  return { mean, low: mean - half, high: mean + half };
}

/** Means of all n^n resamples. */
function allResamples(d: Float64Array): Float64Array {
  const n = d.length;
  return fill(n ** n, (code) => {
    let sum = 0;
    for (let k = 0; k < n; k++, code = Math.floor(code / n)) sum += d[code % n];
    return sum / n;
  });
}

Deno.test("d = (1, 0, 1): 27 resamples weigh 1, 6, 12, 8; the quantiles are 0 and 1", () => {
  const d = Float64Array.of(1, 0, 1);
  const means = allResamples(d);
  const weights = [0, 1 / 3, 2 / 3, 1].map((v) =>
    means.filter((x) => Math.abs(x - v) < 1e-9).length
  );
  assert.deepEqual(weights, [1, 6, 12, 8]);
  assert.deepEqual(percentileInterval(means), { low: 0, high: 1 });
  const [drawn] = pairedBootstrap([d], { random: random(1) });
  assert.deepEqual(bare(drawn), { mean: 2 / 3, low: 0, high: 1, units: 3 });
});

Deno.test("the interval leaves out 250 of 10,000 draws on either side", () => {
  const draws = fill(10_000, (k) => (k * 7919) % 10_000);
  assert.deepEqual(percentileInterval(draws), { low: 250, high: 9749 });
  assert.deepEqual(percentileInterval(draws, 0.9), { low: 500, high: 9499 });
  assert.deepEqual(percentileInterval(draws.map((x) => -x)), { low: -9749, high: -250 });
  assert.throws(() => percentileInterval(new Float64Array()), RangeError);
  assert.throws(() => percentileInterval(draws, 95), RangeError);
});

Deno.test("a constant difference has that constant as its interval", () => {
  for (const c of [0, 0.5, -0.25]) {
    for (const n of [1, 7, 400]) {
      const [plain, strata] = [undefined, Uint16Array.from({ length: n }, (_, i) => i % 3)].map((
        s,
      ) =>
        pairedBootstrap([new Float64Array(n).fill(c)], {
          random: random(n),
          draws: 500,
          strata: s,
        })[0]
      );
      for (const { mean, low, high } of [plain, strata]) {
        near(mean, c, 12);
        near(low, c, 12);
        near(high, c, 12);
      }
    }
  }
});

Deno.test("20 wins and 8 losses in 100: the bootstrap agrees with the normal interval", () => {
  const d = fill(100, (i) => i < 20 ? 1 : i < 28 ? -1 : 0);
  const [{ mean, low, high }] = pairedBootstrap([d], { random: random(4) });
  const normal = normalInterval(d);
  near(mean, 0.12);
  assert.ok(Math.abs(low - normal.low) < 0.012 && Math.abs(high - normal.high) < 0.012);
});

Deno.test("counts of frequent values and row by row draw the same distribution", () => {
  // The same differences twice; a trace of jitter makes every value rare, so its rows are drawn singly.
  const d = fill(300, (i) => i < 60 ? 1 : i < 90 ? -1 : i < 100 ? 0.5 : 0);
  const jittered = d.map((x, i) => x + i * 1e-12);
  for (const level of [0.5, 0.9, 0.95]) {
    const [counts, rows] = pairedBootstrap([d, jittered], {
      random: random(5),
      draws: 40_000,
      level,
    });
    assert.notEqual(counts.low, rows.low);
    // Means of 300 sit on a grid of 1/600; Monte Carlo error of a quantile is about as large.
    assert.ok(Math.abs(counts.low - rows.low) < 0.004, `${counts.low} against ${rows.low}`);
    assert.ok(Math.abs(counts.high - rows.high) < 0.004, `${counts.high} against ${rows.high}`);
  }
});

Deno.test("frequent and rare values mix", () => {
  const d = fill(500, (i) => i < 400 ? 0 : (i - 450) / 50);
  const [{ mean, low, high }] = pairedBootstrap([d], { random: random(6) });
  const normal = normalInterval(d);
  near(mean, normal.mean, 9);
  assert.ok(Math.abs(low - normal.low) < 0.002 && Math.abs(high - normal.high) < 0.002);
});

Deno.test("whole groups: ten copies of a query are one observation", () => {
  const g = random(8);
  const once = fill(60, () => g.integer(3) - 1);
  const copies = fill(600, (i) => once[Math.floor(i / 10)]);
  const groups = Uint16Array.from({ length: 600 }, (_, i) => Math.floor(i / 10));
  const options = { random: random(9) };
  const [truth] = pairedBootstrap([once], options);
  const [grouped] = pairedBootstrap([copies], { ...options, groups });
  const [naive] = pairedBootstrap([copies], options);
  assert.equal(grouped.units, 60);
  near(grouped.low, truth.low, 9);
  near(grouped.high, truth.high, 9);
  assert.ok(naive.high - naive.low < 0.5 * (truth.high - truth.low));
});

Deno.test("groups of different size: the mean is over rows", () => {
  // Two groups: one row of 1, three rows of 0. Resampled means 1, 1/4, 0 weigh 1, 2, 1 of 4.
  const d = Float64Array.of(1, 0, 0, 0);
  const [wide, narrow] = [0.6, 0.4].map((level) =>
    pairedBootstrap([d], { random: random(10), groups: [5, 2, 2, 2], level })[0]
  );
  assert.deepEqual(bare(wide), { mean: 0.25, low: 0, high: 1, units: 2 });
  assert.deepEqual(bare(narrow), { mean: 0.25, low: 0.25, high: 0.25, units: 2 });
});

Deno.test("strata: interval of the dataset mean; between-dataset spread does not widen it", () => {
  // Dataset 0: 90 rows of +1; dataset 1: 10 rows, half 0 and half 1.
  const d = fill(100, (i) => i < 90 ? 1 : i % 2);
  const strata = Uint16Array.from({ length: 100 }, (_, i) => i < 90 ? 4 : 7);
  const [{ mean, low, high, units }] = pairedBootstrap([d], { random: random(11), strata });
  near(mean, 0.75);
  assert.equal(units, 100);
  // (1 + Bin(10, ½)/10)/2: 2.5 % and 97.5 % quantiles at 2 and 8 successes.
  near(low, (1 + 0.2) / 2);
  near(high, (1 + 0.8) / 2);
});

Deno.test("row order, labels of groups and other comparisons change nothing", () => {
  const g = random(12);
  const d = fill(200, () => g.integer(5) / 4 - 0.5), other = fill(200, () => g.next());
  const strata = Uint16Array.from({ length: 200 }, (_, i) => i % 4);
  const groups = Uint16Array.from({ length: 200 }, (_, i) => i % 40);
  const order = g.shuffle(Uint16Array.from({ length: 200 }, (_, i) => i));
  const options = { random: random(13), draws: 2000 };
  const [alone] = pairedBootstrap([d], { ...options, strata, groups });
  const [, second] = pairedBootstrap([other, d], {
    ...options,
    strata,
    groups: groups.map((k) => 900 - k),
  });
  assert.deepEqual(second, alone);
  const [shuffled] = pairedBootstrap([Float64Array.from(order, (i) => d[i])], {
    ...options,
    strata: Uint16Array.from(order, (i) => strata[i]),
    groups: Uint16Array.from(order, (i) => groups[i]),
  });
  assert.deepEqual(shuffled, alone);
  const [one, two] = [13, 14].map((seed) => pairedBootstrap([other], { random: random(seed) })[0]);
  assert.notEqual(one.low, two.low);
});

Deno.test("coverage: about 95 % of intervals hold the truth", () => {
  let held = 0;
  for (let trial = 0; trial < 400; trial++) {
    const g = random(15, trial);
    const d = fill(150, () => {
      const u = g.next();
      return u < 0.3 ? 1 : u < 0.5 ? -1 : 0;
    });
    const [{ low, high }] = pairedBootstrap([d], { random: g, draws: 1000 });
    if (low <= 0.1 && 0.1 <= high) held++;
  }
  assert.ok(held >= 365 && held <= 394, `${held} of 400`);
});

Deno.test("missing differences and misfits are named", () => {
  const options = { random: random(1) };
  const d = Float64Array.of(0, 1, 0);
  const named = (e: unknown) =>
    e instanceof DataError && /comparison 1, row 2: no difference/.test(e.message);
  assert.throws(() => pairedBootstrap([d, Float64Array.of(0, 1, NaN)], options), named);
  assert.throws(() => pairedBootstrap([d], { ...options, groups: [1, 2] }), /3 rows, but 2 labels/);
  assert.throws(() => pairedBootstrap([d], { ...options, strata: [1] }), RangeError);
  assert.throws(() => pairedBootstrap([new Float64Array()], options), /no rows/);
  assert.throws(() => pairedBootstrap([d], { ...options, draws: 0 }), RangeError);
  assert.throws(
    () => pairedBootstrap([d], { ...options, groups: [1, 1, 2], strata: [0, 3, 3] }),
    /group 1 lies in strata 0 and 3/,
  );
});

Deno.test("the bootstrap p-value: certain, undecided and borderline differences", () => {
  const of = (differences: number[]): number =>
    pairedBootstrap([Float64Array.from(differences)], { random: random(1), draws: 9999 })[0].p;
  // All draws above 0: the smallest p there can be, 2/(B + 1).
  assert.equal(of([1, 1, 1]), 2 / 10_000);
  // All draws at 0 count on both sides.
  assert.equal(of([0, 0, 0]), 1);
  // d = (1, 0, 1): P(mean* ≤ 0) = 1/27, so p ≈ 2/27.
  assert.ok(Math.abs(of([1, 0, 1]) - 2 / 27) < 0.008, String(of([1, 0, 1])));
  // Mirrored differences have the same p up to resampling.
  assert.ok(Math.abs(of([1, 1, -1, 1]) - of([-1, -1, 1, -1])) < 0.03);
});
