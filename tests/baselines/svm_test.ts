/** SVM: two rows by hand, a pool no line separates, the sample of rows, new models. */
import assert from "node:assert/strict";
import router, { type Config } from "../../baselines/svm.ts";
import { random } from "../../src/base/random.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import type { TrainingData } from "../../src/router/contract.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";

const PLAIN: Config = { cost: 1, gamma: 1, epsilon: .1 };
const fit = async (train: TrainingData, config = PLAIN) => await router.fit(train, config, CONTEXT);

/** Points of the square from −1 to 1. */
function points(count: number, seed: number): number[][] {
  const draw = random(seed, "svm");
  return Array.from({ length: count }, () => [2 * draw.next() - 1, 2 * draw.next() - 1]);
}

/** Right 19 times of 20 where the coordinates' signs agree (m0), or where they differ (m1). */
function outcomes(at: readonly number[][], seed: number): number[][] {
  const draw = random(seed, "outcomes");
  return at.map(([a, b]) => {
    const first = Number(a * b > 0 === draw.next() < .95);
    return [first, 1 - first];
  });
}

Deno.test("svm: two rows by hand, in standardised coordinates", async () => {
  // Both coordinates standardise to ±1, the third never varies: |z − z'|² = 8, γ = 1/2, K = e⁻⁴.
  const train = training([[.75, .25, .5], [.25, .75, .5]], [[0, .3], [1, undefined]]);
  const at = batch([[.25, .75, .5], [.5, .5, .5]]), k = Math.exp(-4);
  near(await qualities(await fit(train), at), [[.9, .3], [.5, .3]]);
  const low = await fit(train, { ...PLAIN, cost: .1 });
  near(await qualities(low, at), [[.5 + .1 * (1 - k), .3], [.5, .3]]);
  // A tenth of γ: K = e^−.4, far from the wall all the same at C = 2.
  const smooth = await fit(train, { ...PLAIN, cost: 2, gamma: .1 });
  near(await qualities(smooth, batch([[.75, .25, .5]])), [[.1, .3]]);
});

Deno.test("svm: learns a pool that no line separates", async () => {
  const at = points(300, 1), test = points(300, 2), truth = outcomes(test, 3);
  const fitted = await fit(training(at, outcomes(at, 4)));
  const predicted = await qualities(fitted, batch(test, { name: "svm test" }));
  let score = 0;
  predicted.forEach(([a, b], i) => score += truth[i][a > b ? 0 : 1] / truth.length);
  assert.ok(score > .87, `${score}`); // the best choice gets .95, a single model about .5
});

Deno.test("svm: of many rows a sample, fair to benchmarks and blind to their order", async () => {
  // The last hundred ids are a benchmark of their own, on the right, where alone the model is right.
  const rare = (i: number): boolean => i >= 1500;
  const at = points(1600, 5).map(([a, b], i) => [rare(i) ? 3 + a : a, b]);
  const scores = at.map((_, i) => [Number(rare(i))]);
  const benchmarks = at.map((_, i) => rare(i) ? "rare" : "common");
  const ids = at.map((_, i) => `row ${String(i).padStart(4, "0")}`);
  const order = [...at.keys()].reverse(),
    take = <T>(from: readonly T[]): T[] => order.map((i) => from[i]);
  const one = await fit(training(at, scores, { benchmarks, ids }));
  const other = await fit(
    training(take(at), take(scores), { benchmarks: take(benchmarks), ids: take(ids) }),
  );
  assert.deepEqual(one.describe().notes, ["1500 of 1600 training rows"]);
  assert.equal(one.describe().parameters, 4 + 1500 * 2 + 1500 + 1);
  const [[left], [right]] = await qualities(one, batch([[0, 0], [3, 0]], { name: "two sides" }));
  assert.ok(left < .2 && right > .8, `${left} ${right}`);
  const test = batch(points(20, 7), { name: "few" });
  assert.deepEqual(await qualities(one, test), await qualities(other, test));
});

Deno.test("svm: a new model is a regression on its own rows; old predictions stay", async () => {
  const at = points(60, 8), fitted = await fit(training(at, outcomes(at, 9)));
  const own = points(40, 10), test = batch(points(30, 11), { name: "new" });
  const fresh = await fitted.withModels!(
    profiles(["a", "m1"], own, own.map(([a]) => [Number(a > 0), .25])),
  );
  assert.deepEqual(fresh.models, ["a", "m0", "m1"]);
  const before = await qualities(fitted, test), after = await qualities(fresh, test);
  near(after.map(([, m0, m1]) => [m0, m1]), before.map(([m0]) => [m0, .25]));
  const right = after.filter(([a], i) => a > .5 === test.vectors.data[2 * i] > 0).length;
  assert.ok(right >= 26, `${right} of 30`);
  const third = await fresh.withModels!(profiles(["z"], [[0, 0]], [[.5]]));
  near(await qualities(third, test), after.map((row) => [...row, .5]));
  await assert.rejects(
    async () => await fitted.withModels!(profiles(["a"], [[1, 0]], [[undefined]])),
    (error: Error) =>
      error instanceof CapabilityError && /at least one labelled query/.test(error.message),
  );
});
