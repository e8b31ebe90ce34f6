/** Every router of `baselines/` conforms. */
import assert from "node:assert/strict";
import { conform } from "../../src/router/conformance.ts";
import { createFixture } from "../../src/router/conformance/fixture.ts";
import { type AnyRouter, isSequential } from "../../src/router/sequential.ts";
import { importModel } from "../../src/lm/import.ts";
import { hybridOn } from "../../baselines/hybrid_llm_minilm.ts";
import routerDc, { routerDcOn } from "../../baselines/routerdc_minilm.ts";
import { SMOLLM2_SAT } from "../../baselines/_model_sat_lm.ts";
import { SMOLLM2 } from "../../src/icl/lm/fused_presets.ts";
import { STAGE1 as PAPER1 } from "../../src/icl/lm/stage1.ts";
import { STAGE2 as PAPER2 } from "../../src/icl/lm/stage2.ts";
import { TINY as TINY_PRESET } from "../icl/tiny_router.ts";
import { TINY, WHOLE_WORDS, writeDecoder } from "../lm/tiny_decoder.ts";
import { writeEncoder } from "../lm/tiny_encoder.ts";
import { brisk } from "../support/brisk.ts";
import { trackedRouters } from "../support/tracked.ts";

const routers = await trackedRouters();

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

/** Conformance takes dozens of fits: those of a router that takes long are cut short, the same code on a small scale. */
function hasty(id: string, router: AnyRouter): AnyRouter {
  if (router.effort !== "minutes") return brisk(id, router);
  if (id === "hier_router") return { ...router, grid: [{ hops: 3, entropy: 0.01, passes: 2 }] };
  if (id === "router_r1") return { ...router, grid: [{ turns: 4, episodes: 150, entropy: 0.01 }] };
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
