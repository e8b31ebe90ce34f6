/** HybridLLM: labels by hand, and a classifier that finds where the small model does. */
import assert from "node:assert/strict";
import router, { allowance, type Config, goodEnough } from "../../baselines/hybrid_llm.ts";
import type { FittedRouter, PointPredictions } from "../../src/router/contract.ts";
import { random } from "../../src/base/random.ts";
import { decide } from "../../src/router/decide.ts";
import { batch, CONTEXT, qualities, training } from "../router/hand.ts";

const HALF: Config = { labels: "deterministic", calls: .5 };
/** P(solved): m0 is cheap and good in the second topic, m2 is best single with .7, m1 is dearest. */
const CHANCES = [[.1, .2, .9], [.9, .3, .5]], COSTS = [1, 9, 4];

/** Queries of the two topics in turn, eight numbers each, and outcomes drawn by chance. */
function drawn(count: number, seed: number): { vectors: number[][]; scores: number[][] } {
  const draw = random(seed, "pool");
  const vectors = Array.from({ length: count }, (_, i) => {
    const x = Array.from({ length: 8 }, (_, d) => Number(d === i % 2) + .25 * draw.normal());
    return x.map((value) => value / Math.hypot(...x));
  });
  return {
    vectors,
    scores: vectors.map((_, i) => CHANCES[i % 2].map((p) => Number(draw.next() < p))),
  };
}

const POOL = (() => {
  const { vectors, scores } = drawn(600, 1);
  return training(vectors, scores, { costs: scores.map(() => COSTS) });
})();
const TEST = batch(drawn(200, 2).vectors);

const pool = { models: POOL.models, meanCosts: Float64Array.from(COSTS) };
const choice = async (fitted: FittedRouter): Promise<Uint16Array> =>
  decide(await fitted.predict(TEST) as PointPredictions, pool);
const earned = (choice: Uint16Array): number =>
  choice.reduce((sum, m, i) => sum + CHANCES[i % 2][m], 0) / choice.length;

Deno.test("HybridLLM: the small model is good enough from H = −t on; unknown gaps have no label", () => {
  const gap = Float64Array.of(1, 0, -.2, -.3, -1, NaN);
  assert.deepEqual([...goodEnough(gap, 0)], [1, 1, 0, 0, 0, NaN]);
  assert.deepEqual([...goodEnough(gap, .2)], [1, 1, 1, 0, 0, NaN]);
  assert.deepEqual([...goodEnough(gap, .5)], [1, 1, 1, 1, 0, NaN]);
});

Deno.test("HybridLLM: t makes labels of both kinds as frequent as can be, the smallest of equals", () => {
  // Shares of ones at t = 0, .2, .3: 1/6, 3/6, 4/6.
  assert.equal(allowance(Float64Array.of(0, -.2, -.2, -.3, -.9, -1, NaN)), .2);
  // One of three at t = 0, two of three from t = .4 on: 2p(1 − p) is the same.
  assert.equal(allowance(Float64Array.of(0, -.4, -1)), 0);
  // Right or wrong: every t below 1 gives the labels of t = 0.
  assert.equal(allowance(Float64Array.of(-1, -1, -1, 0)), 0);
  assert.equal(allowance(Float64Array.of(NaN)), 0);
});

Deno.test("HybridLLM: learns where the small model does as well, and earns more than the large one", async () => {
  const fitted = await router.fit(POOL, HALF, CONTEXT);
  assert.equal(fitted.describe().notes![0], "strong: m2, weak: m0");
  const found = await choice(fitted);
  assert.ok(earned(found) > .85, `${earned(found)}`); // best single .7, best choice .9
  assert.ok(!found.includes(1));
  // Strength is P(large wins): .9 · .9 in the first topic, .5 · .1 in the second.
  const strengths = (await qualities(fitted, TEST)).map((row) => row[2]);
  const mean = (topic: number): number =>
    strengths.reduce((sum, s, i) => sum + (i % 2 === topic ? s : 0), 0) / 100;
  assert.ok(Math.abs(mean(0) - .81) < .1, `${mean(0)}`);
  assert.ok(Math.abs(mean(1) - .05) < .1, `${mean(1)}`);
});

Deno.test("HybridLLM: the headline's share of calls is kept, 1 is the large model alone", async () => {
  for (const calls of [1, .8, .5]) {
    const fitted = await router.fit(POOL, { ...HALF, calls }, CONTEXT);
    const found = await choice(fitted), first = decide(await fitted.dial!.predict(TEST, 1), pool);
    const share = found.filter((m) => m === 2).length / found.length;
    // The curve is the same whatever the headline: from the large model alone.
    assert.ok(first.every((m) => m === 2));
    assert.ok(calls === 1 ? share === 1 : Math.abs(share - calls) < .08, `${share} for ${calls}`);
  }
});

Deno.test("HybridLLM: labels and seeds have networks of their own, headlines share them", async () => {
  const { vectors, scores } = drawn(60, 3);
  // The small model scores .4 less than it would: good enough only from t = .4 on.
  const graded = scores.map(([small, other, large]) => [.6 * small, other, large]);
  const train = training(vectors, graded, { costs: scores.map(() => COSTS) });
  const strength = async (config: Config, seed = 42): Promise<number[]> => {
    const context = { ...CONTEXT, seed, random: random(seed, "hand") };
    return (await qualities(await router.fit(train, config, context), TEST)).map((row) => row[2]);
  };
  const first = await strength(HALF);
  assert.deepEqual(await strength({ ...HALF, calls: .9 }), first);
  assert.notDeepEqual(await strength({ ...HALF, labels: "transformed" }), first);
  assert.notDeepEqual(await strength(HALF, 43), first);
  assert.deepEqual(await strength(HALF), first);
});

Deno.test("HybridLLM: a fit that was interrupted is not remembered", async () => {
  const train = training(drawn(20, 4).vectors, drawn(20, 4).scores, {
    costs: drawn(20, 4).scores.map(() => COSTS),
  });
  const stopped = AbortSignal.abort(new Error("enough"));
  const fit = async (signal: AbortSignal): Promise<FittedRouter> =>
    await router.fit(train, HALF, { ...CONTEXT, signal });
  await assert.rejects(fit(stopped), /enough/);
  assert.equal((await fit(CONTEXT.signal)).models.length, 3);
});
