/** Arithmetic on new models, on tables of a few cells. */
import assert from "node:assert/strict";
import * as shared from "../../src/router/new_models.ts";
import { poolMean } from "../../src/router/training.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { cells, near, profiles, training } from "./hand.ts";

Deno.test("expectLabel: one label of any new model is enough", () => {
  const bare = profiles(["a", "b"], [[1]], [[NaN, NaN]]),
    one = profiles(["a", "b"], [[1]], [[NaN, 0]]);
  shared.expectLabel(one, "kNN");
  assert.throws(() => shared.expectLabel(bare, "kNN"), {
    name: "CapabilityError",
    message: "kNN needs at least one labelled query of a new model",
  });
});

Deno.test("extendPool: ids ascending, each column from where it belongs", () => {
  const pool = shared.extendPool(["b", "d"], profiles(["a", "c"], [[1]], [[0, 0]]));
  assert.deepEqual(pool.models, ["a", "b", "c", "d"]);
  const merged = pool.merge(cells([[1, 2], [3, 4]]), cells([[10, 20], [30, 40]]));
  assert.deepEqual([...merged], [10, 1, 20, 2, 30, 3, 40, 4]);
});

Deno.test("extendPool: a model in both takes its profile's column; no new model changes nothing", () => {
  const both = shared.extendPool(["b", "d"], profiles(["d"], [[1]], [[0]]));
  assert.deepEqual(both.models, ["b", "d"]);
  assert.deepEqual([...both.merge(cells([[1, 2]]), cells([[9]]))], [1, 9]);
  const none = shared.extendPool(["b", "d"], profiles([], [], []));
  assert.deepEqual([...none.merge(cells([[1, 2]]), new Float64Array())], [1, 2]);
});

Deno.test("extendMeanCosts: known costs of the profile, none if none is known", () => {
  const newcomers = profiles(["a", "z"], [[1], [1]], [[1, 1], [1, 1]], [[2, undefined], [
    4,
    undefined,
  ]]);
  const pool = shared.extendPool(["b"], newcomers);
  assert.deepEqual([...shared.extendMeanCosts(pool, Float64Array.of(5), newcomers)], [3, 5, NaN]);
});

Deno.test("profileMeans: cluster means drawn towards the overall mean by a weight in rows", async () => {
  const centroids = matrix(3, 2, Float32Array.of(1, 0, 0, 1, -1, 0));
  const scores = [[1, undefined], [0, .5], [.5, undefined]];
  const { queries, models, scores: known } = training([[1, 0], [1, 0], [0, 1]], scores);
  const means = async (
    shrink: number,
  ) => [...await shared.profileMeans({ queries, models }, known, centroids, shrink)];
  // Overall .5 and .5. Cluster 0: (1 + 0)/2 and .5; cluster 1: .5 and nothing; cluster 2: nothing.
  near([await means(0)], [[.5, .5, .5, .5, .5, .5]]);
  const uneven = cells([[1, undefined], [1, .5], [0, undefined]]);
  const shrunk = [...await shared.profileMeans({ queries, models }, uneven, centroids, 5)];
  const overall = 2 / 3;
  near([shrunk], [[(2 + 5 * overall) / 7, .5, 5 * overall / 6, .5, overall, .5]]);
  const plain = [...await shared.profileMeans({ queries, models }, uneven, centroids, 0)];
  near([plain], [[1, .5, 0, .5, overall, .5]]);
});

Deno.test("leaning: what a prior of so many labels at the known models' mean adds to a new model's mean", () => {
  // 3 labels of mean 2/3 and 2 of mean .5; the third model has none.
  const scores = cells([[1, undefined, undefined], [1, .5, undefined], [0, .5, undefined]]);
  const profiles = { scores, models: ["a", "b", "c"] };
  near([[...shared.leaning(profiles, .3, { prior: 8 })]], [[
    (2 + 8 * .3) / 11 - 2 / 3,
    (1 + 8 * .3) / 10 - .5,
    0,
  ]]);
  near([[...shared.leaning(profiles, .3, { prior: 0 })]], [[0, 0, 0]]);
  assert.equal(poolMean(cells([[1, 0, undefined], [1, .5, undefined]]), 3), .625);
});

Deno.test("newModelMeans: cluster means, shrunk and leaning", async () => {
  const centroids = matrix(2, 2, Float32Array.of(1, 0, 0, 1));
  const { queries, models, scores } = training([[1, 0], [1, 0], [0, 1]], [[1], [1], [0]]);
  const profiles = { queries, models, scores }, lean = (2 + 8 * .5) / 11 - 2 / 3;
  near(
    [[...await shared.newModelMeans(profiles, centroids, .5, { shrink: 5, prior: 8 })]],
    [[(2 + 5 * 2 / 3) / 7 + lean, 5 * 2 / 3 / 6 + lean]],
  );
});
