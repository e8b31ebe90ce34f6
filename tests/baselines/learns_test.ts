/** Every router of `baselines/` learns something on the demo pool. */
import assert from "node:assert/strict";
import { demoTable } from "../../datasets/demo/generate.ts";
import { openProvider } from "../../src/embed/mod.ts";
import { type Preset, SMALL } from "../../src/icl/presets.ts";
import { isSequential } from "../../src/router/sequential.ts";
import { runJob } from "../../src/run/job.ts";
import { openSplit } from "../../src/run/open_split.ts";
import { makeSplits } from "../../src/splits/make.ts";
import { column, decided, OPTIONS } from "../run/scene.ts";
import { alone } from "../splits/tables.ts";
import { trackedRouters } from "../support/tracked.ts";

/** Share of the way from random to oracle, where a method as published cannot be expected to make a third. */
const LESS: Readonly<Record<string, number>> = {
  router_retriever_mean: 0.1, // one centroid a model, however seldom the model is best
};

/** What the demo has none of. */
const ABSENT: readonly string[] = ["replies", "documents"];

/** ICL-Router (table) of one narrow layer, which is enough for 900 queries. */
const BRISK: Preset = {
  ...SMALL,
  network: { width: 16, layers: 1, heads: 2 },
  answer: { ...SMALL.answer, rate: 0.006 },
};

Deno.test("every router beats a random choice on 900 demo queries by a third of the gap to the oracle, or says why not", async () => {
  const table = demoTable({ queries: 900 }), M = table.models.length;
  const provider = await openProvider("static");
  const data = { table, raw: await provider.embed(table.texts), preparation: provider.preparation };
  const [frozen] = makeSplits(table, alone(table), "id", [11]);
  const split = openSplit(data, frozen);
  const rows = [...split.testRows];
  const outcomes = rows.map((row) => table.scores.subarray(row * M, (row + 1) * M));
  const mean = (values: readonly number[]): number =>
    values.reduce((a, b) => a + b) / values.length;
  const random = mean(outcomes.map((scores) => mean([...scores])));
  const oracle = mean(outcomes.map((scores) => Math.max(...scores)));
  for (const { id, router } of await trackedRouters()) {
    if (isSequential(router) || router.needs?.some((need) => ABSENT.includes(need))) continue;
    if (router.weights) continue; // what they learn is asked on a tiny model, in tests of their own
    const quick = id === "icl_router" ? { ...router, grid: [{ preset: BRISK }] } : router;
    const choice = column(decided(await runJob(id, quick, split, OPTIONS)), 0);
    const score = mean(choice.map((m, i) => outcomes[i][m]));
    const bar = random + (oracle - random) * (LESS[id] ?? 1 / 3);
    assert.ok(score > bar, `${id} ${score}, expected ${bar} at least`);
  }
});
