/** k-means rank on two well separated clusters. */
import assert from "node:assert/strict";
import router, { type Config } from "../../baselines/avengers.ts";
import { batch, CONTEXT, near, profiles, qualities, tenfold, training } from "../router/hand.ts";

/** Clusters at (1, 0) and (0, 1). Means there: m0 .5 and .9, m1 .75 and .3, m2 .6 and nothing known. */
const TRAIN = training(
  tenfold([[1, 0], [1, 0], [0, 1], [0, 1]]),
  tenfold([[1, .5, .6], [0, 1, .6], [.8, .3, undefined], [1, .3, undefined]]),
  { costs: Array(40).fill([1, 2, 3]) },
);
const predict = async (
  config: Omit<Config, "clusters">,
  queries: number[][],
): Promise<number[][]> =>
  await qualities(await router.fit(TRAIN, { clusters: 64, ...config }, CONTEXT), batch(queries));

Deno.test("Avengers: the nearest cluster's ranking, as 1 / (rank + 1)", async () => {
  // First cluster: m1 .75, m2 .6, m0 .5. Second: m0 .9, m2 .6 (its overall mean), m1 .3.
  near(await predict({ topK: 1, beta: 9 }, [[1, 0], [.6, .8]]), [
    [1 / 3, 1, 1 / 2],
    [1, 1 / 3, 1 / 2],
  ]);
});

Deno.test("Avengers: near clusters vote by softmax of −β times distance", async () => {
  for (const beta of [3, 9]) {
    const p = 1 / (1 + Math.exp(-beta * .2)); // cosines .8 and .6
    near(await predict({ topK: 3, beta }, [[.8, .6]]), [[p / 3 + 1 - p, p + (1 - p) / 3, 1 / 2]]);
  }
});

Deno.test("Avengers: equal means go to the cheaper model", async () => {
  const tied = training([[1, 0]], [[.5, .5]], { costs: [[2, 1]] });
  const fitted = await router.fit(tied, { clusters: 8, topK: 1, beta: 9 }, CONTEXT);
  near(await qualities(fitted, batch([[1, 0]])), [[1 / 2, 1]]);
});

Deno.test("Avengers: a new model is ranked by its profile, drawn to its overall mean by five rows", async () => {
  const fitted = await router.fit(TRAIN, { clusters: 64, topK: 1, beta: 9 }, CONTEXT);
  // z: overall .6; (2 · .9 + 5 · .6)/7 = .686 in the first cluster, (0 + 5 · .6)/6 = .5 in the second.
  const newcomers = profiles(["z"], [[1, 0], [1, 0], [0, 1]], [[1], [.8], [0]]);
  const extended = await fitted.withModels!(newcomers);
  assert.deepEqual(extended.models, ["m0", "m1", "m2", "z"]);
  near(await qualities(extended, batch([[1, 0], [0, 1]])), [
    [1 / 4, 1, 1 / 3, 1 / 2],
    [1, 1 / 4, 1 / 2, 1 / 3],
  ]);
});

Deno.test("Avengers: a new model without labels is not chosen and leaves the others' ranks", async () => {
  const fitted = await router.fit(TRAIN, { clusters: 64, topK: 1, beta: 9 }, CONTEXT);
  const newcomers = profiles(["a", "m0b"], [[1, 0]], [[undefined, undefined]]);
  const extended = await fitted.withModels!(newcomers);
  assert.deepEqual(extended.models, ["a", "m0", "m0b", "m1", "m2"]);
  near(await qualities(extended, batch([[1, 0], [0, 1]])), [
    [NaN, 1 / 3, NaN, 1, 1 / 2],
    [NaN, 1, NaN, 1 / 3, 1 / 2],
  ]);
});
