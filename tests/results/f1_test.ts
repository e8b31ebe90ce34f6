/** Fixture F1 through the whole pipeline, against numbers worked out by hand. */
import assert from "node:assert/strict";
import { VerificationError } from "../../src/base/errors.ts";
import { METRIC_GROUPS } from "../../src/report/tables/metric_names.ts";
import type { Evaluation } from "../../src/evaluate/evaluate.ts";
import { readResult } from "../../src/results/result.ts";
import { verifyResult } from "../../src/results/verify.ts";
import { F1_REFERENCES, F1_ROUTER, f1Run, M, MODELS } from "./f1.ts";
import { always, withFolder, written } from "./fixture.ts";

/** Expected metrics of F1's router; its curve has the points (1, .25) and (4.75, .75). */
const HAND: Record<string, number | null> = {
  quality: 0.75,
  quality_dataset_mean: 2 / 3,
  quality_default_config: null,
  gain_random: 0.4375,
  gain_random_sample_means: 0.75 / (11 / 24) - 1,
  gain_random_dataset_means: (2 / 3) / (13 / 30) - 1,
  gain_best_single: 1 / 12,
  gain_best_single_sample_means: 0.2,
  gain_best_single_dataset_means: 1 / 19,
  gap_to_oracle: 0.2,
  gap_to_oracle_sample_means: 1 / 7,
  gap_to_oracle_dataset_ratios: 0.25,
  gap_closed: 0.5,
  gap_closed_dataset_mean: 1 / 6,
  v_b: 1.2,
  v_b_hindsight: 1.2,
  entropy_bits: 1.5,
  entropy_normalised: 1.5 / Math.log2(3),
  effective_models: 2 ** 1.5,
  collapse: 0.5,
  opt_sel: 5 / 7,
  opt_acc: 6 / 7,
  opt_cost: 0.8,
  rci: 0.25,
  cost: 4.75,
  above_hull: 0.234375,
  arena_score: 0, // thousands of dollars per 1,000 queries
  area: 0.60625,
  area_50: 0.4625,
  nauc_orbit: 0.58125,
  qnc: 0.38125,
  qnc_hindsight: 0.38125,
  aiq_paper: 0.5,
  aiq_code: 0.58125,
  aiq_common: 5.8125 / 9,
  peak_hindsight: 0.75,
  perf_gain_hindsight: 0.2,
  cost_save_hindsight: 0.525,
  same_quality_at_val: 0.75,
  same_quality_cost_at_val: 4.75,
  cost_save_val: 0.525,
  perf_gain_val: 0.2,
  half_cost_quality_at_val: 0.25,
  half_cost_cost_at_val: 1,
};

function close(actual: unknown, expected: number | null, what: string): void {
  if (expected === null) return assert.equal(actual, null, what);
  assert.ok(
    typeof actual === "number" && Math.abs(actual - expected) < 1e-9,
    `${what}: ${actual} is not ${expected}`,
  );
}

Deno.test("F1: every number of the router, as read back from the file", () =>
  withFolder(async (folder) => {
    const run = await f1Run(folder);
    const { path } = await written(folder, run);
    const result = await readResult(path);
    const { routers } = result.evaluation as Evaluation;
    const hand = routers.find((r) => r.router === "hand")!;
    for (const [name, expected] of Object.entries(HAND)) close(hand.mean[name], expected, name);
    assert.deepEqual(Object.keys(hand.mean).sort(), Object.keys(HAND).sort());
    assert.ok(Object.values(hand.sd).every((sd) => sd === null), "one seed has no spread");
    const [seed] = hand.seeds;
    assert.equal(seed.seed, 7);
    assert.deepEqual(seed.metrics, hand.mean);
    close(seed.benchmarks[0], 1, "A");
    close(seed.benchmarks[1], 1 / 3, "B");
    assert.deepEqual(seed.shares, [0.25, 0.5, 0.25]);
    assert.deepEqual(seed.curve, [{ cost: 4.75, quality: 0.75 }, { cost: 1, quality: 0.25 }]);
    assert.deepEqual(seed.regret, [
      { solvers: 0, queries: 1, accuracy: 0, regret: 0 },
      { solvers: 1, queries: 4, accuracy: 0.75, regret: 0.25 },
      { solvers: 2, queries: 2, accuracy: 1, regret: 0 },
      { solvers: 3, queries: 1, accuracy: 1, regret: 0 },
    ]);
  }));

Deno.test("F1: the reference rows and the panel", () =>
  withFolder(async (folder) => {
    const { assembled } = await written(folder, await f1Run(folder));
    const { panels: [panel], routers } = assembled.result.evaluation as Evaluation;
    close(panel.random.sample, 11 / 24, "random");
    close(panel.random.dataset, 13 / 30, "random");
    close(panel.oracle.sample, 0.875, "oracle");
    close(panel.oracle.dataset, 5 / 6, "oracle");
    close(panel.oracleCost, 4.375, "oracle's cost");
    close(panel.oracleCostZero, 4.25, "oracle's cost, unsolved free");
    close(panel.bestSingleHindsight.dataset, 19 / 30, "best single");
    close(panel.bestPerBenchmarkHindsight.sample, 0.75, "best per benchmark");
    close(panel.bestPerBenchmarkHindsight.dataset, 11 / 15, "best per benchmark");
    assert.equal(panel.discountedOracle, 0.875, "free form: nothing is guessed");
    assert.equal(panel.repeated, null);
    assert.deepEqual(
      panel.models,
      MODELS.map((model, m) => ({
        model,
        quality: [0.25, 0.5, 0.625][m],
        cost: [1, 4, 10][m],
      })),
    );
    const of = (id: string) => routers.find((r) => r.router === id)!.mean;
    close(of("random").quality, 11 / 24, "random");
    close(of("random").cost, 5, "random");
    close(of("best-single").gap_closed, 0, "best single");
    close(of("best-per-benchmark").quality_dataset_mean, 11 / 15, "best per benchmark");
    // Hull points (1, .25), (4, .5), (10, .625): 2.5 left to right under it, plus .1·.25 on the left.
    close(of("zero-router").area, (0.25 + 1.125 + 3.375) / 10, "zero router");
    close(of("zero-router").above_hull, 0, "zero router");
    assert.equal(routers.some((r) => r.router === "bayes-optimal"), false);
  }));

Deno.test("F1: a row of one point has no curve metrics, one of two points has", () =>
  withFolder(async (folder) => {
    const { assembled } = await written(folder, await f1Run(folder));
    const { routers } = assembled.result.evaluation as Evaluation;
    const curve = [
      "area",
      "area_50",
      "nauc_orbit",
      "qnc",
      "qnc_hindsight",
      "aiq_paper",
      "aiq_code",
      "aiq_common",
      "peak_hindsight",
      "perf_gain_hindsight",
      "cost_save_hindsight",
    ];
    for (const { router, mean } of routers) {
      const single = ["random", "cheapest", "dearest", "best-single"].includes(router);
      for (const name of curve) {
        assert.equal(mean[name] === null, single, `${router}: ${name} is ${mean[name]}`);
      }
    }
  }));

Deno.test("F1: comparisons with best single and zero router; references are not tested", () =>
  withFolder(async (folder) => {
    const { assembled } = await written(folder, await f1Run(folder));
    const { comparisons } = assembled.result.evaluation as Evaluation;
    assert.deepEqual(comparisons.map((c) => [c.router, c.reference]), [
      ["hand", "best-single"],
      ["hand", "zero-router"],
    ]);
    for (const c of comparisons) {
      close(c.difference, 0.125, c.reference);
      close(c.datasetMean.difference, 1 / 30, c.reference);
      assert.equal(c.units, 8);
      // 1 loss and 2 wins in 8: eight queries are too few for an interval.
      assert.deepEqual([c.low, c.high, c.p, c.pHolm], [null, null, null, null]);
      assert.equal(c.effectiveUnits, 8);
    }
  }));

Deno.test("F1 with two seeds: queries count once, and the spread is over seeds", () =>
  withFolder(async (folder) => {
    const change = { seeds: [7, 8], routers: { hand: F1_ROUTER, medium: always(M) } };
    const { assembled } = await written(folder, await f1Run(folder, change));
    const { comparisons, routers, panels } = assembled.result.evaluation as Evaluation;
    assert.deepEqual(panels.map((p) => p.seed), [7, 8]);
    const hand = routers.find((r) => r.router === "hand")!;
    close(hand.mean.quality, 0.75, "mean");
    close(hand.sd.quality, 0, "both seeds test all queries");
    assert.ok(comparisons.every((c) => c.units === 8), "8 queries, not 16");
    assert.equal(comparisons.length, 4);
  }));

Deno.test("F1 with the reference rows as the harness decides them: verified in full", () =>
  withFolder(async (folder) => {
    const run = await f1Run(folder, { references: {} });
    const { path } = await written(folder, run);
    const { numbers, depth } = await verifyResult(path, { data: run.data });
    assert.equal(depth, "full");
    assert.ok(numbers > 400, String(numbers));
  }));

Deno.test("F1 with a best single by decree: the harness would have chosen another on some fold", () =>
  withFolder(async (folder) => {
    const { "best-single": decreed } = F1_REFERENCES;
    const run = await f1Run(folder, { references: { "best-single": decreed } });
    const { path } = await written(folder, run);
    await assert.rejects(verifyResult(path, { data: run.data }), (error) => {
      assert.ok(error instanceof VerificationError);
      assert.match(
        error.message,
        /\/routers\/3: decisions of best-single, seed 7, .* are not what/,
      );
      return true;
    });
  }));

Deno.test("every metric that a result can hold is in the catalogue, and nothing else", () =>
  withFolder(async (folder) => {
    const { assembled } = await written(folder, await f1Run(folder));
    const known = new Set(Object.keys(HAND));
    for (const r of (assembled.result.evaluation as Evaluation).routers) {
      for (const key of Object.keys(r.mean)) known.add(key);
    }
    const pair = ["apgr", "cpt_20", "cpt_50", "cpt_80"];
    const place = ["pareto_ratio", "pareto_distance"];
    const names = METRIC_GROUPS.flatMap(({ metrics }) => Object.entries(metrics));
    assert.deepEqual(names.map(([key]) => key).sort(), [...known, ...pair, ...place].sort());
    for (const [key, name] of names) {
      assert.ok(name.title && name.source && name.meaning, key);
    }
  }));
