import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import {
  checkDecisions,
  checkShape,
  requireCosts,
  requireScores,
} from "../../src/metrics/shapes.ts";
import { F1, F1_CHOICE } from "./fixtures.ts";

Deno.test("a column of the wrong length is named", () => {
  checkShape(F1);
  for (const column of ["scores", "costs", "dataset", "options", "solvedFrom"] as const) {
    const broken = { ...F1, [column]: F1[column]!.subarray(1) };
    assert.throws(
      () => checkShape(broken),
      (e) => e instanceof RangeError && e.message.includes(column),
    );
  }
  assert.throws(() => checkShape({ ...F1, datasets: 1 }), /row 5: dataset 1/);
  assert.throws(() => checkShape({ ...F1, rows: 0 }), RangeError);
});

Deno.test("a missing outcome is an error that names row and model, never 0", () => {
  const scores = F1.scores.slice();
  scores[2 * 3 + 1] = NaN;
  const isNamed = (e: unknown) => e instanceof DataError && /row 2, model 1/.test(e.message);
  assert.throws(() => requireScores({ ...F1, scores }), isNamed);
  assert.throws(() => requireCosts({ ...F1, costs: scores }), isNamed);
  assert.throws(() => requireCosts({ ...F1, costs: undefined }), DataError);
});

Deno.test("decisions that do not fit are refused", () => {
  checkDecisions(F1, F1_CHOICE);
  checkDecisions(F1, Float64Array.of(0.2, 0.3, 0.5));
  assert.throws(() => checkDecisions(F1, F1_CHOICE.subarray(1)), /7 decisions for 8/);
  assert.throws(
    () => checkDecisions(F1, F1_CHOICE.map((m, i) => i === 4 ? 3 : m)),
    /row 4: model 3/,
  );
  assert.throws(() => checkDecisions(F1, Float64Array.of(0.5, 0.5)), RangeError);
  assert.throws(() => checkDecisions(F1, Float64Array.of(0.5, 0.4, 0)), /sum to 1/);
  assert.throws(() => checkDecisions(F1, Float64Array.of(1.5, -0.5, 0)), /sum to 1/);
  assert.throws(() => checkDecisions(F1, Float64Array.of(NaN, 0.5, 0.5)), /sum to 1/);
});
