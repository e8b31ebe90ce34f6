import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import { oracle, repeatedDrawOracles } from "../../src/metrics/oracle.ts";
import { F1, L, M, near, S } from "./fixtures.ts";

const total = (values: Float64Array) => values.reduce((a, b) => a + b, 0);

Deno.test("F1: oracle .875, cheapest maximiser, both cost conventions", () => {
  const ours = oracle(F1), routerBench = oracle(F1, "zero");
  near(total(ours.score) / 8, 0.875);
  assert.deepEqual([...ours.choice], [S, M, M, M, L, S, L, S]);
  assert.equal(total(ours.cost!), 35);
  near(total(ours.cost!) / 8, 4.375);
  assert.equal(total(routerBench.cost!), 34);
  near(total(routerBench.cost!) / 8, 4.25);
  assert.deepEqual(routerBench.score, ours.score);
});

Deno.test("on unsolved queries of graded data the best score still counts", () => {
  const o = { ...F1, scores: F1.scores.map((s, at) => at === 23 ? 0.25 : s) };
  assert.equal(oracle(o).choice[7], L);
  assert.equal(oracle(o, "zero").cost![7], 10);
});

Deno.test("no costs, no cost column; missing outcomes are errors", () => {
  assert.equal(oracle({ ...F1, costs: undefined }).cost, undefined);
  const hole = F1.scores.map((s, at) => at === 4 ? NaN : s);
  assert.throws(() => oracle({ ...F1, scores: hole }), DataError);
  assert.throws(() => oracle({ ...F1, costs: hole }), /row 1, model 1: no cost/);
});

Deno.test("two queries, two draws: single-draw 1, of means .75, split-half .5", () => {
  const A = [[1, 0], [1, 1]], B = [[0, 1], [0, 0]];
  const oracles = repeatedDrawOracles([A, B]);
  near(oracles.singleDraw, 1);
  near(oracles.ofMeans, 0.75);
  near(oracles.splitHalf, 0.5);
});

Deno.test("split-half: without luck nothing is lost; ties are averaged", () => {
  const sure = repeatedDrawOracles([[[1, 1, 1], [0, 0, 0]], [[0, 0, 0], [1, 1, 1]]]);
  assert.deepEqual(sure, { singleDraw: 1, ofMeans: 1, splitHalf: 1 });
  // Both models are right on draw 0, only A on draw 1: picking on draw 0 ties, on draw 1 finds A.
  near(repeatedDrawOracles([[[1, 1]], [[1, 0]]]).splitHalf, (0.5 + 1) / 2);
});

Deno.test("uneven or missing draws are named", () => {
  assert.throws(() => repeatedDrawOracles([[[1, 0]], [[1]]]), /row 0, model 1: 1 draws/);
  assert.throws(() => repeatedDrawOracles([[[1, 0], [1]]]), /row 1, model 0/);
  assert.throws(() => repeatedDrawOracles([[[1, NaN]]]), /row 0, model 0/);
  assert.throws(() => repeatedDrawOracles([[[1, 0], [1, 1]], [[1, 0]]]), /row 1, model 1/);
  assert.throws(() => repeatedDrawOracles([]), RangeError);
});
