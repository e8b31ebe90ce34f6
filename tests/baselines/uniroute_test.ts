/** UniRoute on two well separated clusters. */
import assert from "node:assert/strict";
import router from "../../baselines/uniroute.ts";
import { batch, CONTEXT, near, profiles, qualities, tenfold, training } from "../router/hand.ts";

/** Two clusters, at (1, 0) and (0, 1), means .5 and .9 for m0, .25 and nothing for m1. */
const TRAIN = training(
  tenfold([[1, 0], [1, 0], [0, 1], [0, 1]]),
  tenfold([[1, 0], [0, .5], [.8, undefined], [1, undefined]]),
);
const QUERIES = batch([[.8, .6], [.6, .8]]);

Deno.test("UniRoute: a query gets the mean scores of its nearest cluster", async () => {
  const fitted = await router.fit(TRAIN, { clusters: 2 }, CONTEXT);
  // m1 has no label in the second cluster, hence its overall mean.
  near(await qualities(fitted, QUERIES), [[.5, .25], [.9, .25]]);
  const card = fitted.describe();
  assert.deepEqual(card, { parameters: 2 * 2 + 2 * 2, notes: ["2 clusters"] });
});

Deno.test("UniRoute: one cluster is the same for every query, and more than there are points do no harm", async () => {
  const one = await router.fit(TRAIN, { clusters: 1 }, CONTEXT);
  near(await qualities(one, QUERIES), [[.7, .25], [.7, .25]]);
  const many = await router.fit(TRAIN, { clusters: 25 }, CONTEXT);
  near(await qualities(many, QUERIES), [[.5, .25], [.9, .25]]);
});

Deno.test("UniRoute: a new model is its mean scores on the profile, per cluster", async () => {
  const fitted = await router.fit(TRAIN, { clusters: 2 }, CONTEXT);
  const newcomers = profiles(
    ["a", "m1x"],
    [[1, 0], [.9, .1], [0, 1]],
    [[.2, 1], [.4, undefined], [1, undefined]],
  );
  const extended = await fitted.withModels!(newcomers);
  assert.deepEqual(extended.models, ["a", "m0", "m1", "m1x"]);
  near(await qualities(extended, QUERIES), [[.3, .5, .25, 1], [1, .9, .25, 1]]);
  const unlabelled = await fitted.withModels!(profiles(["a"], [[1, 0]], [[undefined]]));
  near(await qualities(unlabelled, QUERIES), [[NaN, .5, .25], [NaN, .9, .25]]);
});
