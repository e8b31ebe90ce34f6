/** Guarded kNN on three stored queries, worked out by hand. */
import assert from "node:assert/strict";
import router, { type Config, type FewLabels } from "../../baselines/guarded_knn.ts";
import knn from "../../baselines/knn.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";

/** Cosines .8, .96 and .6 with the query (.8, .6). */
const STORE = [[1, 0], [.6, .8], [0, 1]];
/** m0 is best single; m1 gains −1, 1 and −.5 on it, with a variance of (25 + 49 + 4) / 108. */
const TRAIN = training(STORE, [[1, 0], [0, 1], [1, .5]]);
const VARIANCE = 78 / 108;
const QUERY = batch([[.8, .6]]);

const predict = async (config: Config, train = TRAIN, queries = QUERY): Promise<number[][]> =>
  await qualities(await router.fit(train, config, CONTEXT), queries);

Deno.test("guarded kNN: best single's mean, plus the mean gain, less z standard errors", async () => {
  near(await predict({ k: 1, z: 1 }), [[0, 1 - Math.sqrt(VARIANCE)]]);
  near(await predict({ k: 1, z: 2 }), [[0, 1 - 2 * Math.sqrt(VARIANCE)]]);
  near(await predict({ k: 2, z: 1 }), [[.5, .5 - Math.sqrt(2 + VARIANCE) / 2]]);
});

Deno.test("guarded kNN: at z = 0 it is kNN", async () => {
  for (const k of [1, 2, 3, 300]) {
    const plain = await knn.fit(TRAIN, { k, weights: "uniform" }, CONTEXT);
    near(await predict({ k, z: 0 }), await qualities(plain, QUERY));
  }
});

Deno.test("guarded kNN: more neighbours with the same gain suffice where one does not", async () => {
  // Near (1, 0) m1 is right and m0 wrong, ten times; near (0, 1) m0 is right, thirty times.
  const at = Array.from({ length: 40 }, (_, i) => i < 10 ? [1, 0] : [0, 1]);
  const train = training(at, at.map(([x, y]) => [y, x]));
  const chosen = async (k: number): Promise<boolean> => {
    const [[m0, m1]] = await predict({ k, z: 2.33 }, train, batch([[1, 0]]));
    return m1 > m0;
  };
  assert.deepEqual([await chosen(1), await chosen(10)], [false, true]);
});

Deno.test("guarded kNN: without a pair among the neighbours a model has its overall gain; without any, nothing", async () => {
  // m1 gains −1 and −.5: −.75 on average, variance .0625.
  const gap = training(STORE, [[1, 0], [0, undefined], [1, .5]]);
  near(await predict({ k: 1, z: 1 }, gap), [[0, -.75 - .25]]);
  const unknown = training(STORE, [[1, undefined], [0, undefined], [1, undefined]]);
  near(await predict({ k: 2, z: 1 }, unknown), [[.5, NaN]]);
});

Deno.test("guarded kNN: a new model is compared with best single on its own queries", async () => {
  const fitted = await router.fit(TRAIN, { k: 1, z: 1 }, CONTEXT);
  // The profile's queries are q0 and q1, where best single scored 1 and 0: gains −.3 and .9.
  const newcomer = profiles(["a", "z"], [[1, 0], [0, 1]], [[.7, undefined], [.9, undefined]]);
  const old = [0, 1 - Math.sqrt(VARIANCE)];
  const said = async (way: FewLabels): Promise<number[][]> =>
    await qualities(await fitted.withModels!(newcomer, way), QUERY);
  near(await said({ k: 1, z: 0, prior: 0 }), [[-.3, ...old, NaN]]);
  near(await said({ k: 1, z: 1, prior: 0 }), [[-.3 - Math.sqrt(VARIANCE), ...old, NaN]]);
  near(await said({ k: 9, z: 2, prior: 0 }), [[.3 - Math.sqrt(.72 + VARIANCE), ...old, NaN]]);
  // Two labels of mean .8 against eight at the known models' mean, (2/3 + 1/2) / 2.
  near(await said({ k: 1, z: 0, prior: 8 }), [[-.3 + .8 * (7 / 12 - .8), ...old, NaN]]);
  // On queries that the training rows do not have, best single is what kNN predicts: 1 and 1.
  const elsewhere = { ...newcomer.queries, ids: ["p0", "p1"] };
  const there = await fitted.withModels!({ ...newcomer, queries: elsewhere }, {
    k: 9,
    z: 0,
    prior: 0,
  });
  near(await qualities(there, QUERY), [[-.2, ...old, NaN]]);
});

Deno.test("guarded kNN: every way is one of its own; by default it is the tuned configuration", async () => {
  const fitted = await router.fit(TRAIN, { k: 1, z: 1 }, CONTEXT);
  const at = Array.from({ length: 150 }, (_, i) => [Math.cos(i / 100), Math.sin(i / 100)]);
  const newcomer = profiles(["a"], at, at.map((_, i) => [i % 3 / 2]));
  const said = async (way?: FewLabels): Promise<number> =>
    (await qualities(await fitted.withModels!(newcomer, way), QUERY))[0][0];
  const all = await Promise.all(router.unseenGrid!.map(said));
  assert.ok(all.every(Number.isFinite));
  assert.equal(new Set(all).size, all.length);
  assert.equal(await said(), await said({ k: 1, z: 1, prior: 0 }));
});
