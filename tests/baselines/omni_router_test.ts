/** OmniRouter's blend where its halves are known: a mean, and the nearest query. */
import assert from "node:assert/strict";
import router, { type FewLabels } from "../../baselines/omni_router.ts";
import ridge from "../../baselines/ridge.ts";
import knn from "../../baselines/knn.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";

/** Where queries do not differ, ridge says the mean and kNN asks the first. */
const SAME = training([[1, 0], [1, 0], [1, 0]], [[1], [0], [.25]]);
const HERE = batch([[1, 0]]);

Deno.test("OmniRouter: w of the regression, the rest of the neighbours", async () => {
  const fitted = await router.fit(SAME, { linear: .25, rho: 1, k: 1 }, CONTEXT);
  near(await qualities(fitted, HERE), [[.25 * 1.25 / 3 + .75]]);
});

Deno.test("OmniRouter: the halves are the routers of their own files", async () => {
  const train = training([[1, 0], [.6, .8], [0, 1], [.8, .6]], [[1, 0], [0, .5], [.25, 1], [1, 1]]);
  const queries = batch([[.8, .6], [0, 1]]);
  for (const config of router.grid) {
    const { linear: w, rho, k } = config;
    const [mixed, line, vote] = await Promise.all([
      router.fit(train, config, CONTEXT),
      ridge.fit(train, { rho }, CONTEXT),
      knn.fit(train, { k, weights: "uniform" }, CONTEXT),
    ]);
    const [a, b] = [await qualities(line, queries), await qualities(vote, queries)];
    const expected = a.map((row, i) => row.map((s, m) => w * s + (1 - w) * b[i][m]));
    near(await qualities(mixed, queries), expected);
    assert.equal(
      mixed.describe().parameters,
      line.describe().parameters + vote.describe().parameters,
    );
  }
});

Deno.test("OmniRouter: a new model has both halves from its own labels, the others stay", async () => {
  const fitted = await router.fit(SAME, { linear: .25, rho: 1, k: 1 }, CONTEXT);
  const newcomers = profiles(["a", "z"], [[1, 0], [1, 0]], [[.7, undefined], [.9, undefined]]);
  const old = .25 * 1.25 / 3 + .75;
  const blend = await fitted.withModels!(newcomers, { linear: .5, rho: 10, k: 1, prior: 0 });
  assert.deepEqual(blend.models, ["a", "m0", "z"]);
  near(await qualities(blend, HERE), [[.5 * .8 + .5 * .7, old, NaN]]);
  const nearest = await fitted.withModels!(newcomers, { linear: 0, rho: 1, k: 1, prior: 0 });
  near(await qualities(nearest, HERE), [[.7, old, NaN]]);
  // Two labels of mean .8 against eight at the known model's mean, 1.25 / 3.
  const lean = await fitted.withModels!(newcomers, { linear: .5, rho: 10, k: 1, prior: 8 });
  near(await qualities(lean, HERE), [[.75 + .8 * (1.25 / 3 - .8), old, NaN]]);
  await assert.rejects(
    async () => await fitted.withModels!(profiles(["a"], [[1, 0]], [[undefined]])),
    CapabilityError,
  );
});

Deno.test("OmniRouter: every way is one of its own; by default it is the tuned configuration", async () => {
  const config = { linear: .25, rho: 1, k: 1 }, fitted = await router.fit(SAME, config, CONTEXT);
  const at = Array.from({ length: 50 }, (_, i) => [Math.cos(i / 32), Math.sin(i / 32)]);
  const newcomer = profiles(["a"], at, at.map((_, i) => [i % 3 / 2 + i / 100 - .3]));
  const said = async (way?: FewLabels): Promise<number> =>
    (await qualities(await fitted.withModels!(newcomer, way), HERE))[0][0];
  const all = await Promise.all(router.unseenGrid!.map(said));
  assert.ok(all.every(Number.isFinite));
  assert.equal(new Set(all).size, all.length);
  assert.equal(await said(), await said({ ...config, prior: 0 }));
});
