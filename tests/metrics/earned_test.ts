import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import { earned, uniformMixture } from "../../src/metrics/earned.ts";
import { F1, F1_CHOICE, L, near } from "./fixtures.ts";

const total = (values: Float64Array) => values.reduce((a, b) => a + b, 0);

Deno.test("F1: the router earns 6 of 8 and costs 38", () => {
  const { score, cost } = earned(F1, F1_CHOICE);
  assert.deepEqual([...score], [1, 1, 1, 1, 1, 1, 0, 0]);
  assert.deepEqual([...cost!], [1, 10, 4, 4, 10, 1, 4, 4]);
  assert.equal(total(cost!), 38);
});

Deno.test("F1: random is an expectation: 11/24 at mean cost 5", () => {
  const { score, cost } = earned(F1, uniformMixture(3));
  near(total(score) / 8, 11 / 24, 12);
  near(total(cost!) / 8, 5, 12);
});

Deno.test("an expectation lies among its values: eleven models all right earn 1, not 1 + 2e-16", () => {
  for (const models of [3, 6, 7, 11, 49]) {
    const all = {
      rows: 2,
      models,
      scores: new Float64Array(2 * models).fill(1),
      costs: new Float64Array(2 * models).fill(0.1),
      dataset: new Uint16Array(2),
      datasets: 1,
      options: new Uint16Array(2),
      solvedFrom: new Float64Array(2).fill(1),
    };
    const { score, cost } = earned(all, uniformMixture(models));
    assert.deepEqual([...score, ...cost!], [1, 1, 0.1, 0.1]);
  }
});

Deno.test("a missing outcome counts only where it is used, and is named there", () => {
  const scores = F1.scores.slice();
  scores[7 * 3 + L] = NaN;
  const hole = { ...F1, scores };
  assert.equal(total(earned(hole, F1_CHOICE).score), 6);
  const named = (e: unknown) =>
    e instanceof DataError && /row 7, model 2: no score/.test(e.message);
  assert.throws(() => earned(hole, new Uint16Array(8).fill(L)), named);
  assert.throws(() => earned(hole, uniformMixture(3)), named);
  assert.equal(total(earned(hole, Float64Array.of(0, 1, 0)).score), 4);
  const costs = F1.costs!.slice();
  costs[0] = NaN;
  assert.throws(() => earned({ ...F1, costs }, F1_CHOICE), /row 0, model 0: no cost/);
});

Deno.test("without costs there is no cost column, not a column of zeros", () => {
  assert.equal(earned({ ...F1, costs: undefined }, F1_CHOICE).cost, undefined);
});
