/** kNN on three stored queries at known angles. */
import assert from "node:assert/strict";
import router, { type Config } from "../../baselines/knn.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";

/** Cosines .8, .96 and .6 with the query (.8, .6); 1, .6 and 0 with (1, 0). */
const STORE = [[1, 0], [.6, .8], [0, 1]];
const TRAIN = training(STORE, [[1, 0], [0, .5], [.25, undefined]]);
const QUERY = batch([[.8, .6]]);

const predict = async (config: Config, queries = QUERY, train = TRAIN): Promise<number[][]> =>
  await qualities(await router.fit(train, config, CONTEXT), queries);

Deno.test("kNN: mean score of the k nearest; a neighbour without a score of a model is passed over", async () => {
  near(await predict({ k: 1, weights: "uniform" }), [[0, .5]]);
  near(await predict({ k: 2, weights: "uniform" }), [[.5, .25]]);
  near(await predict({ k: 3, weights: "uniform" }), [[1.25 / 3, .25]]);
  near(await predict({ k: 300, weights: "uniform" }), [[1.25 / 3, .25]]);
});

Deno.test("kNN: a model no neighbour has a score of gets its overall mean; without any, nothing", async () => {
  near(await predict({ k: 1, weights: "uniform" }, batch([[0, 1]])), [[.25, .25]]);
  const unknown = training(STORE, [[1, undefined], [0, undefined], [.25, undefined]]);
  near(await predict({ k: 1, weights: "uniform" }, QUERY, unknown), [[0, NaN]]);
});

Deno.test("kNN: inverse weights are 1/(1 − cosine): 25, 5 and 2.5", async () => {
  near(await predict({ k: 2, weights: "inverse" }), [[5 / 30, 12.5 / 30]]);
  near(await predict({ k: 3, weights: "inverse" }), [[(5 + .25 * 2.5) / 32.5, 12.5 / 30]]);
});

Deno.test("kNN: inverse weights do not depend on lengths, which the grid leaves a little off 1", async () => {
  const stretched = training([[1.001, 0], [.6, .8], [0, .999]], [[1, 0], [0, .5], [
    .25,
    undefined,
  ]]);
  near(await predict({ k: 3, weights: "inverse" }, batch([[.8008, .6006]]), stretched), [
    [(5 + .25 * 2.5) / 32.5, 12.5 / 30],
  ]);
});

Deno.test("kNN: exact matches take all the weight, on the grid too", async () => {
  // 1/√2 on the grid is 1448/2048, and the length of (1448, 1448)/2048 is .99990.
  const side = 1448 / 2048;
  const train = training([[side, side], [side, side], [side + 1 / 2048, side]], [[1], [0], [.25]]);
  const there = batch([[side, side]]), beside = batch([[side, side + 1 / 2048]]);
  near(await predict({ k: 3, weights: "inverse" }, there, train), [[.5]]);
  near(await predict({ k: 3, weights: "uniform" }, there, train), [[1.25 / 3]]);
  const [[between]] = await predict({ k: 3, weights: "inverse" }, beside, train);
  assert.ok(between > .25 && between < .5, `no match is exact, all vote: ${between}`);
});

Deno.test("kNN: a zero vector is as far as can be from all, and gets the plain mean", async () => {
  near(await predict({ k: 3, weights: "inverse" }, batch([[0, 0]])), [[1.25 / 3, .25]]);
});

Deno.test("kNN: equally near neighbours enter by id", async () => {
  const train = training([[1, 0], [1, 0], [1, 0]], [[.1], [.2], [.3]], { ids: ["c", "a", "b"] });
  near(await predict({ k: 1, weights: "uniform" }, QUERY, train), [[.2]]);
  near(await predict({ k: 2, weights: "uniform" }, QUERY, train), [[.25]]);
});

Deno.test("kNN: a new model votes with its profile, an old one with the training rows", async () => {
  const fitted = await router.fit(TRAIN, { k: 1, weights: "uniform" }, CONTEXT);
  const newcomers = profiles(["a", "m1x"], [[1, 0], [0, 1]], [[.7, undefined], [.9, .4]]);
  const extended = await fitted.withModels!(newcomers);
  assert.deepEqual(extended.models, ["a", "m0", "m1", "m1x"]);
  near(await qualities(extended, batch([[.8, .6], [.6, .8]])), [
    [.7, 0, .5, .4], // m1x: its nearest label is missing, hence its mean
    [.9, 0, .5, .4],
  ]);
  near(await qualities(fitted, QUERY), [[0, .5]]);
  assert.deepEqual([fitted.describe().parameters, extended.describe().parameters], [5, 9]);
});
