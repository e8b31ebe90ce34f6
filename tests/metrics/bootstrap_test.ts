import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { FEWEST_UNITS, type Interval, pairedBootstrap } from "../../src/metrics/bootstrap.ts";
import { sampleMean } from "../../src/metrics/quality.ts";
import {
  bootstrapP,
  type Grouping,
  percentileInterval,
  resampledMeans,
  toUnits,
  type Units,
} from "../../src/metrics/resample.ts";
import { binomial, logFactorials } from "../../src/metrics/binomial.ts";
import { studentP, studentQuantile } from "../../src/metrics/student.ts";
import { fill, near } from "./fixtures.ts";

/** An interval that is there. */
function ends({ low, high }: Interval): { low: number; high: number } {
  assert.ok(low !== null && high !== null);
  return { low, high };
}

/** The percentile interval of the bootstrap alone, whatever the number of units. */
function percentileOf(
  d: Float64Array,
  seed: number,
  { level, ...grouping }: Grouping & { level?: number } = {},
): { low: number; high: number } {
  const means = resampledMeans(toUnits(d, 0, grouping), 10_000, random(seed));
  return percentileInterval(means, level);
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
  assert.deepEqual(percentileOf(d, 1), { low: 0, high: 1 });
});

Deno.test("the interval leaves out 250 of 10,000 draws on either side", () => {
  const draws = fill(10_000, (k) => (k * 7919) % 10_000);
  assert.deepEqual(percentileInterval(draws), { low: 250, high: 9749 });
  assert.deepEqual(percentileInterval(draws, 0.9), { low: 500, high: 9499 });
  assert.deepEqual(percentileInterval(draws.map((x) => -x)), { low: -9749, high: -250 });
  assert.throws(() => percentileInterval(new Float64Array()), RangeError);
  assert.throws(() => percentileInterval(draws, 95), RangeError);
});

Deno.test("fewer than ten units: no interval and no p, whatever they say", () => {
  const nine = fill(9, (i) => i % 2), ten = fill(10, (i) => i % 2);
  const none = { low: null, high: null, p: null };
  const [few] = pairedBootstrap([nine], { random: random(1) });
  assert.deepEqual({ ...few, effectiveUnits: 9 }, {
    mean: 4 / 9,
    ...none,
    units: 9,
    effectiveUnits: 9,
  });
  near(few.effectiveUnits, 9);
  assert.equal(FEWEST_UNITS, 10);
  ends(pairedBootstrap([ten], { random: random(1) })[0]);
  // 200 queries of one template, then of eight, then of twelve of which one has nearly all.
  const many = fill(200, (i) => i % 3 === 0 ? 1 : 0);
  for (const group of [() => 0, (i: number) => i % 8, (i: number) => Math.max(0, i - 188)]) {
    const [found] = pairedBootstrap([many], {
      random: random(2),
      groups: Array.from({ length: 200 }, (_, i) => group(i)),
    });
    assert.deepEqual([found.low, found.high, found.p], [null, null, null]);
    assert.ok(found.effectiveUnits < 10);
  }
});

Deno.test("units of unequal size: 2 rows count 4, 8 units of one row 8: (2·2 + 8)²/(2·4 + 8) = 9", () => {
  const sizes = [2, 2, 1, 1, 1, 1, 1, 1, 1, 1];
  const groups = sizes.flatMap((n, j) => new Array<number>(n).fill(j));
  const [{ units, effectiveUnits, low }] = pairedBootstrap([fill(12, (i) => i % 2)], {
    random: random(3),
    groups,
  });
  assert.deepEqual([units, low], [10, null]);
  near(effectiveUnits, 9, 12);
});

Deno.test("a dataset mean: each further stratum needs a unit more, and a stratum of one unit has no spread", () => {
  const of = (strata: number[]): Interval =>
    pairedBootstrap([fill(strata.length, (i) => (i * 7) % 3 - 1)], {
      random: random(4),
      strata,
    })[0];
  const halves = (n: number): number[] => Array.from({ length: n }, (_, i) => i % 2);
  assert.equal(of(halves(10)).low, null, "ten units, eight degrees of freedom");
  ends(of(halves(12)));
  assert.equal(of([...halves(40), 7]).low, null);
});

Deno.test("ten units: the t interval with nine degrees of freedom is the widest", () => {
  const d = fill(10, (i) => (i - 3) / 10);
  const [found] = pairedBootstrap([d], { random: random(5) });
  // Mean .15, standard error √(.0825·10/9/10) = .0957427; t = 2.262157.
  near(found.mean, 0.15, 12);
  near(ends(found).low, 0.15 - 2.262157 * 0.0957427, 5);
  near(ends(found).high, 0.15 + 2.262157 * 0.0957427, 5);
  near(found.p!, studentP(0.15 / 0.09574271, 9), 6);
  const alone = percentileOf(d, 5);
  assert.ok(found.low! < alone.low && found.high! > alone.high);
});

Deno.test("one unit in 40 that differs: others like it may have stayed unseen", () => {
  const d = fill(40, (i) => i === 0 ? 0.9 : -0.1);
  const [{ mean, high, p }] = pairedBootstrap([d], { random: random(6) });
  // q = 1 − .025^(1/40) = .0881; the furthest unit is .975 off the mean of −.075.
  near(high!, mean + (1 - 0.025 ** (1 / 40)) * 0.975, 9);
  assert.ok(high! > 0 && p! > 0.05);
  near(p!, 2 * (1 - 0.075 / 0.975) ** 40, 9);
});

Deno.test("with many units the interval is the bootstrap's", () => {
  const g = random(7), d = fill(20_000, () => g.next() < 0.2 ? g.integer(3) - 1 : 0);
  const [found] = pairedBootstrap([d], { random: random(7) });
  const alone = percentileOf(d, 7), width = alone.high - alone.low;
  assert.ok(found.low! <= alone.low && found.high! >= alone.high);
  assert.ok(ends(found).high - ends(found).low < 1.03 * width);
});

Deno.test("Student's t: table values, and what is undone by the quantile", () => {
  near(studentQuantile(0.05, 1), 12.706205);
  near(studentQuantile(0.05, 9), 2.262157);
  near(studentQuantile(0.01, 30), 2.749996);
  near(studentQuantile(0.05, 1e7), 1.959964);
  near(studentP(1, 1), 0.5);
  for (const degrees of [0.7, 2.5, 9, 41.3, 5000]) {
    near(studentP(studentQuantile(0.03, degrees), degrees), 0.03, 9);
    assert.equal(studentP(0, degrees), 1);
    assert.equal(studentP(Infinity, degrees), 0);
  }
});

Deno.test("the same difference on all units: a share of them may have stayed unseen", () => {
  const of = (c: number, n: number): Interval =>
    pairedBootstrap([new Float64Array(n).fill(c)], { random: random(n), draws: 500 })[0];
  assert.deepEqual([of(0, 400).low, of(0, 400).high, of(0, 400).p], [0, 0, 1]);
  const unseen = 1 - 0.025 ** (1 / 10);
  const half = of(0.5, 10), slight = of(-0.05, 10), sure = of(1, 400);
  near(half.low!, 0.5 - 1.5 * unseen, 9);
  near(half.high!, 0.5 + 0.5 * unseen, 9);
  assert.ok(slight.low! < 0 && slight.high! > 0 && slight.p! > 0.05, "ten times −.05 is no proof");
  assert.ok(sure.low! > 0.98 && sure.high === 1 && sure.p! < 0.005);
});

Deno.test("20 wins and 8 losses in 100: the bootstrap agrees with the normal interval", () => {
  const d = fill(100, (i) => i < 20 ? 1 : i < 28 ? -1 : 0);
  const [found] = pairedBootstrap([d], { random: random(4) });
  const { mean } = found, { low, high } = ends(found);
  const normal = normalInterval(d);
  near(mean, 0.12);
  assert.ok(Math.abs(low - normal.low) < 0.012 && Math.abs(high - normal.high) < 0.012);
});

Deno.test("counts of frequent values and row by row draw the same distribution", () => {
  // The same differences twice; a trace of jitter makes every value rare, so its rows are drawn singly.
  const d = fill(300, (i) => i < 60 ? 1 : i < 90 ? -1 : i < 100 ? 0.5 : 0);
  const jittered = d.map((x, i) => x + i * 1e-12);
  for (const level of [0.5, 0.9, 0.95]) {
    const [counts, rows] = [d, jittered].map((x) => percentileOf(x, 5, { level }));
    assert.notEqual(counts.low, rows.low);
    // Means of 300 sit on a grid of 1/600; Monte Carlo error of a quantile is about as large.
    assert.ok(Math.abs(counts.low - rows.low) < 0.004, `${counts.low} against ${rows.low}`);
    assert.ok(Math.abs(counts.high - rows.high) < 0.004, `${counts.high} against ${rows.high}`);
  }
});

Deno.test("frequent and rare values mix", () => {
  const d = fill(500, (i) => i < 400 ? 0 : (i - 450) / 50);
  const { mean } = pairedBootstrap([d], { random: random(6) })[0];
  const { low, high } = percentileOf(d, 6);
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
  near(grouped.low!, truth.low!, 9);
  near(grouped.high!, truth.high!, 9);
  near(grouped.p!, truth.p!, 9);
  assert.ok(naive.high! - naive.low! < 0.5 * (truth.high! - truth.low!));
});

Deno.test("groups of different size: the mean is over rows", () => {
  // Two groups: one row of 1, three rows of 0. Resampled means 1, 1/4, 0 weigh 1, 2, 1 of 4.
  const d = Float64Array.of(1, 0, 0, 0);
  const [wide, narrow] = [0.6, 0.4].map((level) =>
    percentileOf(d, 10, { groups: [5, 2, 2, 2], level })
  );
  assert.deepEqual(wide, { low: 0, high: 1 });
  assert.deepEqual(narrow, { low: 0.25, high: 0.25 });
});

Deno.test("strata: interval of the dataset mean; between-dataset spread does not widen it", () => {
  // Dataset 0: 90 rows of +1; dataset 1: 10 rows, half 0 and half 1.
  const d = fill(100, (i) => i < 90 ? 1 : i % 2);
  const strata = Uint16Array.from({ length: 100 }, (_, i) => i < 90 ? 4 : 7);
  const [{ mean, units }] = pairedBootstrap([d], { random: random(11), strata });
  const { low, high } = percentileOf(d, 11, { strata });
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
  const [one, two] = [13, 14].map((seed) => percentileOf(other, seed));
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
    const { low, high } = ends(pairedBootstrap([d], { random: g, draws: 1000 })[0]);
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
    bootstrapP(resampledMeans(toUnits(Float64Array.from(differences), 0, {}), 9999, random(1)));
  // All draws above 0: the smallest p there can be, 2/(B + 1).
  assert.equal(of([1, 1, 1]), 2 / 10_000);
  // All draws at 0 count on both sides.
  assert.equal(of([0, 0, 0]), 1);
  // d = (1, 0, 1): P(mean* ≤ 0) = 1/27, so p ≈ 2/27.
  assert.ok(Math.abs(of([1, 0, 1]) - 2 / 27) < 0.008, String(of([1, 0, 1])));
  // Mirrored differences have the same p up to resampling.
  assert.ok(Math.abs(of([1, 1, -1, 1]) - of([-1, -1, 1, -1])) < 0.03);
});

/** Resampled means of one stratum as their definition has them: number by number, one draw after the other. */
function plainly({ sums, sizes }: Units, draws: number, seed: number): number[] {
  const kinds = [...Map.groupBy(sums.keys(), (k) => `${sums[k]} ${sizes[k]}`).values()];
  const piles = kinds.filter(({ length }) => length > 12).sort((a, b) => b.length - a.length);
  const rare = kinds.filter(({ length }) => length <= 12).flat();
  const stream = random(seed).fork("bootstrap", 0), table = logFactorials(sums.length);
  return Array.from({ length: draws }, () => {
    let left = sums.length, behind = sums.length, sum = 0, size = 0;
    for (const { length, 0: first } of piles) {
      const hits = left > 0 ? binomial(left, length / behind, stream, table) : 0;
      behind -= length;
      left -= hits;
      sum += hits * sums[first];
      size += hits * sizes[first];
    }
    for (; left > 0; left--) {
      const unit = rare[stream.integer(rare.length)];
      sum += sums[unit];
      size += sizes[unit];
    }
    return sum / size;
  });
}

Deno.test("drawn in blocks, means are to the last bit what single draws give", () => {
  const draw = random(5, "units");
  for (const groups of [1, 3]) {
    for (const kinds of [2, 12, 2000]) {
      const column = fill(1500, () => draw.integer(kinds) / kinds - 0.4);
      const [units] = toUnits(column, 0, {
        groups: fill(1500, (i) => Math.floor(i / (1 + i % groups))),
      });
      assert.deepEqual([...resampledMeans([units], 300, random(9))], plainly(units, 300, 9));
    }
  }
});

Deno.test("the ends of an interval are those of the sorted draws, with and without ties", () => {
  const draw = random(6, "ends");
  for (const [n, kinds] of [[1, 1], [2, 9], [39, 9], [40, 3], [1000, 7], [1001, 1e6]]) {
    const draws = fill(n, () => draw.integer(kinds)), before = draws.slice();
    const sorted = draws.toSorted(), outside = Math.floor(n * 0.025 + 1e-9);
    assert.deepEqual(percentileInterval(draws), {
      low: sorted[outside],
      high: sorted[n - 1 - outside],
    });
    assert.deepEqual(draws, before);
  }
});

Deno.test("comparisons that are alike have the same interval, each its own object", () => {
  const draw = random(8, "alike");
  const a = fill(60, () => draw.integer(5) - 2), b = fill(60, () => draw.integer(5) - 2);
  const of = (columns: Float64Array[]): Interval[] =>
    pairedBootstrap(columns, { random: random(1), draws: 200 });
  const [first, second, third] = of([a, b, a.toReversed()]);
  assert.deepEqual([first, second, third], [...of([a]), ...of([b]), ...of([a])]);
  assert.notEqual(first, third);
});
