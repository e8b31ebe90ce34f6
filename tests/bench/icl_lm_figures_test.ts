import assert from "node:assert/strict";
import { figures, withinModels } from "./icl_lm_figures.ts";

/** Two queries, three models of which the last is not known. */
const LOGITS = Float64Array.of(2, 1, 3, 0, 0, -1), SCORES = Float64Array.of(1, 0, 1, 0, 1, 1);

Deno.test("pairs of models on a query: the better first, ties half, with and without the model left out", () => {
  const found = figures(LOGITS, SCORES, 3, [0, 1]);
  // Known: 2 > 1 is right, and 0 = 0 is a tie. With the third: 3 > 1 is right, −1 > 0 is not.
  assert.equal(found["within queries"], 0.75);
  assert.equal(found["…, left out"], 0.5);
  assert.equal(found.routed, 0.5); // the first query to the first model; of two equal ones, too
  assert.equal(found["…, all models"], 0.5); // the third, then the first
  // ln(1 + e⁻²), ln(1 + e), ln 2, ln 2
  const loss = (Math.log1p(Math.exp(-2)) + Math.log1p(Math.E) + 2 * Math.LN2) / 4;
  assert.ok(Math.abs(found.loss! - loss) < 1e-12);
});

Deno.test("pairs of queries of a model: the solved one first; nothing is said of models left out where there are none", () => {
  assert.equal(withinModels(LOGITS, SCORES, 3, [0, 1]), 0.5); // 2 > 0 is right, 0 > 1 is not
  assert.equal(withinModels(LOGITS, SCORES, 3, [0, 1, 2]), 0.5); // the third solves both
  const found = figures(LOGITS, SCORES, 3, [0, 1, 2]);
  assert.equal(found["…, left out"], null);
  assert.equal(found["…, all models"], null);
});
