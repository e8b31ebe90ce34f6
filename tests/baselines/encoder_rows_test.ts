/** RouterDC (MiniLM) and HybridLLM (MiniLM) on an encoder of random weights: what they learn from texts alone. */
import assert from "node:assert/strict";
import hybridRouter, { hybridOn } from "../../baselines/hybrid_llm_minilm.ts";
import { type Config as HybridConfig } from "../../baselines/hybrid_llm.ts";
import dcRouter, { type Config, routerDcOn } from "../../baselines/routerdc_minilm.ts";
import type { FittedRouter, PointPredictions, QueryBatch } from "../../src/router/contract.ts";
import { random } from "../../src/base/random.ts";
import { decide } from "../../src/router/decide.ts";
import { findModel } from "../../src/lm/store.ts";
import { inFolder } from "../support/folder.ts";
import { withTinyEncoder } from "../lm/tiny_encoder.ts";
import { batch, CONTEXT, qualities, training } from "../router/hand.ts";

/** m0 is cheap and good in the second topic, m2 in the first; vectors say nothing, only texts do. */
const CHANCES = [[.1, .2, .9], [.9, .3, .2]], COSTS = [1, 9, 4], TOPICS = ["alpha", "beta"];

function drawn(count: number, seed: number): { texts: string[]; scores: number[][] } {
  const draw = random(seed, "pool");
  const texts = Array.from(
    { length: count },
    (_, i) => `the question ${draw.integer(100)} of ${TOPICS[i % 2]}`,
  );
  return { texts, scores: texts.map((_, i) => CHANCES[i % 2].map((p) => Number(draw.next() < p))) };
}

/** Vectors on a circle, whatever the texts. */
const blind = (texts: readonly string[]): number[][] =>
  texts.map((_, i) => [Math.cos(i * 2.4), Math.sin(i * 2.4)]);
const POOL = (() => {
  const { texts, scores } = drawn(160, 1);
  const train = training(blind(texts), scores, { costs: scores.map(() => COSTS) });
  return { ...train, queries: { ...train.queries, texts } };
})();
const TEST: QueryBatch = (() => {
  const { texts } = drawn(40, 2);
  return batch(blind(texts), { texts });
})();

const pool = { models: POOL.models, meanCosts: Float64Array.from(COSTS) };
const earned = async (fitted: FittedRouter): Promise<number> => {
  const choice = decide(await fitted.predict(TEST) as PointPredictions, pool);
  return choice.reduce((sum, m, i) => sum + CHANCES[i % 2][m], 0) / choice.length;
};

const TRAINING = { tokens: 16, batch: 16, rate: 3e-3, steps: 100 };
const DC: Config = { ...dcRouter.grid[0], ...TRAINING };
const HALF: HybridConfig = { labels: "deterministic", calls: .5 };

Deno.test("RouterDC (MiniLM): learns from texts which model is good at them, more with every step", () =>
  withTinyEncoder(async (root) => {
    const { fit } = routerDcOn("tiny", root);
    const fitted = await fit(POOL, DC, CONTEXT);
    assert.ok(await earned(fitted) > .85, `${await earned(fitted)}`); // best single .55, best choice .9
    assert.match(fitted.describe().notes![0], /^\d+% of the queries teach$/);
    const { sha256 } = await findModel("tiny", root);
    assert.equal(fitted.describe().notes![1], `weights tiny ${sha256.slice(0, 12)}`);
    const barely = await fit(POOL, { ...DC, steps: 1 }, CONTEXT);
    assert.ok(await earned(barely) < .8, `${await earned(barely)}`);
  }));

Deno.test("RouterDC (MiniLM): same seed, same bytes; another seed or no query loss, others", () =>
  withTinyEncoder(async (root) => {
    const { fit } = routerDcOn("tiny", root), few = { ...DC, steps: 10 };
    const of = async (config: Config, seed = 42): Promise<number[][]> => {
      const context = { ...CONTEXT, seed, random: random(seed, "hand") };
      return await qualities(await fit(POOL, config, context), TEST);
    };
    const first = await of(few);
    assert.deepEqual(await of(few), first);
    assert.notDeepEqual(await of(few, 43), first);
    assert.notDeepEqual(await of({ ...few, queryWeight: 0 }), first);
  }));

Deno.test("HybridLLM (MiniLM): learns from texts where the small model does as well", () =>
  withTinyEncoder(async (root) => {
    const { fit } = hybridOn("tiny", { ...TRAINING, keep: "first", root });
    const fitted = await fit(POOL, HALF, CONTEXT);
    assert.equal(fitted.describe().notes![0], "strong: m2, weak: m0");
    assert.ok(await earned(fitted) > .85, `${await earned(fitted)}`);
    const strengths = (await qualities(fitted, TEST)).map((row) => row[2]);
    const mean = (topic: number): number =>
      strengths.reduce((sum, s, i) => sum + (i % 2 === topic ? s : 0), 0) / 20;
    // P(large wins): .9 · .9 in the first topic, .2 · .1 in the second.
    assert.ok(Math.abs(mean(0) - .81) < .15, `${mean(0)}`);
    assert.ok(Math.abs(mean(1) - .02) < .15, `${mean(1)}`);
    const again = await hybridOn("tiny", { ...TRAINING, keep: "first", root }).fit(
      POOL,
      HALF,
      CONTEXT,
    );
    assert.deepEqual((await qualities(again, TEST)).map((row) => row[2]), strengths);
  }));

Deno.test("without the weights a fit is refused and names the commands", () =>
  inFolder(async (root) => {
    assert.deepEqual([dcRouter.weights, hybridRouter.weights], ["minilm", "minilm"]);
    const fits = [
      async () => await routerDcOn("minilm", root).fit(POOL, DC, CONTEXT),
      async () =>
        await hybridOn("minilm", { ...TRAINING, keep: "first", root }).fit(POOL, HALF, CONTEXT),
    ];
    for (const fit of fits) {
      await assert.rejects(fit, { name: "CapabilityError", message: /deno task lm pull minilm/ });
    }
  }));
