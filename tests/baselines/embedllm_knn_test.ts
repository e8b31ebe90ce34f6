/** EmbedLLM's kNN: 131 votes, equal ones. */
import assert from "node:assert/strict";
import router from "../../baselines/embedllm_knn.ts";
import knn from "../../baselines/knn.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";

/** 131 queries at (1, 0), solved by m0, and 69 at (0, 1), solved by m1. */
const AT = Array.from({ length: 200 }, (_, i) => i < 131 ? [1, 0] : [0, 1]);
const TRAIN = training(AT, AT);

Deno.test("EmbedLLM's kNN: the mean score of exactly 131 neighbours", async () => {
  const fitted = await router.fit(TRAIN, router.grid[0], CONTEXT);
  near(await qualities(fitted, batch([[1, 0], [0, 1]])), [[1, 0], [62 / 131, 69 / 131]]);
});

Deno.test("EmbedLLM's kNN: one setting of kNN, nothing to tune, new models like kNN's", async () => {
  assert.equal(router.grid.length, 1);
  const queries = batch([[.8, .6], [.6, .8]]);
  const [own, plain] = await Promise.all(
    [router, knn].map((r) => r.fit(TRAIN, { k: 131, weights: "uniform" }, CONTEXT)),
  );
  assert.deepEqual(await own.predict(queries), await plain.predict(queries));
  const extended = await own.withModels!(profiles(["z"], [[1, 0], [0, 1]], [[.5], [.75]]));
  near(await qualities(extended, batch([[1, 0]])), [[1, 0, .625]]);
});
