/** Reference rows against numbers worked out by hand. */
import assert from "node:assert/strict";
import {
  bayesOptimal,
  bestPerBenchmark,
  bestSingle,
  cheapest,
  dearest,
  randomChoice,
  REFERENCES,
  zeroRouter,
} from "../../src/router/references.ts";
import type {
  FittedRouter,
  MixturePolicy,
  PointPredictions,
  Router,
} from "../../src/router/contract.ts";
import { decide } from "../../src/router/decide.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "./hand.ts";

/** Means m0 2/3, m1 1/4, m2 .65; m1 is the cheapest, m2 the dearest. */
const SCORES = [[1, 0, .5], [0, 1, .5], [1, 0, .9], [undefined, 0, .7]];
const COSTS = [[2, 1, 3], [2, 1, 5], [2, 1, 4], [2, 1, 4]];
const POINTS = [[1, 0], [1, 0], [1, 0], [1, 0]];
const TRAIN = training(POINTS, SCORES, { costs: COSTS, benchmarks: ["x", "x", "y", "y"] });
const POOL = { models: TRAIN.models, meanCosts: TRAIN.meanCosts };
const TWO = batch([[1, 0], [0, 1]], { benchmarks: ["x", "z"] });

const fit = async ({ fit }: Router<Record<string, never>>, train = TRAIN): Promise<FittedRouter> =>
  await fit(train, {}, CONTEXT);
const mixtures = async (fitted: FittedRouter): Promise<number[][]> =>
  (await fitted.predict(TWO) as MixturePolicy).mixtures.map((weights) => [...weights]);
const chosen = async (
  fitted: FittedRouter,
  queries = TWO,
): Promise<number[]> => [...decide(await fitted.predict(queries) as PointPredictions, POOL)];

Deno.test("the rows of every table, none of which competes", () => {
  assert.deepEqual(REFERENCES.map(({ id }) => id), [
    "random",
    "cheapest",
    "dearest",
    "best-single",
    "best-per-benchmark",
    "zero-router",
    "bayes-optimal",
  ]);
  for (const { router } of REFERENCES) assert.equal(router.reference, true, router.name);
});

Deno.test("random: every model with the same probability, new ones included", async () => {
  const fitted = await fit(randomChoice);
  assert.deepEqual(await mixtures(fitted), [[1 / 3, 1 / 3, 1 / 3]]);
  const extended = await fitted.withModels!(profiles(["a"], [[1, 0]], [[1]]));
  assert.deepEqual(extended.models, ["a", "m0", "m1", "m2"]);
  assert.deepEqual(await mixtures(extended), [[.25, .25, .25, .25]]);
});

Deno.test("cheapest and dearest: by mean training cost, new models by their profile's", async () => {
  const [low, high] = [await fit(cheapest), await fit(dearest)];
  assert.deepEqual(await qualities(low, TWO), [[-2, -1, -4], [-2, -1, -4]]);
  assert.deepEqual(await chosen(low), [1, 1]);
  assert.deepEqual(await chosen(high), [2, 2]);
  const newcomers = profiles(["m1b", "m3"], [[1, 0], [0, 1]], [[1, 1], [1, 1]], [[.5, 6], [
    .7,
    undefined,
  ]]);
  assert.deepEqual((await low.withModels!(newcomers)).models, ["m0", "m1", "m1b", "m2", "m3"]);
  near(await qualities(await low.withModels!(newcomers), batch([[1, 0]])), [[-2, -1, -.6, -4, -6]]);
  near(await qualities(await high.withModels!(newcomers), batch([[1, 0]])), [[2, 1, .6, 4, 6]]);
});

Deno.test("best single: by mean score over known outcomes, ties to the cheaper", async () => {
  const fitted = await fit(bestSingle);
  near(await qualities(fitted, TWO), [[2 / 3, .25, .65], [2 / 3, .25, .65]]);
  assert.deepEqual(await chosen(fitted), [0, 0]);
  const tied = training(POINTS.slice(0, 1), [[.5, .5, .5]], { costs: [[2, 1, 4]] });
  assert.deepEqual(await chosen(await fit(bestSingle, tied)), [1, 1]);
});

Deno.test("best single: a new model counts by its own labels, and not at all without", async () => {
  const fitted = await fit(bestSingle);
  const newcomers = profiles(["a", "z"], [[1, 0], [0, 1]], [[.8, undefined], [.6, undefined]]);
  near(await qualities(await fitted.withModels!(newcomers), batch([[1, 0]])), [
    [.7, 2 / 3, .25, .65, NaN],
  ]);
  near(await qualities(fitted, batch([[1, 0]])), [[2 / 3, .25, .65]]);
});

Deno.test("best per benchmark: means of the query's benchmark; an unseen one gets the overall means", async () => {
  const fitted = await fit(bestPerBenchmark);
  const queries = batch([[1, 0], [1, 0], [1, 0]], { benchmarks: ["y", "x", "z"] });
  near(await qualities(fitted, queries), [[1, 0, .8], [.5, .5, .5], [2 / 3, .25, .65]]);
  assert.deepEqual(await chosen(fitted, queries), [0, 1, 0], "the tie on x goes to the cheapest");
});

Deno.test("zero router: coin flips along the hull, from its best end to its cheapest", async () => {
  // Hull: m1 (1, .25), m0 (2, 2/3); m2 (4, .65) is dearer and worse than m0.
  const weights = await mixtures(await fit(zeroRouter));
  assert.equal(weights.length, 65);
  near([weights[0], weights[16], weights[32], weights[64]], [
    [1, 0, 0],
    [.75, .25, 0],
    [.5, .5, 0],
    [0, 1, 0],
  ]);
  for (const row of weights) assert.ok(Math.abs(row.reduce((a, b) => a + b) - 1) < 1e-12);
});

Deno.test("zero router: three models on the hull, chosen on validation rows where there are any", async () => {
  const validation = training([[1, 0]], [[.6, .2, 1]], { costs: [[2, 1, 5]] });
  const weights = await mixtures(await fit(zeroRouter, { ...TRAIN, validation }));
  // Budgets go from 5 down to 1: 4.5 is 1/6 of the way from m2 to m0, 1.5 half way from m0 to m1.
  near([weights[0], weights[8], weights[48], weights[56], weights[64]], [
    [0, 0, 1],
    [1 / 6, 0, 5 / 6],
    [1, 0, 0],
    [.5, .5, 0],
    [0, 1, 0],
  ]);
  assert.equal(zeroRouter.refit, "train");
});

Deno.test("zero router: where one model is both best and cheapest, always that one", async () => {
  const one = training([[1, 0]], [[.6, .9, .9]], { costs: [[2, 1, 5]] });
  const weights = await mixtures(await fit(zeroRouter, one));
  assert.ok(weights.every((row) => row.join() === "0,1,0"));
});

Deno.test("Bayes-optimal hands on the truth it is given, costs included", async () => {
  const truth = Float64Array.of(.1, .9, .5), truthCost = Float64Array.of(1, 2, 3);
  const fitted = await fit(bayesOptimal);
  assert.deepEqual(await fitted.predict(batch([[1, 0]], { truth, truthCost })), {
    quality: truth,
    cost: truthCost,
  });
  assert.deepEqual(bayesOptimal.needs, ["truth"]);
});

Deno.test("fixed choices have one point, not a curve", async () => {
  for (const router of [cheapest, dearest, bestSingle]) {
    const { dial } = await fit(router);
    assert.deepEqual(dial!.values, [0], router.name);
    assert.deepEqual(await dial!.predict(TWO, 0), await (await fit(router)).predict(TWO));
  }
});
