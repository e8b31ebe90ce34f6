/** RouterRetriever in both readings, on prototypes worked out by hand. */
import assert from "node:assert/strict";
import max, { type Config } from "../../baselines/router_retriever.ts";
import mean from "../../baselines/router_retriever_mean.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import type { FittedRouter, TrainingData } from "../../src/router/contract.ts";
import { random } from "../../src/base/random.ts";
import { decide } from "../../src/router/decide.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";

const COSINE: Config = { similarity: "cosine", winners: "share" };
const DOT: Config = { ...COSINE, similarity: "dot" };
const fit = async (
  router: typeof max,
  train: TrainingData,
  config = COSINE,
): Promise<FittedRouter> => await router.fit(train, config, CONTEXT);

/**
 * Dataset A: m0 wins at (1, 0) and (0, 1), m1 at (0, 1). Dataset B: m0 wins at (−1, 0); at (1, 0) both
 * score the same, so that query is left out.
 */
const TRAIN = training(
  [[1, 0], [0, 1], [0, 1], [-1, 0], [1, 0]],
  [[1, 0], [1, .5], [0, 1], [1, 0], [1, 1]],
  { benchmarks: ["A", "A", "A", "B", "B"] },
);
const QUERIES = batch([[.8, .6], [-.6, .8]]);
/** Cosine with m0's prototype of A, which lies at (½, ½). */
const ROOT = Math.SQRT1_2;

Deno.test("RouterRetriever: prototypes per expert and dataset; max takes the closest one", async () => {
  const fitted = await fit(max, TRAIN);
  near(await qualities(fitted, QUERIES), [[1.4 * ROOT, .6], [.6, .8]]);
  assert.deepEqual(fitted.describe(), {
    parameters: 3 * 2,
    notes: ["3 prototypes of 2 models; best at nothing: 0"],
  });
});

Deno.test("RouterRetriever: mean averages over the datasets where an expert is best at something", async () => {
  const fitted = await fit(mean, TRAIN);
  near(await qualities(fitted, QUERIES), [
    [(1.4 * ROOT - .8) / 2, .6],
    [(.2 * ROOT + .6) / 2, .8],
  ]);
});

Deno.test("RouterRetriever: with the dot product a group that points in all directions is far from all", async () => {
  near(await qualities(await fit(max, TRAIN, DOT), QUERIES), [[.7, .6], [.6, .8]]);
  near(await qualities(await fit(mean, TRAIN, DOT), QUERIES), [[-.05, .6], [.35, .8]]);
});

Deno.test("RouterRetriever: winners share a query, unknown scores do not lose it", async () => {
  // m0: (1, 0) with weight ½ and (0, 1) with weight 1; m1: the first; m2 is never best, m3 unknown.
  const train = training([[1, 0], [0, 1]], [[1, 1, 0, undefined], [.5, 0, 0, undefined]]);
  const fitted = await fit(max, train, DOT);
  near(await qualities(fitted, batch([[1, 0], [0, 1]])), [[1 / 3, 1, NaN, NaN], [
    2 / 3,
    0,
    NaN,
    NaN,
  ]]);
  assert.deepEqual(fitted.describe().notes, ["2 prototypes of 2 models; best at nothing: 2"]);
});

Deno.test("RouterRetriever: with single winners, a query that two models win counts for neither", async () => {
  const train = training([[1, 0], [0, 1], [-1, 0]], [[1, 1, 0], [.5, 0, 0], [0, .2, .1]]);
  const fitted = await fit(max, train, { similarity: "cosine", winners: "single" });
  near(await qualities(fitted, batch([[.6, .8]])), [[.8, -.6, NaN]]);
});

Deno.test("RouterRetriever: models that always score the same are all alike", async () => {
  const fitted = await fit(mean, training([[1, 0], [0, 1]], [[1, 1], [0, 0]]));
  near(await qualities(fitted, QUERIES), [[0, 0], [0, 0]]);
});

Deno.test("RouterRetriever: a new model labelled on all queries is as one that was there before", async () => {
  const vectors = [[1, 0], [0, 1], [0, 1], [-1, 0], [1, 0]];
  const z = [[0], [0], [undefined], [1], [.5]];
  const together = training(
    vectors,
    z.map(([score], i) => [...TRAIN.scores.subarray(2 * i, 2 * i + 2), score]),
    { benchmarks: TRAIN.queries.benchmarks },
  );
  for (const router of [max, mean]) {
    const fitted = await fit(router, TRAIN);
    const extended = await fitted.withModels!(profiles(["z"], vectors, z));
    assert.deepEqual(extended.models, ["m0", "m1", "z"]);
    near(await qualities(extended, QUERIES), await qualities(await fit(router, together), QUERIES));
    // z's win at (−1, 0) and its loss at the last query, now told apart, move the others.
    assert.notDeepEqual(
      (await qualities(extended, QUERIES)).map((row) => row.slice(0, 2)),
      await qualities(fitted, QUERIES),
    );
  }
});

Deno.test("RouterRetriever: a new model is compared on the queries it was labelled on, and needs one", async () => {
  const fitted = await fit(max, TRAIN);
  // q1, where m0 won: z ties with it there and has no other query.
  const newcomer = profiles(["z"], [[5, 5], [0, 1]], [[undefined], [1]]);
  near(await qualities(await fitted.withModels!(newcomer), QUERIES), [
    // m0 has (1, 0) with weight 1 and (0, 1) with weight ½ in A.
    [(.8 + .3) / Math.hypot(1, .5), .6, .6],
    [.6, .8, .8],
  ]);
  const elsewhere = profiles(["z"], [[1, 0]], [[1]]);
  for (
    const useless of [
      { ...elsewhere, queries: { ...elsewhere.queries, ids: ["elsewhere"] } },
      profiles(["z"], [[1, 0]], [[undefined]]),
    ]
  ) {
    await assert.rejects(
      async () => await fitted.withModels!(useless),
      (error: Error) =>
        error instanceof CapabilityError && /at least one of its 5 training/.test(error.message),
    );
  }
});

Deno.test("RouterRetriever: three specialists are told apart", async () => {
  // Topic t is near axis t; model t solves 90% of it, the others 30%. 300 queries in two datasets.
  const source = random(3, "specialists");
  const draw = (n: number): { vectors: number[][]; topics: number[] } => {
    const topics = Array.from({ length: n }, () => source.integer(3));
    const vectors = topics.map((t) =>
      [0, 1, 2].map((d) => .3 * source.normal() + (d === t ? 1 : 0))
    );
    return { vectors: vectors.map((v) => v.map((x) => x / Math.hypot(...v))), topics };
  };
  const { vectors, topics } = draw(300), test = draw(200);
  const scores = topics.map((t) =>
    [0, 1, 2].map((m) => source.next() < (m === t ? .9 : .3) ? 1 : 0)
  );
  const benchmarks = topics.map((_, i) => i % 3 === 0 ? "A" : "B");
  const train = training(vectors, scores, { benchmarks });
  const right = (choice: ArrayLike<number>): number =>
    Array.from(choice).filter((m, i) => m === test.topics[i]).length / test.topics.length;
  const bayes = right(test.vectors.map((v) => v.indexOf(Math.max(...v))));
  for (const router of [max, mean]) {
    const fitted = await fit(router, train);
    const quality = Float64Array.from((await qualities(fitted, batch(test.vectors))).flat());
    const chosen = right(decide({ quality }, { models: train.models, meanCosts: train.meanCosts }));
    // Best single is right at a third of the queries, the nearest axis at nearly all.
    assert.ok(chosen > bayes - .04, `${router.name}: ${chosen}, at best ${bayes}`);
  }
});
