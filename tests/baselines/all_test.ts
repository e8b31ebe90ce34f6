/** Every router of `baselines/`: conforms, and learns something on the demo pool. */
import assert from "node:assert/strict";
import { demoTable } from "../../datasets/demo/generate.ts";
import { conform } from "../../src/router/conformance.ts";
import { createFixture } from "../../src/router/conformance/fixture.ts";
import { type AnyRouter, isSequential } from "../../src/router/sequential.ts";
import { importModel } from "../../src/lm/import.ts";
import { hybridOn } from "../../baselines/hybrid_llm_minilm.ts";
import routerDc, { routerDcOn } from "../../baselines/routerdc_minilm.ts";
import { SMOLLM2_SAT } from "../../baselines/_model_sat_lm.ts";
import { type Preset, SMALL } from "../../src/icl/presets.ts";
import { SMOLLM2 } from "../../src/icl/lm/fused_presets.ts";
import { STAGE1 as PAPER1 } from "../../src/icl/lm/stage1.ts";
import { STAGE2 as PAPER2 } from "../../src/icl/lm/stage2.ts";
import { TINY as TINY_PRESET } from "../icl/tiny_router.ts";
import { TINY, WHOLE_WORDS, writeDecoder } from "../lm/tiny_decoder.ts";
import { writeEncoder } from "../lm/tiny_encoder.ts";
import { brisk } from "../support/brisk.ts";
import { trackedRouters } from "../support/tracked.ts";
import { openProvider } from "../../src/embed/mod.ts";
import { openSplit } from "../../src/run/open_split.ts";
import { runJob } from "../../src/run/job.ts";
import { makeSplits } from "../../src/splits/make.ts";
import { alone } from "../splits/tables.ts";
import { column, decided, OPTIONS } from "../run/scene.ts";

const routers = await trackedRouters();

/** Share of the way from random to oracle, where a method as published cannot be expected to make a third. */
const LESS: Readonly<Record<string, number>> = {
  router_retriever_mean: 0.1, // one centroid a model, however seldom the model is best
};

/** What the demo has none of. */
const ABSENT: readonly string[] = ["replies", "documents"];

/** Half as wide as the tiny decoder, with half of its heads: two to a key and value, as there. */
const NARROW = {
  ...TINY,
  hidden_size: 8,
  intermediate_size: 12,
  num_attention_heads: 2,
  num_key_value_heads: 1,
};

/** Where models of a few thousand random weights stand for real ones. */
const store = await Deno.makeTempDir();
// Words of the conformance kit whole: to spell each of them is what would take longest.
const words = new Set(createFixture(42).learn.texts.join(" ").split(" "));
await writeEncoder(`${store}/published`, undefined, [...words]);
await importModel(`${store}/published`, { id: "tiny", root: store });
await Deno.mkdir(`${store}/decoder`);
await Deno.mkdir(`${store}/narrow`);
await writeDecoder(`${store}/decoder`, TINY, undefined, 0.2, WHOLE_WORDS);
// With weights of less deviation it would tell no two models apart.
await writeDecoder(`${store}/narrow`, NARROW, undefined, 0.35, WHOLE_WORDS);
for (const model of ["decoder", "narrow"]) {
  await Deno.writeTextFile(`${store}/${model}/source.json`, "{}");
}
addEventListener("unload", () => Deno.removeSync(store, { recursive: true }));
const HASTE = { tokens: 8, batch: 8, steps: 6, rate: 1e-3 };

/** ICL-Router (table) of one narrow layer, which is enough for 900 queries. */
const BRISK: Preset = {
  ...SMALL,
  network: { width: 16, layers: 1, heads: 2 },
  answer: { ...SMALL.answer, rate: 0.006 },
};

/** Conformance takes dozens of fits: those of a router that takes long are cut short, the same code on a small scale. */
function hasty(id: string, router: AnyRouter): AnyRouter {
  if (router.effort !== "minutes") return brisk(id, router);
  if (id === "hier_router") return { ...router, grid: [{ hops: 3, entropy: 0.01, passes: 2 }] };
  if (id === "router_r1") return { ...router, grid: [{ turns: 4, episodes: 600, entropy: 0.01 }] };
  if (id === "hybrid_llm_minilm") {
    const training = { ...HASTE, keep: "first", root: store } as const;
    return { ...router, ...hybridOn("tiny", training) } as AnyRouter;
  }
  if (id === "routerdc_minilm") {
    const [config] = routerDc.grid;
    return { ...routerDc, ...routerDcOn("tiny", store), grid: [{ ...config, ...HASTE }] };
  }
  if (id === "icl_router_lm") {
    const reading = { record: 16, decided: { record: 24, records: 2 }, judged: 20, rank: 2 };
    const answer = { ...SMOLLM2.answer, models: 2, targets: 16, mostSteps: 8 };
    const tiny = { ...SMOLLM2, model: "decoder", root: store, blocks: [1, 2] as const };
    return { ...router, grid: [{ ...tiny, ...reading, answer }] };
  }
  if (id === "icl_router_paper") {
    const stage1 = { ...PAPER1, batch: 8, mostTokens: 16, mostSteps: 2 };
    const stage2 = { ...PAPER2, models: 2, targets: 8, mostSteps: 4 };
    const tiny = { model: "narrow", root: store, rank: 2, profile: 8, textTokens: 4, judged: 20 };
    return { ...router, grid: [{ ...tiny, stage1, stage2 }] };
  }
  if (id === "model_sat_lm") {
    const training = { ...SMOLLM2_SAT.training, steps: 8, queries: 16, groups: 16 };
    const tiny = {
      ...SMOLLM2_SAT,
      model: "decoder",
      root: store,
      blocks: [1, 2],
      rank: 2,
    } as const;
    return { ...router, grid: [{ ...tiny, training }] };
  }
  assert.equal(id, "icl_router", "how is a fit of this router cut short?");
  return { ...router, grid: [{ preset: TINY_PRESET }] };
}

for (const { id, router } of routers) {
  Deno.test(`${id} conforms`, async () => {
    const findings = await conform(hasty(id, router));
    const failed = findings.filter(({ status }) => status === "fail");
    assert.deepEqual(failed.map(({ check, detail }) => `${check}: ${detail}`), []);
    const passed = findings.filter(({ status }) => status === "pass").length;
    assert.ok(passed > (isSequential(router) ? 10 : 18), `${passed}`);
  });
}

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
  for (const { id, router } of routers) {
    if (isSequential(router) || router.needs?.some((need) => ABSENT.includes(need))) continue;
    if (router.weights) continue; // what they learn is asked on a tiny model, in tests of their own
    const quick = id === "icl_router" ? { ...router, grid: [{ preset: BRISK }] } : router;
    const choice = column(decided(await runJob(id, quick, split, OPTIONS)), 0);
    const score = mean(choice.map((m, i) => outcomes[i][m]));
    const bar = random + (oracle - random) * (LESS[id] ?? 1 / 3);
    assert.ok(score > bar, `${id} ${score}, expected ${bar} at least`);
  }
});
