/** Avengers-Pro on two well separated clusters: the blend of accuracy and cost, by hand. */
import assert from "node:assert/strict";
import router from "../../baselines/avengers_pro.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import {
  batch,
  CONTEXT,
  near,
  profiles,
  qualities,
  rowsOf,
  tenfold,
  training,
} from "../router/hand.ts";

/**
 * First cluster: scores .5, .75, 1 and costs 1, 2, 5, so that
 *   B(m0) = α·0 + (1−α)·.8, B(m1) = α·.5 + (1−α)·.6, B(m2) = α·1 + (1−α)·0.
 * Second cluster: all score .4, at 4, 1 and 2: accuracy counts as 1 for all.
 */
const TRAIN = training(
  tenfold([[1, 0], [1, 0], [0, 1]]),
  tenfold([[0, .5, 1], [1, 1, 1], [.4, .4, .4]]),
  { costs: tenfold([[1, 2, 4], [1, 2, 6], [4, 1, 2]]) },
);
const CONFIG = { clusters: 25, topK: 1 };
const QUERIES = batch([[1, 0], [0, 1]]);

Deno.test("Avengers-Pro: predicts at α = 1, by accuracy alone; ties to the model with the lower mean cost", async () => {
  const fitted = await router.fit(TRAIN, CONFIG, CONTEXT);
  // Mean costs 2, 5/3 and 4 settle the second cluster: m1, m0, m2.
  near(await qualities(fitted, QUERIES), [[1 / 3, 1 / 2, 1], [1 / 2, 1, 1 / 3]]);
});

Deno.test("Avengers-Pro: α is the dial, 1 to 0 in steps of .05", async () => {
  const { dial } = await router.fit(TRAIN, CONFIG, CONTEXT);
  assert.equal(dial!.values.length, 21);
  dial!.values.forEach((alpha, i) => assert.ok(Math.abs(alpha - (1 - i / 20)) < 1e-12));
  const at = async (alpha: number) => rowsOf(await dial!.predict(QUERIES, alpha), 3);
  near(await at(1), [[1 / 3, 1 / 2, 1], [1 / 2, 1, 1 / 3]]);
  // α = .5: B = .4, .55, .5 and, with 1 − c/4 = 0, .75, .5 in the second cluster, m1 before m2 before m0.
  near(await at(.5), [[1 / 3, 1, 1 / 2], [1 / 3, 1, 1 / 2]]);
  // α = .6: B = .32, .54, .6. α = .25: .6, .575, .25. α = 0: by cost.
  near(await at(.6), [[1 / 3, 1 / 2, 1], [1 / 3, 1, 1 / 2]]);
  near(await at(.25), [[1, 1 / 2, 1 / 3], [1 / 3, 1, 1 / 2]]);
  near(await at(0), [[1, 1 / 2, 1 / 3], [1 / 3, 1, 1 / 2]]);
});

Deno.test("Avengers-Pro: near clusters vote with β = 9", async () => {
  const fitted = await router.fit(TRAIN, { clusters: 25, topK: 3 }, CONTEXT);
  const p = 1 / (1 + Math.exp(-9 * .2));
  near(await qualities(fitted, batch([[.8, .6]])), [[
    p / 3 + (1 - p) / 2,
    p / 2 + (1 - p),
    p + (1 - p) / 3,
  ]]);
});

Deno.test("Avengers-Pro: a new model brings its accuracy and cost per cluster, drawn to its means", async () => {
  const fitted = await router.fit(TRAIN, CONFIG, CONTEXT);
  // z scores (2 · .9 + 5 · .6)/7 = .69 in the first cluster and (0 + 5 · .6)/6 = .5 in the second, and
  // costs (2 · 3 + 5 · 4)/7 = 3.71 and (6 + 5 · 4)/6 = 4.33.
  const newcomers = profiles(["z"], [[1, 0], [1, 0], [0, 1]], [[1], [.8], [0]], [[2], [4], [6]]);
  const extended = await fitted.withModels!(newcomers);
  assert.deepEqual(extended.models, ["m0", "m1", "m2", "z"]);
  // First: â = 0, .5, 1, .37. Second: â = 0, 0, 0, 1, the others by mean cost.
  near(await qualities(extended, QUERIES), [[1 / 4, 1 / 2, 1, 1 / 3], [1 / 3, 1 / 2, 1 / 4, 1]]);
  // At α = 0 by cost: 1, 2, 5, 3.71 and 4, 1, 2, 4.33.
  near(rowsOf(await extended.dial!.predict(QUERIES, 0), 4), [
    [1, 1 / 2, 1 / 4, 1 / 3],
    [1 / 3, 1, 1 / 2, 1 / 4],
  ]);
});

Deno.test("Avengers-Pro: a new model without labels or prices is not chosen, alone it is refused", async () => {
  const fitted = await router.fit(TRAIN, CONFIG, CONTEXT);
  const two = profiles(["a", "b"], [[1, 0]], [[undefined, 1]], [[undefined, 3]]);
  const extended = await fitted.withModels!(two);
  const [first] = await qualities(extended, QUERIES);
  assert.deepEqual(extended.models, ["a", "b", "m0", "m1", "m2"]);
  // â of b and m2 is 1; b has the lower mean cost.
  near([first], [[NaN, 1, 1 / 4, 1 / 3, 1 / 2]]);
  const [cheapest] = rowsOf(await extended.dial!.predict(QUERIES, 0), 5);
  near([cheapest], [[NaN, 1 / 3, 1, 1 / 2, 1 / 4]]); // b costs 3, the others 1, 2 and 5
  for (const [score, cost] of [[undefined, 1], [1, undefined]]) {
    await assert.rejects(
      async () => await fitted.withModels!(profiles(["a"], [[1, 0]], [[score]], [[cost]])),
      (error: Error) =>
        error instanceof CapabilityError && /labelled, priced queries/.test(error.message),
    );
  }
});
