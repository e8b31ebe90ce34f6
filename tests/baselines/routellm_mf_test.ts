/** RouteLLM's matrix factorisation: its loss by hand, and what it learns from who beats whom. */
import assert from "node:assert/strict";
import router, { pairLoss, winsOf } from "../../baselines/routellm_mf.ts";
import pairRouter from "../../baselines/routellm_mf_pair.ts";
import type { FittedRouter, PointPredictions } from "../../src/router/contract.ts";
import { random } from "../../src/base/random.ts";
import { decide } from "../../src/router/decide.ts";
import { gradients } from "../../src/nn/ops.ts";
import { Graph } from "../../src/nn/graph.ts";
import { Program } from "../../src/nn/program.ts";
import { batch, cells, CONTEXT, qualities, training } from "../router/hand.ts";

const NOISELESS = { noise: 0 };
/** P(solved) of the models m0…m3 in two topics: best single is m2 with .7, the best choice earns .9. */
const CHANCES = [[.9, .3, .6, .4], [.1, .5, .8, .9]];

/** Queries of the two topics, eight numbers each, and outcomes drawn by chance. */
function drawn(count: number, seed: number): { vectors: number[][]; scores: number[][] } {
  const draw = random(seed, "pool"), topic = (i: number): number => i % 2;
  const vectors = Array.from({ length: count }, (_, i) => {
    const x = Array.from({ length: 8 }, (_, d) => Number(d === topic(i)) + .25 * draw.normal());
    return x.map((value) => value / Math.hypot(...x));
  });
  const scores = vectors.map((_, i) => CHANCES[topic(i)].map((p) => Number(draw.next() < p)));
  return { vectors, scores };
}

const COSTS = [1, 4, 9, 5];
const POOL = (() => {
  const { vectors, scores } = drawn(600, 1);
  return training(vectors, scores, { costs: scores.map(() => COSTS) });
})();
const TEST = batch(drawn(200, 2).vectors);

/** Mean true chance of the choices. */
async function earned({ models, predict }: FittedRouter, costs: number[]): Promise<number> {
  const meanCosts = Float64Array.from(costs);
  const choice = decide(await predict(TEST) as PointPredictions, { models, meanCosts });
  return choice.reduce((sum, m, i) => sum + CHANCES[i % 2][m], 0) / choice.length;
}

async function lossOf(delta: number[], wins: Float32Array, M: number): Promise<number[]> {
  const B = delta.length / M, graph = new Graph();
  const x = graph.input("delta", [B, M], { differentiable: true });
  const loss = pairLoss(x, graph.input("wins", [B, M, M]));
  graph.output("loss", loss);
  graph.output("slope", gradients(loss, [x])[0]);
  const program = await Program.compile(graph);
  const made = await program.run({ delta: Float32Array.from(delta), wins });
  await program.release();
  return [made.loss[0], ...made.slope];
}

Deno.test("RouteLLM-MF: pairs are strict wins; ties and unknown scores make none", () => {
  const wins = winsOf(cells([[1, 0, .5], [1, 1, undefined]]), 3);
  // m0 beats m1 and m2, m2 beats m1; in the second query nobody beats anybody.
  assert.deepEqual([...wins], [0, 1, 1, 0, 0, 0, 0, 1, 0, ...Array(9).fill(0)]);
});

Deno.test("RouteLLM-MF: the loss is the mean of ln(1 + exp(δ_loser − δ_winner)) over the pairs", async () => {
  const ln = Math.log, wins = winsOf(cells([[1, 0, .5], [1, 1, undefined]]), 3);
  const found = await lossOf([ln(2), ln(4), 0, 5, -5, 5], wins, 3);
  // m0 over m1: ln(1 + 2); m0 over m2: ln(1 + 1/2); m2 over m1: ln(1 + 4). σ of the same: 2/3, 1/3, 4/5.
  const expected = [ln(3) + ln(1.5) + ln(5), -2 / 3 - 1 / 3, 2 / 3 + 4 / 5, 1 / 3 - 4 / 5, 0, 0, 0];
  expected.forEach((value, at) => assert.ok(Math.abs(found[at] - value / 3) < 1e-6, `${found}`));
});

Deno.test("RouteLLM-MF: comes near the best choice, with the paper's noise too", async () => {
  for (const config of router.grid) {
    const score = await earned(await router.fit(POOL, config, CONTEXT), COSTS);
    assert.ok(score > .85, `${score} with ${JSON.stringify(config)}`);
  }
});

Deno.test("RouteLLM-MF: only who beats whom counts, not by how much", async () => {
  const M = POOL.models.length;
  const lifted = POOL.scores.map((score, at) => .2 * score + (Math.floor(at / M) % 5) / 10);
  const [plain, other] = await Promise.all(
    [POOL, { ...POOL, scores: lifted }].map(async (train) =>
      await qualities(await router.fit(train, NOISELESS, CONTEXT), TEST)
    ),
  );
  assert.deepEqual(plain, other);
});

Deno.test("RouteLLM-MF: without a winner the cheapest model is chosen, and the card says so", async () => {
  const fitted = await router.fit(training([[1], [0]], [[1, 1], [0, 0]]), NOISELESS, CONTEXT);
  assert.deepEqual(await qualities(fitted, batch([[1], [-1]])), [[0, 0], [0, 0]]);
  const { parameters, notes } = fitted.describe();
  assert.equal(parameters, 128 + 2 * 128 + 128);
  assert.deepEqual(notes, ["0 of 2 queries have a winner and a loser"]);
});

Deno.test("RouteLLM-MF, two models: P is σ of the difference in δ, the others are never chosen", async () => {
  const deltas = await qualities(await router.fit(POOL, NOISELESS, CONTEXT), TEST);
  const fitted = await pairRouter.fit(POOL, NOISELESS, CONTEXT);
  assert.match(fitted.describe().notes![0], /^strong: m2, weak: m0$/);
  const pairs = await qualities(fitted, TEST);
  pairs.forEach(([weak, m1, strong, m3], i) => {
    assert.deepEqual([weak, m1, m3], [.5, -1, -1]);
    assert.ok(Math.abs(strong - 1 / (1 + Math.exp(deltas[i][0] - deltas[i][2]))) < 1e-12);
  });
});

Deno.test("RouteLLM-MF, two models: beats the better of the two, and the dial ends at the weak one", async () => {
  // m0 earns .5 and m2 .7; the best of the two is .9 in the first topic and .8 in the second.
  const fitted = await pairRouter.fit(POOL, NOISELESS, CONTEXT);
  const score = await earned(fitted, COSTS);
  assert.ok(score > .82, `${score}`);
  const pool = { models: fitted.models, meanCosts: Float64Array.from(COSTS) };
  const called = await Promise.all([1, .5, 0].map(async (share) => {
    const choice = decide(await fitted.dial!.predict(TEST, share), pool);
    return choice.filter((m) => m === 2).length / choice.length;
  }));
  assert.ok(Math.abs(called[0] - .5) < .06, `${called}`);
  assert.ok(Math.abs(called[1] - called[0] / 2) < .1, `${called}`);
  assert.equal(called[2], 0);
});
