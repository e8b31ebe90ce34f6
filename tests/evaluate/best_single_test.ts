import assert from "node:assert/strict";
import { bestInDatasetMean, datasetMeansOfModels } from "../../src/evaluate/best_single.ts";
import { seedRows } from "../../src/evaluate/decisions.ts";
import type { OutcomeTable } from "../../src/outcomes/table.ts";
import type { Split } from "../../src/splits/split.ts";
import { tableOf } from "../splits/tables.ts";

/** Six queries of "large", two of "small"; model 0 is best over queries, model 1 over benchmarks. */
function table(): OutcomeTable {
  const large = [[1, 0], [1, 1], [1, 0], [0, 0], [1, 1], [1, 1]];
  const small = [[0, 1], [0, 1]];
  return tableOf([
    ...large.map((scores, i) => ({ id: `a${i}`, benchmark: "large", scores })),
    ...small.map((scores, i) => ({ id: `b${i}`, benchmark: "small", scores })),
  ]);
}

const split = (roles: string, fold = 0): Split =>
  ({ seed: 1, fold, roles, heldOutModels: [] }) as unknown as Split;

Deno.test("chosen by dataset mean on training and validation rows, read on test rows", () => {
  const [seed] = seedRows(table(), [split("ttveeetd")]);
  // Training and validation: model 0 has (1 + 0)/2, model 1 (1/3 + 1)/2.
  assert.deepEqual([...bestInDatasetMean(table(), seed)], [0, 1, 1]);
});

Deno.test("each fold has its own; what is dropped or tested does not count", () => {
  const [seed] = seedRows(table(), [split("tveeeddd"), split("deeetvtv", 1)]);
  // First fold: "large" only, model 0. Second: model 1 by "small", and a tie on "large".
  assert.deepEqual([...bestInDatasetMean(table(), seed)], [1, 0, 1, 1, 0, 0]);
});

Deno.test("dataset means of models", () => {
  const [{ outcomes }] = seedRows(table(), [split("eeeeeeee")]);
  assert.deepEqual([...datasetMeansOfModels(outcomes)].map((x) => x.toFixed(4)), [
    "0.4167",
    "0.7500",
  ]);
});
