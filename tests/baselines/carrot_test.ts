/** CARROT: quality and cost heads by hand, prices of single queries in decisions, and priced demo data. */
import assert from "node:assert/strict";
import type { FittedRouter, PointPredictions, Router } from "../../src/router/contract.ts";
import knn, { type Config as KnnConfig } from "../../baselines/carrot_knn.ts";
import ridge from "../../baselines/carrot_ridge.ts";
import plainKnn from "../../baselines/knn.ts";
import plainRidge, { type Config as RidgeConfig } from "../../baselines/ridge.ts";
import { demoTable } from "../../datasets/demo/generate.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { openProvider } from "../../src/embed/mod.ts";
import { openSplit } from "../../src/run/open_split.ts";
import { makeSplits } from "../../src/splits/make.ts";
import { decide } from "../../src/router/decide.ts";
import { alone } from "../splits/tables.ts";
import { batch, CONTEXT, near, profiles, qualities, rowsOf, training } from "../router/hand.ts";

/** Cosines .8, .96 and .6 with the query (.8, .6). */
const STORE = [[1, 0], [.6, .8], [0, 1]];
const TRAIN = training(STORE, [[1, 0], [0, .5], [.25, 1]], {
  costs: [[6, 1], [2, 3], [1, 8]],
});
const QUERY = batch([[.8, .6]]);

const predict = async (fitted: FittedRouter, queries = QUERY): Promise<PointPredictions> =>
  await fitted.predict(queries) as PointPredictions;
const costs = ({ cost }: PointPredictions, models: number): number[][] =>
  rowsOf({ quality: cost! }, models);

Deno.test("CARROT (kNN): score and cost are means over the same k neighbours", async () => {
  const fitted = await knn.fit(TRAIN, { k: 2 }, CONTEXT);
  near(await qualities(fitted, QUERY), [[.5, .25]]);
  near(costs(await predict(fitted), 2), [[4, 2]]);
  near(costs(await predict(await knn.fit(TRAIN, { k: 3 }, CONTEXT)), 2), [[3, 4]]);
});

Deno.test("CARROT (kNN): each query is decided by its own prices, not by the models' means", async () => {
  const fitted = await knn.fit(TRAIN, { k: 1 }, CONTEXT);
  const train = training(STORE, [[.6, .5], [.6, .5], [.6, .5]], {
    costs: [[9, 1], [1, 9], [5, 8]],
  });
  const pool = { models: fitted.models, meanCosts: train.meanCosts };
  const queries = batch([[1, 0], [.6, .8]]);
  const predictions = await predict(await knn.fit(train, { k: 1 }, CONTEXT), queries);
  assert.deepEqual([...decide(predictions, pool, 0)], [0, 0]);
  assert.deepEqual([...decide(predictions, pool, .1)], [1, 0]);
  const byMean = await plainKnn.fit(train, { k: 1, weights: "uniform" }, CONTEXT);
  assert.deepEqual([...decide(await predict(byMean, queries), pool, .1)], [0, 0]);
});

Deno.test("CARROT (ridge heads): two lines, w = Σxy / (Σx² + ρ·Σx²); a cost is never below 0", async () => {
  // x̄ = 0, Σx² = 2. Scores 0, 1: Σxy = 1, mean .5; costs 3, 1: Σxy = −2, mean 2.
  const train = training([[-1], [1]], [[0], [1]], { costs: [[3], [1]] });
  const fitted = await ridge.fit(train, { rho: .1 }, CONTEXT);
  const queries = batch([[1], [-1], [3]]);
  const w = 1 / 2.2;
  near(await qualities(fitted, queries), [[.5 + w], [.5 - w], [.5 + 3 * w]]);
  near(costs(await predict(fitted, queries), 1), [[2 - 2 * w], [2 + 2 * w], [0]]);
  assert.equal(fitted.describe().parameters, 4);
});

Deno.test("CARROT: quality is that of the plain method, so the two agree at λ = 0", async () => {
  const kNN = await plainKnn.fit(TRAIN, { k: 2, weights: "uniform" }, CONTEXT);
  const linear = await plainRidge.fit(TRAIN, { rho: 1 }, CONTEXT);
  const pairs = [[await knn.fit(TRAIN, { k: 2 }, CONTEXT), kNN], [
    await ridge.fit(TRAIN, { rho: 1 }, CONTEXT),
    linear,
  ]];
  for (const [ours, plain] of pairs) {
    assert.deepEqual((await predict(ours)).quality, (await predict(plain)).quality);
  }
});

Deno.test("CARROT: a new model brings scores and costs of its profile", async () => {
  const fitted = await knn.fit(TRAIN, { k: 1 }, CONTEXT);
  const newcomers = profiles(["a", "z"], [[1, 0], [0, 1]], [[.7, 1], [.9, 0]], [[5, undefined], [
    7,
    undefined,
  ]]);
  const extended = await fitted.withModels!(newcomers);
  assert.deepEqual(extended.models, ["a", "m0", "m1", "z"]);
  // z is known to solve something, but not at what price: it cannot be placed on the curve.
  near(await qualities(extended, QUERY), [[.7, 0, .5, NaN]]);
  near(costs(await predict(extended), 4), [[5, 2, 3, NaN]]);
  const lines = await ridge.fit(
    training([[-1], [1]], [[0], [1]], { costs: [[3], [1]] }),
    { rho: .1 },
    CONTEXT,
  );
  const more = profiles(["a"], [[-1], [1]], [[1], [0]], [[2], [4]]);
  const w = 1 / 2.2, joined = await lines.withModels!(more), at = batch([[1]]);
  near(await qualities(joined, at), [[.5 - w, .5 + w]]);
  near(costs(await predict(joined, at), 2), [[3 + 2 * w, 2 - 2 * w]]);
});

Deno.test("CARROT: a new model without labels or prices is refused", async () => {
  const fitted = [
    await knn.fit(TRAIN, { k: 1 }, CONTEXT),
    await ridge.fit(TRAIN, { rho: 1 }, CONTEXT),
  ];
  for (const one of fitted) {
    for (const [score, cost] of [[undefined, 1], [1, undefined]]) {
      await assert.rejects(
        async () => await one.withModels!(profiles(["a"], [[1, 0]], [[score]], [[cost]])),
        (error: Error) =>
          error instanceof CapabilityError && /labelled, priced queries/.test(error.message),
      );
    }
  }
});

Deno.test("CARROT on the priced demo: chooses better than best single, and foresees costs better than their means", async () => {
  const table = demoTable({ queries: 1200 }), M = table.models.length;
  const provider = await openProvider("static");
  const data = { table, raw: await provider.embed(table.texts), preparation: provider.preparation };
  const [frozen] = makeSplits(table, alone(table), "id", [11]);
  const { all, testFor, testRows } = openSplit(data, frozen);
  const mean = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;
  const test = [...testRows];
  const single = Math.max(
    ...all.models.map((_, m) => mean(test.map((i) => table.scores[i * M + m]))),
  );
  const check = async <C>(router: Router<C>, config: C): Promise<void> => {
    const fitted = await router.fit(all, config, CONTEXT);
    const predictions = await predict(fitted, testFor(router));
    const pool = { models: fitted.models, meanCosts: all.meanCosts };
    const choice = decide(predictions, pool);
    const score = mean(test.map((row, i) => table.scores[row * M + choice[i]]));
    assert.ok(score > single + .01, `${router.name}: ${score}, best single ${single}`);
    for (let m = 0; m < M; m++) {
      const error = (foreseen: (i: number) => number): number =>
        mean(test.map((row, i) => (foreseen(i) - table.costs[row * M + m]) ** 2));
      const ours = error((i) => predictions.cost![i * M + m]),
        plain = error(() => all.meanCosts[m]);
      assert.ok(ours < plain, `${router.name}, ${all.models[m]}: ${ours} of ${plain}`);
    }
  };
  await check<KnnConfig>(knn, { k: 32 });
  await check<RidgeConfig>(ridge, { rho: 1 });
});
