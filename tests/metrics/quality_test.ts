import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import { earned, uniformMixture } from "../../src/metrics/earned.ts";
import { oracle } from "../../src/metrics/oracle.ts";
import {
  averages,
  datasetMean,
  datasetMeans,
  modelCosts,
  modelQualities,
  sampleMean,
} from "../../src/metrics/quality.ts";
import { F1, F1_CHOICE, F1_PER_DATASET, L, M, near, S } from "./fixtures.ts";

Deno.test("F1: every row of the table of means", () => {
  const rows: [
    name: string,
    score: Float64Array,
    A: number,
    B: number,
    sample: number,
    d: number,
  ][] = [
    ["S", earned(F1, new Uint16Array(8).fill(S)).score, 0.2, 1 / 3, 0.25, 4 / 15],
    ["M", earned(F1, new Uint16Array(8).fill(M)).score, 0.8, 0, 0.5, 0.4],
    ["L", earned(F1, new Uint16Array(8).fill(L)).score, 0.6, 2 / 3, 0.625, 19 / 30],
    ["random", earned(F1, uniformMixture(3)).score, 8 / 15, 1 / 3, 11 / 24, 13 / 30],
    ["best per benchmark", earned(F1, F1_PER_DATASET).score, 0.8, 2 / 3, 0.75, 11 / 15],
    ["oracle", oracle(F1).score, 1, 2 / 3, 0.875, 5 / 6],
    ["router", earned(F1, F1_CHOICE).score, 1, 1 / 3, 0.75, 2 / 3],
  ];
  for (const [name, score, A, B, sample, dataset] of rows) {
    const means = datasetMeans(score, F1);
    near(means[0], A, 12);
    near(means[1], B, 12);
    const both = averages(score, F1);
    assert.ok(Math.abs(both.sample - sample) < 1e-12, name);
    assert.ok(Math.abs(both.dataset - dataset) < 1e-12, name);
  }
  near(sampleMean(earned(F1, F1_CHOICE).cost!), 4.75, 12);
});

Deno.test("F1: mean score and mean cost of every model", () => {
  assert.deepEqual([...modelQualities(F1)], [0.25, 0.5, 0.625]);
  assert.deepEqual([...modelCosts(F1)], [1, 4, 10]);
});

Deno.test("a dataset without test queries takes no part", () => {
  const labels = { dataset: Uint16Array.of(1, 1, 3), datasets: 5 };
  const values = Float64Array.of(0, 1, 1);
  assert.deepEqual([...datasetMeans(values, labels)], [NaN, 0.5, NaN, 1, NaN]);
  assert.equal(datasetMean(values, labels), 0.75);
});

Deno.test("a missing value is an error naming its row; no rows is an error", () => {
  const named = (e: unknown) => e instanceof DataError && /row 1/.test(e.message);
  const labels = { dataset: Uint16Array.of(0, 0), datasets: 1 };
  assert.throws(() => sampleMean(Float64Array.of(1, NaN)), named);
  assert.throws(() => datasetMean(Float64Array.of(1, NaN), labels), named);
  assert.throws(() => sampleMean(new Float64Array()), RangeError);
  assert.throws(() => datasetMean(Float64Array.of(1), labels), RangeError);
});
