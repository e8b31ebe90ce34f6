/** Ridge in one dimension, where the formula fits on a line. */
import assert from "node:assert/strict";
import router, { type Config } from "../../baselines/ridge.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";

const QUERIES = batch([[1], [-1], [0]]);
const fit = async (train: ReturnType<typeof training>, config: Config) =>
  await router.fit(train, config, CONTEXT);

Deno.test("ridge: w = Σ(x − x̄)(y − ȳ) / (Σ(x − x̄)² + ρ·Σx²), the bias not penalised", async () => {
  // x̄ = 0, Σx² = 2: m0 has Σxy = 1, m1 is constant.
  const train = training([[-1], [1]], [[0, .75], [1, .75]]);
  near(await qualities(await fit(train, { rho: 1 }), QUERIES), [[.75, .75], [.25, .75], [.5, .75]]);
  const loose = 1 / 2.002;
  near(await qualities(await fit(train, { rho: .001 }), QUERIES), [
    [.5 + loose, .75],
    [.5 - loose, .75],
    [.5, .75],
  ]);
  near(await qualities(await fit(train, { rho: 1000 }), batch([[1]])), [[.5 + 1 / 2002, .75]]);
});

Deno.test("ridge: off-centre data; the penalty is relative to the plain Σx²", async () => {
  // x = 0, 1, 2: x̄ = 1, Σ(x − x̄)² = 2, Σx² = 5; y = 0, 0, 1: ȳ = 1/3, Σ(x − x̄)(y − ȳ) = 1.
  const train = training([[0], [1], [2]], [[0], [0], [1]]);
  const w = 1 / (2 + .1 * 5);
  near(await qualities(await fit(train, { rho: .1 }), QUERIES), [[1 / 3], [1 / 3 - 2 * w], [
    1 / 3 - w,
  ]]);
});

Deno.test("ridge: each model is fitted on the rows where it is known; one without any predicts nothing", async () => {
  const train = training([[-1], [1], [2]], [[0, undefined, .5], [1, undefined, undefined], [
    undefined,
    undefined,
    undefined,
  ]]);
  near(await qualities(await fit(train, { rho: 1 }), QUERIES), [
    [.75, NaN, .5],
    [.25, NaN, .5],
    [.5, NaN, .5],
  ]);
});

Deno.test("ridge: all penalties of the grid come from one path", async () => {
  const train = training([[-1], [1]], [[0], [1]]);
  const slopes = [];
  for (const config of router.grid) {
    const [[at]] = await qualities(await fit(train, config), batch([[1]]));
    near([[at]], [[.5 + 1 / (2 + 2 * config.rho)]]);
    slopes.push(at);
  }
  assert.equal(new Set(slopes).size, router.grid.length);
  // Other outcomes on the same queries are another path.
  const other = training([[-1], [1]], [[1], [0]]);
  near(await qualities(await fit(other, { rho: 1 }), batch([[1]])), [[.25]]);
});

Deno.test("ridge: a new model is one more column, from its own rows at the same penalty", async () => {
  const fitted = await fit(training([[-1], [1]], [[0], [1]]), { rho: .1 });
  const newcomers = profiles(["a", "z"], [[-1], [1]], [[1, undefined], [0, .4]]);
  const extended = await fitted.withModels!(newcomers);
  assert.deepEqual(extended.models, ["a", "m0", "z"]);
  const w = 1 / (2 + .1 * 2);
  near(await qualities(extended, batch([[1]])), [[.5 - w, .5 + w, .4]]);
  assert.deepEqual([fitted.describe().parameters, extended.describe().parameters], [2, 6]);
  await assert.rejects(
    async () => await fitted.withModels!(profiles(["a"], [[1]], [[undefined]])),
    (error: Error) =>
      error instanceof CapabilityError && /at least one labelled query/.test(error.message),
  );
});
