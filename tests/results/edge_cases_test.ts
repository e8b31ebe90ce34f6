/** Results at the edges: without prices, with a free model, with two models. */
import assert from "node:assert/strict";
import type { Evaluation } from "../../src/evaluate/evaluate.ts";
import { F1, F1_REFERENCES, F1_ROUTER, f1Run, L, MODELS } from "./f1.ts";
import { always, choices, headlineOnly, mixtures, withFolder, written } from "./fixture.ts";

function close(actual: unknown, expected: number, what: string): void {
  assert.ok(
    typeof actual === "number" && Math.abs(actual - expected) < 1e-9,
    `${what}: ${actual} is not ${expected}`,
  );
}

Deno.test("without costs there are no cost metrics, and rows that need costs say why", () =>
  withFolder(async (folder) => {
    const run = await f1Run(folder, {
      records: F1.map(({ costs: _costs, ...record }) => record),
      references: { "best-single": headlineOnly(F1_REFERENCES["best-single"]) },
      routers: { hand: headlineOnly(F1_ROUTER) },
    });
    const { assembled } = await written(folder, run);
    const { routers, panels: [panel] } = assembled.result.evaluation as Evaluation;
    const { mean } = routers.find((r) => r.router === "hand")!;
    close(mean.quality, 0.75, "quality");
    close(mean.gap_closed, 0.5, "gap closed");
    assert.deepEqual(["cost", "area", "qnc", "arena_score"].filter((name) => name in mean), []);
    assert.equal(mean.rci, null);
    assert.equal(mean.opt_cost, undefined);
    assert.equal(panel.oracleCost, null);
    assert.equal(routers.some((r) => r.pareto), false);
    const why = "needs costs; 3 of 3 models have none";
    assert.deepEqual(
      assembled.result.routers.filter((r) => r.notApplicable === why).map((r) => r.id),
      ["cheapest", "dearest", "zero-router"],
    );
  }));

Deno.test("a free best single model: nothing to save against, and no error", () =>
  withFolder(async (folder) => {
    const records = F1.map((record) => ({ ...record, costs: { ...record.costs, [MODELS[L]]: 0 } }));
    const { assembled } = await written(folder, await f1Run(folder, { records }));
    const { routers } = assembled.result.evaluation as Evaluation;
    const { mean } = routers.find((r) => r.router === "hand")!;
    assert.deepEqual([mean.qnc, mean.cost_save_hindsight, mean.cost_save_val], [null, null, null]);
    close(mean.peak_hindsight, 0.75, "peak");
  }));

Deno.test("two models: APGR and CPT from the call columns", () =>
  withFolder(async (folder) => {
    const weak = [1, 0, 0, 0, 1, 0, 0, 0], strong = [1, 1, 1, 0, 1, 1, 1, 0];
    const records = F1.map((record, i) => ({
      ...record,
      scores: { "a-small": weak[i], "c-large": strong[i] },
      costs: { "a-small": 1, "c-large": 10 },
    }));
    const both = Object.entries(F1_REFERENCES).map(([id]) => [id, always(1)]);
    const { assembled } = await written(
      folder,
      await f1Run(folder, {
        records,
        references: {
          ...Object.fromEntries(both),
          random: mixtures([0.5, 0.5]),
          "zero-router": mixtures([0, 1], [1, 0]),
          "bayes-optimal": F1_REFERENCES["bayes-optimal"],
        },
        routers: {
          hand: choices([
            [{ kind: "headline" }, () => 1],
            [{ kind: "curve", at: 0 }, () => 1],
            [{ kind: "curve", at: "Infinity" }, () => 0],
            [{ kind: "calls", at: 0 }, () => 0],
            [{ kind: "calls", at: 0.5 }, (row) => row % 4 === 1 || row % 4 === 2 ? 1 : 0],
            [{ kind: "calls", at: 1 }, () => 1],
          ]),
        },
      }),
    );
    // Weak .25, strong .75; half of the calls reach .75 already: PGR 0, 1, 1.
    const { mean } = (assembled.result.evaluation as Evaluation)
      .routers.find((r) => r.router === "hand")!;
    close(mean.apgr, 0.75, "APGR");
    close(mean.cpt_20, 0.1, "CPT(20%)");
    close(mean.cpt_50, 0.25, "CPT(50%)");
    close(mean.cpt_80, 0.4, "CPT(80%)");
  }));
