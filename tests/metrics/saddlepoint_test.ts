import assert from "node:assert/strict";
import { type Random, random } from "../../src/base/random.ts";
import { pairedBootstrap } from "../../src/metrics/bootstrap.ts";
import { LowerTail } from "../../src/metrics/lower_tail.ts";
import { toPiles } from "../../src/metrics/piles.ts";
import { bootstrapInterval } from "../../src/metrics/saddlepoint.ts";
import { studentP, studentQuantile } from "../../src/metrics/student.ts";
import { toUnits, type Units } from "../../src/metrics/units.ts";
import { fill, near } from "./fixtures.ts";

const DRAWS = 20_000;

/** Means of resamples, unit by unit, sorted. */
function drawn(strata: readonly Units[], g: Random): Float64Array {
  return fill(DRAWS, () => {
    let mean = 0;
    for (const { sums, sizes } of strata) {
      let sum = 0, size = 0;
      for (let left = sums.length; left > 0; left--) {
        const j = g.integer(sums.length);
        sum += sums[j];
        size += sizes[j];
      }
      mean += sum / size / strata.length;
    }
    return mean;
  }).sort();
}

/** P(Bin(n, p) ≤ k), term by term. */
function binomialTail(n: number, p: number, k: number): number {
  let mass = (1 - p) ** n, sum = mass;
  for (let i = 0; i < k; i++) sum += mass *= p / (1 - p) * (n - i) / (i + 1);
  return sum;
}

const normal = (g: Random): number => g.normal();
const signed = (share: number, gain: number) => (g: Random): number => {
  const u = g.next();
  return u < share * gain ? 1 : u < share ? -1 : 0;
};
const graded = (g: Random): number => 0.2 * normal(g) + 0.02;
const tenths = (g: Random): number => (g.integer(11) - g.integer(10)) / 10;
const heavy = (g: Random): number => 0.1 * normal(g) / Math.abs(normal(g)) ** 0.5;
const inSeeds = (g: Random): number => 1 + g.integer(5);
const inTemplates = (g: Random): number => Math.ceil(Math.exp(normal(g)));

const CASES: readonly [
  name: string,
  units: number,
  draw: (g: Random) => number,
  size?: (g: Random) => number,
  strata?: number,
][] = [
  ["±1 in 30%", 60, signed(0.3, 0.6)],
  ["±1 in 10%", 300, signed(0.1, 0.6)],
  ["tenths", 40, tenths],
  ["graded", 40, graded],
  ["graded", 200, graded],
  ["heavy tails", 150, heavy],
  ["±1 in 20%, in several seeds", 400, signed(0.2, 0.55), inSeeds],
  ["graded, in templates", 150, graded, inTemplates],
  ["±1 in 30%, dataset mean", 120, signed(0.3, 0.6), undefined, 4],
  ["graded, in templates, dataset mean", 120, graded, inTemplates, 3],
  ["±1 in 30%, in several seeds, dataset mean", 200, signed(0.3, 0.6), inSeeds, 5],
];

for (const [name, units, draw, size, K] of CASES) {
  Deno.test(`as drawn: ${name}, ${units} units`, () => {
    const g = random(3, name, units);
    const values = fill(units, () => draw(g)), sizes = fill(units, () => size?.(g) ?? 1);
    const groups = [...sizes].flatMap((n, j) => new Array<number>(n).fill(j));
    const strata = toUnits(Float64Array.from(groups, (j) => values[j]), 0, {
      groups,
      ...(K && { strata: groups.map((j) => j % K) }),
    });
    const means = drawn(strata, g.fork("draws"));
    const { low, high, p } = bootstrapInterval(strata, 0.95);
    const at = 0.025 * DRAWS, error = 4 * Math.sqrt(at);
    const margin = 0.02 * (means[DRAWS - at] - means[at]) / 2;
    for (const [end, place] of [[low, at], [high, DRAWS - 1 - at]]) {
      const from = means[Math.round(place - error)], to = means[Math.round(place + error)];
      assert.ok(end >= from - margin && end <= to + margin, `${end} is not in ${from}…${to}`);
    }
    const below = means.filter((mean) => mean <= 1e-12).length;
    const above = means.filter((mean) => mean >= -1e-12).length;
    const expected = Math.min(1, 2 * Math.min(below, above) / DRAWS);
    const chance = 8 * Math.sqrt(expected / 2 / DRAWS);
    assert.ok(Math.abs(p - expected) <= 0.1 * expected + chance, `${p} against ${expected}`);
  });
}

Deno.test("wins and losses alone are binomial: p as deep as can be, and the ends of the interval", () => {
  for (const [n, wins] of [[20, 14], [40, 26], [400, 260], [400, 300]]) {
    const d = fill(n, (i) => i < wins ? 1 : -1), strata = toUnits(d, 0, {});
    const { low, high, p } = bootstrapInterval(strata, 0.95);
    const exact = 2 * binomialTail(n, wins / n, n / 2);
    assert.ok(Math.abs(p / exact - 1) < 0.02, `${n}, ${wins}: ${p} against ${exact}`);
    let k = 0;
    while (binomialTail(n, wins / n, k) <= 0.025) k++;
    near(low, 2 * k / n - 1, 12);
    const other = bootstrapInterval(toUnits(d.map((x) => -x), 0, {}), 0.95);
    near(other.high, -low, 12);
    near(other.low, -high, 12);
    near(other.p / p, 1, 9);
  }
});

Deno.test("p-values of a thousand queries of graded scores do not end at 1/draws", () => {
  const g = random(5, "deep"), d = fill(1000, () => 0.3 * normal(g) + 0.1);
  const { p } = bootstrapInterval(toUnits(d, 0, {}), 0.95);
  assert.ok(p > 1e-30 && p < 1e-15, String(p));
});

Deno.test("differences of one sign: no resample lies beyond 0", () => {
  const of = (values: number[]): { low: number; high: number; p: number } =>
    bootstrapInterval(toUnits(Float64Array.from(values), 0, {}), 0.95);
  const ten = (values: number[]): number[] => Array.from({ length: 10 }, (_, i) => values[i] ?? 0);
  assert.equal(of([1, 2, 3, 4]).p, 0);
  // A single unit of 10 differs: all resamples without it lie at 0, (9/10)¹⁰.
  const one = of(ten([1]));
  near(one.p, 2 * 0.9 ** 10, 9);
  assert.equal(one.low, 0);
  near(one.high, 0.3, 12);
  assert.equal(of(ten([1, -1])).p, 1);
  // d = (1, 0, 1): P(mean* ≤ 0) = 1/27; so the interval starts at 0.
  near(of([1, 0, 1]).p, 2 / 27, 9);
  assert.equal(of([1, 0, 1]).low, 0);
  const two = of([0, 1]);
  assert.deepEqual([two.low, two.high, two.p], [0, 1, 0.5]);
  const [never] = pairedBootstrap([fill(5000, (i) => 1 + i % 2)]);
  assert.ok(never.p! > 0 && never.p! < 1e-200);
});

Deno.test("an outlier: the end on its side is far out, and no further than all units there", () => {
  const g = random(4, "outlier"), d = fill(30, (i) => i === 0 ? 1000 : normal(g));
  const { low, high, p } = bootstrapInterval(toUnits(d, 0, {}), 0.95);
  assert.ok(low < 1 && high > 60 && high < 1000, `${low} ${high}`);
  assert.ok(p > 0 && p <= 1);
});

Deno.test("a score is the same from wherever the search for it starts, in both tails", () => {
  const gains = [-0.015, -0.008, -0.005, 0.002, 0.003, 0.004, 0.005, 0.016, 0.02, 0.045];
  const piles = toPiles({
    sums: fill(115, (i) => i < 3 ? gains[i] : i < 107 ? 0 : i < 114 ? gains[i - 104] : 1),
    sizes: fill(115, (i) => i < 114 ? 5 : 250),
  });
  const places = fill(15, (i) => -0.0029 + i * 0.0008);
  for (const from of places) {
    for (const to of places) {
      const tail = new LowerTail(piles), fresh = new LowerTail(piles).scoreAt(to);
      tail.scoreAt(from);
      const found = tail.scoreAt(to);
      assert.ok(Number.isFinite(found) && Math.abs(found - fresh) < 1e-5, `${found} ${fresh}`);
    }
  }
});

Deno.test("a lattice away from 0: sums of .9 and −.1 reach 0 although none is a multiple of a step", () => {
  const d = fill(10, (i) => i < 2 ? 0.9 : -0.1);
  // k of ten are .9: the mean is (k − 1)/10, and P(k ≤ 1) for p = .2 is .3758.
  const { p } = bootstrapInterval(toUnits(d, 0, {}), 0.95);
  assert.ok(Math.abs(p / (2 * 0.3758) - 1) < 0.02, String(p));
});

Deno.test("the normal distribution is Student's of infinitely many degrees", () => {
  near(studentQuantile(0.05, Infinity), 1.959963985, 8);
  near(studentP(1, Infinity), 0.3173105079, 9);
  near(studentP(2.999999, Infinity) / studentP(3.000001, Infinity), 1, 4);
  near(studentP(10, Infinity) / 1.523970604832e-23, 1, 9);
  assert.equal(studentP(0, Infinity), 1);
});
