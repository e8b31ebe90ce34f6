/** Logistic regression per model. */
import assert from "node:assert/strict";
import router from "../../baselines/logistic.ts";
import { batch, CONTEXT, near, profiles, qualities, tenfold, training } from "../router/hand.ts";

/** At (1, 0) m0 always and m1 never is right, at (0, 1) the other way round. */
const TRAIN = training(
  tenfold([[1, 0], [1, 0], [0, 1], [0, 1]]),
  tenfold([[1, 0], [1, 0], [0, 1], [0, undefined]]),
);
const QUERIES = batch([[1, 0], [0, 1], [.6, .6]]);

Deno.test("logistic: each model where it is good, in between when halfway, mirrored by symmetry", async () => {
  const fitted = await router.fit(TRAIN, { rho: 1e-3 }, CONTEXT);
  const [[a, b], [c, d], [e]] = await qualities(fitted, QUERIES);
  assert.ok(a > .9 && b < .1 && c < .1 && d > .9, `${a} ${b} ${c} ${d}`);
  near([[a + c, e]], [[1, .5]]);
  assert.equal(fitted.describe().parameters, 6);
});

Deno.test("logistic: the penalty is per row, so that ten times the rows change nothing", async () => {
  const [once, more] = await Promise.all([
    router.fit(training([[1, 0], [0, 1]], [[1, .2], [0, .6]]), { rho: .1 }, CONTEXT),
    router.fit(
      training(tenfold([[1, 0], [0, 1]]), tenfold([[1, .2], [0, .6]])),
      { rho: .1 },
      CONTEXT,
    ),
  ]);
  const [few, many] = [await qualities(once, QUERIES), await qualities(more, QUERIES)];
  few.flat().forEach((value, i) => assert.ok(Math.abs(value - many.flat()[i]) < 1e-4));
});

Deno.test("logistic: a new model is one more regression; without a label it is refused", async () => {
  const fitted = await router.fit(TRAIN, { rho: 1e-3 }, CONTEXT);
  const extended = await fitted.withModels!(
    profiles(["a"], tenfold([[1, 0], [0, 1]]), tenfold([[0], [1]])),
  );
  assert.deepEqual(extended.models, ["a", "m0", "m1"]);
  const [[a, m0], [second]] = await qualities(extended, QUERIES);
  assert.ok(a < .1 && m0 > .9 && second > .9);
  await assert.rejects(
    async () => await fitted.withModels!(profiles(["a"], [[1, 0]], [[undefined]])),
    /at least one labelled query/,
  );
});
