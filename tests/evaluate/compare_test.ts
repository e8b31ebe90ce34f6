import assert from "node:assert/strict";
import { compare, COMPARED_WITH, type EarnedScores } from "../../src/evaluate/compare.ts";
import type { SeedRows } from "../../src/evaluate/decisions.ts";
import { random } from "../../src/base/random.ts";

function seed(id: number, rows: number[]): SeedRows {
  return { seed: id, rows: Uint32Array.from(rows) } as SeedRows;
}

const own = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

Deno.test("a query tested by two seeds is one unit; the mean is that of the tables", () => {
  const seeds = [seed(1, [0, 1, 2]), seed(2, [1, 2, 3])];
  const earned: EarnedScores = new Map([
    ["best-single", [new Float64Array(3), new Float64Array(3)]],
    ["r", [Float64Array.of(1, 1, 0), Float64Array.of(0, 0, 1)]],
  ]);
  const [c, ...more] = compare(earned, seeds, own(4), [0, 0, 0, 1], ["r"]);
  assert.equal(more.length, 0);
  assert.equal(c.difference, (2 / 3 + 1 / 3) / 2);
  assert.equal(c.units, 4);
  assert.ok(Math.abs(c.datasetMean.difference - (2 / 5 + 1) / 2) < 1e-12);
});

Deno.test("the same seed twice is no more evidence than once", () => {
  const n = 50, draw = random(4, "compare test");
  const base = Float64Array.from({ length: n }, () => draw.integer(2));
  const better = base.map((s) => draw.next() < 0.1 ? 1 : s);
  const run = (times: number) => {
    const earned: EarnedScores = new Map([
      ["best-single", Array.from({ length: times }, () => base)],
      ["r", Array.from({ length: times }, () => better)],
    ]);
    const seeds = Array.from({ length: times }, (_, s) => seed(s, own(n)));
    return compare(earned, seeds, own(n), new Uint8Array(n), ["r"])[0];
  };
  const { difference, ...once } = run(1);
  const { difference: twice, ...rest } = run(2);
  assert.ok(difference > 0 && Math.abs(difference - twice) < 1e-12);
  assert.deepEqual([rest.units, rest.p, rest.low, rest.high], [50, once.p, once.low, once.high]);
});

Deno.test("only references that are present, never a router with itself, references first", () => {
  const rows = seed(1, [0, 1]);
  const flat = [Float64Array.of(0, 1)];
  const earned: EarnedScores = new Map([
    ["best-single", flat],
    ["knn", flat],
    ["r", flat],
  ]);
  const pairs = compare(earned, [rows], own(2), [0, 0], ["knn", "r"]);
  assert.deepEqual(pairs.map((c) => `${c.router} ${c.reference}`), [
    "knn best-single",
    "r best-single",
    "r knn",
  ]);
  assert.deepEqual([...COMPARED_WITH], ["best-single", "zero-router", "knn"]);
  assert.ok(pairs.every((c) => c.p === null && c.pHolm === null && c.difference === 0));
});

Deno.test("Holm runs over all comparisons of the table", () => {
  const n = 400, draw = random(1, "compare test");
  const base = Float64Array.from({ length: n }, () => draw.integer(2));
  const better = (gain: number): Float64Array[] => [base.map((s) => draw.next() < gain ? 1 : s)];
  const earned: EarnedScores = new Map([
    ["best-single", [base]],
    ["strong", better(0.2)],
    ["weak", better(0.01)],
    ["none", [base]],
  ]);
  const found = compare(earned, [seed(1, own(n))], own(n), new Uint8Array(n), [
    "strong",
    "weak",
    "none",
  ]);
  const of = (router: string) => found.find((c) => c.router === router)!;
  assert.ok(Math.abs(of("strong").pHolm! - 3 * of("strong").p!) < 1e-12, "smallest p, three tests");
  assert.ok(of("strong").pHolm! < 0.05 && of("strong").low! > 0);
  assert.ok(
    Math.abs(of("weak").pHolm! - Math.min(1, 2 * of("weak").p!)) < 1e-12,
    "second of three",
  );
  assert.equal(of("none").pHolm, 1);
});

Deno.test("rows of a template are one unit, and widen the interval", () => {
  const n = 60;
  const earned: EarnedScores = new Map([
    ["best-single", [new Float64Array(n)]],
    ["r", [Float64Array.from(own(n), (i) => i % 12 < 6 ? 1 : 0)]],
  ]);
  const rows = [seed(1, own(n))], labels = new Uint8Array(n);
  const [alone] = compare(earned, rows, own(n), labels, ["r"]);
  const [grouped] = compare(earned, rows, own(n).map((i) => Math.floor(i / 6)), labels, ["r"]);
  assert.deepEqual([alone.units, grouped.units], [60, 10]);
  assert.equal(alone.difference, grouped.difference);
  assert.ok(grouped.high! - grouped.low! > 1.5 * (alone.high! - alone.low!));
});

Deno.test("a template that spans benchmarks is a unit in each of them for the dataset mean", () => {
  const earned: EarnedScores = new Map([
    ["best-single", [new Float64Array(4)]],
    ["r", [Float64Array.of(1, 0, 1, 1)]],
  ]);
  const [c] = compare(earned, [seed(1, own(4))], [0, 1, 0, 1], [0, 0, 1, 1], ["r"]);
  assert.equal(c.units, 2);
  assert.equal(c.datasetMean.difference, 0.75);
});

Deno.test("one template is one unit, however many queries: no interval, no p", () => {
  const n = 200, draw = random(9, "compare test");
  const coins = (): Float64Array => Float64Array.from({ length: n }, () => draw.integer(2));
  const earned: EarnedScores = new Map([["best-single", [coins()]], ["r", [coins()]]]);
  const [c] = compare(earned, [seed(1, own(n))], new Uint8Array(n), new Uint8Array(n), ["r"]);
  assert.notEqual(c.difference, 0);
  assert.deepEqual([c.low, c.high, c.p, c.pHolm], [null, null, null, null]);
  assert.deepEqual([c.units, c.effectiveUnits], [1, 1]);
  assert.deepEqual([c.datasetMean.low, c.datasetMean.high], [null, null]);
});

Deno.test("a dataset mean is compared with the model that is best in dataset mean", () => {
  const earned: EarnedScores = new Map([
    ["best-single", [Float64Array.of(1, 1, 1, 0)]],
    ["r", [Float64Array.of(1, 1, 1, 1)]],
  ]);
  const other: EarnedScores = new Map([["best-single", [Float64Array.of(0, 1, 1, 1)]]]);
  const [c] = compare(earned, [seed(1, own(4))], own(4), [0, 0, 0, 1], ["r"], other);
  assert.equal(c.difference, 1 / 4);
  assert.ok(Math.abs(c.datasetMean.difference - 1 / 6) < 1e-12, "not 1/2");
});
