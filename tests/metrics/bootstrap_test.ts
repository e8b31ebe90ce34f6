import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { FEWEST_UNITS, type Interval, pairedBootstrap } from "../../src/metrics/bootstrap.ts";
import { sampleMean } from "../../src/metrics/quality.ts";
import { bootstrapInterval } from "../../src/metrics/saddlepoint.ts";
import { type Grouping, toUnits } from "../../src/metrics/units.ts";
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
  grouping: Grouping = {},
): { low: number; high: number } {
  return bootstrapInterval(toUnits(d, 0, grouping), 0.95);
}

/** 95% interval by the normal approximation, mean ± 1.96·sd/√N. */
function normalInterval(values: Float64Array): { mean: number; low: number; high: number } {
  const mean = sampleMean(values);
  const sd = Math.sqrt(sampleMean(values.map((value) => (value - mean) ** 2)));
  const half = 1.96 * sd / Math.sqrt(values.length);
  return { mean, low: mean - half, high: mean + half };
}

Deno.test("fewer than ten units: no interval and no p, whatever they say", () => {
  const nine = fill(9, (i) => i % 2), ten = fill(10, (i) => i % 2);
  const none = { low: null, high: null, p: null };
  const [few] = pairedBootstrap([nine]);
  assert.deepEqual({ ...few, effectiveUnits: 9 }, {
    mean: 4 / 9,
    ...none,
    units: 9,
    effectiveUnits: 9,
  });
  near(few.effectiveUnits, 9);
  assert.equal(FEWEST_UNITS, 10);
  ends(pairedBootstrap([ten])[0]);
  // 200 queries of one template, then of eight, then of twelve of which one has nearly all.
  const many = fill(200, (i) => i % 3 === 0 ? 1 : 0);
  for (const group of [() => 0, (i: number) => i % 8, (i: number) => Math.max(0, i - 188)]) {
    const [found] = pairedBootstrap([many], {
      groups: Array.from({ length: 200 }, (_, i) => group(i)),
    });
    assert.deepEqual([found.low, found.high, found.p], [null, null, null]);
    assert.ok(found.effectiveUnits < 10);
  }
});

Deno.test("units of unequal size: 2 rows count 4, 8 units of one row 8: (2·2 + 8)²/(2·4 + 8) = 9", () => {
  const sizes = [2, 2, 1, 1, 1, 1, 1, 1, 1, 1];
  const groups = sizes.flatMap((n, j) => new Array<number>(n).fill(j));
  const [{ units, effectiveUnits, low }] = pairedBootstrap([fill(12, (i) => i % 2)], { groups });
  assert.deepEqual([units, low], [10, null]);
  near(effectiveUnits, 9, 12);
});

Deno.test("a dataset mean: each further stratum needs a unit more, and a stratum of one unit has no spread", () => {
  const of = (strata: number[]): Interval =>
    pairedBootstrap([fill(strata.length, (i) => (i * 7) % 3 - 1)], { strata })[0];
  const halves = (n: number): number[] => Array.from({ length: n }, (_, i) => i % 2);
  assert.equal(of(halves(10)).low, null, "ten units, eight degrees of freedom");
  ends(of(halves(12)));
  assert.equal(of([...halves(40), 7]).low, null);
});

Deno.test("ten units: the t interval with nine degrees of freedom is the widest", () => {
  const d = fill(10, (i) => (i - 3) / 10);
  const [found] = pairedBootstrap([d]);
  // Mean .15, standard error √(.0825·10/9/10) = .0957427; t = 2.262157.
  near(found.mean, 0.15, 12);
  near(ends(found).low, 0.15 - 2.262157 * 0.0957427, 5);
  near(ends(found).high, 0.15 + 2.262157 * 0.0957427, 5);
  near(found.p!, studentP(0.15 / 0.09574271, 9), 6);
  const alone = percentileOf(d);
  assert.ok(found.low! < alone.low && found.high! > alone.high);
});

Deno.test("one unit in 40 that differs: others like it may have stayed unseen", () => {
  const d = fill(40, (i) => i === 0 ? 0.9 : -0.1);
  const [{ mean, high, p }] = pairedBootstrap([d]);
  // q = 1 − .025^(1/40) = .0881; the furthest unit is .975 off the mean of −.075.
  near(high!, mean + (1 - 0.025 ** (1 / 40)) * 0.975, 9);
  assert.ok(high! > 0 && p! > 0.05);
  near(p!, 2 * (1 - 0.075 / 0.975) ** 40, 9);
});

Deno.test("with many units the interval is the bootstrap's", () => {
  const g = random(7), d = fill(20_000, () => g.next() < 0.2 ? g.integer(3) - 1 : 0);
  const [found] = pairedBootstrap([d]);
  const alone = percentileOf(d), width = alone.high - alone.low;
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
  const of = (c: number, n: number): Interval => pairedBootstrap([new Float64Array(n).fill(c)])[0];
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
  const [found] = pairedBootstrap([d]);
  const { mean } = found, { low, high } = ends(found);
  const normal = normalInterval(d);
  near(mean, 0.12);
  assert.ok(Math.abs(low - normal.low) < 0.012 && Math.abs(high - normal.high) < 0.012);
});

Deno.test("frequent and rare values mix", () => {
  const d = fill(500, (i) => i < 400 ? 0 : (i - 450) / 50);
  const { mean } = pairedBootstrap([d])[0];
  const { low, high } = percentileOf(d);
  const normal = normalInterval(d);
  near(mean, normal.mean, 9);
  assert.ok(Math.abs(low - normal.low) < 0.002 && Math.abs(high - normal.high) < 0.002);
});

Deno.test("whole groups: ten copies of a query are one observation", () => {
  const g = random(8);
  const once = fill(60, () => g.integer(3) - 1);
  const copies = fill(600, (i) => once[Math.floor(i / 10)]);
  const groups = Uint16Array.from({ length: 600 }, (_, i) => Math.floor(i / 10));
  const [truth] = pairedBootstrap([once]);
  const [grouped] = pairedBootstrap([copies], { groups });
  const [naive] = pairedBootstrap([copies]);
  assert.equal(grouped.units, 60);
  near(grouped.low!, truth.low!, 9);
  near(grouped.high!, truth.high!, 9);
  near(grouped.p!, truth.p!, 9);
  assert.ok(naive.high! - naive.low! < 0.5 * (truth.high! - truth.low!));
});

Deno.test("strata: interval of the dataset mean; between-dataset spread does not widen it", () => {
  // Dataset 0: 90 rows of +1; dataset 1: 10 rows, half 0 and half 1.
  const d = fill(100, (i) => i < 90 ? 1 : i % 2);
  const strata = Uint16Array.from({ length: 100 }, (_, i) => i < 90 ? 4 : 7);
  const [{ mean, units }] = pairedBootstrap([d], { strata });
  const { low, high } = percentileOf(d, { strata });
  near(mean, 0.75);
  assert.equal(units, 100);
  // (1 + Bin(10, ½)/10)/2: 2.5 % and 97.5 % quantiles at 2 and 8 successes.
  // The grid is a 24th of a standard error of .079.
  assert.ok(low <= 0.6 && low > 0.595, String(low));
  assert.ok(high >= 0.9 && high < 0.905, String(high));
});

Deno.test("row order, labels of groups and other comparisons change nothing", () => {
  const g = random(12);
  const d = fill(200, () => g.integer(5) / 4 - 0.5), other = fill(200, () => g.next());
  const strata = Uint16Array.from({ length: 200 }, (_, i) => i % 4);
  const groups = Uint16Array.from({ length: 200 }, (_, i) => i % 40);
  const order = g.shuffle(Uint16Array.from({ length: 200 }, (_, i) => i));
  const [alone] = pairedBootstrap([d], { strata, groups });
  const [, second] = pairedBootstrap([other, d], {
    strata,
    groups: groups.map((k) => 900 - k),
  });
  assert.deepEqual(second, alone);
  const [shuffled] = pairedBootstrap([Float64Array.from(order, (i) => d[i])], {
    strata: Uint16Array.from(order, (i) => strata[i]),
    groups: Uint16Array.from(order, (i) => groups[i]),
  });
  assert.deepEqual(shuffled, alone);
});

Deno.test("coverage: about 95 % of intervals hold the truth", () => {
  let held = 0;
  for (let trial = 0; trial < 400; trial++) {
    const g = random(15, trial);
    const d = fill(150, () => {
      const u = g.next();
      return u < 0.3 ? 1 : u < 0.5 ? -1 : 0;
    });
    const { low, high } = ends(pairedBootstrap([d])[0]);
    if (low <= 0.1 && 0.1 <= high) held++;
  }
  assert.ok(held >= 365 && held <= 394, `${held} of 400`);
});

Deno.test("missing differences and misfits are named", () => {
  const d = Float64Array.of(0, 1, 0);
  const named = (e: unknown) =>
    e instanceof DataError && /comparison 1, row 2: no difference/.test(e.message);
  assert.throws(() => pairedBootstrap([d, Float64Array.of(0, 1, NaN)]), named);
  assert.throws(() => pairedBootstrap([d], { groups: [1, 2] }), /3 rows, but 2 labels/);
  assert.throws(() => pairedBootstrap([d], { strata: [1] }), RangeError);
  assert.throws(() => pairedBootstrap([new Float64Array()]), /no rows/);
  assert.throws(() => pairedBootstrap([d], { level: 95 }), RangeError);
  assert.throws(
    () => pairedBootstrap([d], { groups: [1, 1, 2], strata: [0, 3, 3] }),
    /group 1 lies in strata 0 and 3/,
  );
});

Deno.test("comparisons that are alike have the same interval, each its own object", () => {
  const draw = random(8, "alike");
  const a = fill(60, () => draw.integer(5) - 2), b = fill(60, () => draw.integer(5) - 2);
  const of = (columns: Float64Array[]): Interval[] => pairedBootstrap(columns);
  const [first, second, third] = of([a, b, a.toReversed()]);
  assert.deepEqual([first, second, third], [...of([a]), ...of([b]), ...of([a])]);
  assert.notEqual(first, third);
});
