import assert from "node:assert/strict";
import { REFERENCE_ACCURACY, routerEvalValues } from "../../src/metrics/router_eval.ts";
import { near } from "./fixtures.ts";

Deno.test("μ = .75 on MMLU: V_R = .868056; with best single .625, V_B = 1.2", () => {
  const values = routerEvalValues(0.75, "mmlu", 0.625, 0.75);
  near(values.mu, 0.75);
  near(values.vr, 0.868056);
  near(values.vb, 1.2);
  near(values.vbHindsight, 1);
});

Deno.test("the table of reference accuracies", () => {
  assert.equal(Object.keys(REFERENCE_ACCURACY).length, 12);
  near(routerEvalValues(0.637, "MMLU_Pro", 1, 1).vr, 1);
  near(routerEvalValues(0.4, "math", 1, 1).vr, 1);
});

Deno.test("no reference, no ratio", () => {
  assert.equal(routerEvalValues(0.75, "AIME", 0.5, 0.5).vr, null);
  assert.equal(routerEvalValues(0.75, "MMLU", 0.001, 0.5).vb, null);
});
