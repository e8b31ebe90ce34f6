/** The mixture of known models: kNN for those, and the weights of a new one by hand. */
import assert from "node:assert/strict";
import knn from "../../baselines/knn.ts";
import router, { type Way } from "../../baselines/known_mixture.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import type { ModelProfiles } from "../../src/router/contract.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";

/** Two queries at (1, 0), where m0 is the better one, and two at (0, 1); both models' mean is ½. */
const AT = [[1, 0], [1, 0], [0, 1], [0, 1]];
const TRAIN = training(AT, [[1, 0], [.5, .5], [0, 1], [.5, .5]]);
const QUERIES = batch([[1, 0], [0, 1]], { name: "mixture" });

/** What a new model "a" is predicted at (1, 0) and (0, 1), if it solves the first training query. */
async function predicted(k: number, way: Way, id = "q0"): Promise<number[]> {
  const fitted = await router.fit(TRAIN, { k }, CONTEXT);
  const one = profiles(["a"], [[1, 0]], [[1]]);
  const known = { ...one, queries: { ...one.queries, ids: [id] } };
  return (await qualities(await fitted.withModels!(known, way), QUERIES)).map(([a]) => a);
}

Deno.test("mixture: known models are predicted as kNN predicts them", async () => {
  const draw = random(3, "mixture"),
    unit = (): number[] => {
      const x = [draw.normal(), draw.normal(), draw.normal()];
      return x.map((value) => value / Math.hypot(...x));
    };
  const train = training(
    Array.from({ length: 60 }, unit),
    Array.from({ length: 60 }, (_, i) => [i % 7 ? draw.next() : undefined, draw.next(), undefined]),
  );
  const queries = batch(Array.from({ length: 20 }, unit));
  for (const { k } of router.grid) {
    const [mine, theirs] = [
      await router.fit(train, { k }, CONTEXT),
      await knn.fit(train, { k, weights: "uniform" }, CONTEXT),
    ];
    near(await qualities(mine, queries), await qualities(theirs, queries));
  }
});

Deno.test("mixture: weights from recorded outcomes, by hand", async () => {
  // x = (1, ½, −½), the residual is ½, penalties are (5, 10, 10): (b, w − ½) = ½ · (.2, .05, −.05) / 1.25.
  near([await predicted(2, { from: "outcomes", penalty: 10 })], [[.59, .57]]);
  near([await predicted(1, { from: "outcomes", penalty: 10 })], [[.6, .56]]);
});

Deno.test("mixture: weights from predictions, a query's own outcomes left out", async () => {
  // The other query at (1, 0) says (½, ½): nothing but the level is learned, b = ½ / (1 + 5).
  near([await predicted(1, { from: "predictions", penalty: 10 })], [[.5 + 1 / 12, .5 + 1 / 12]]);
  // Two neighbours say (¼, ¾): x = (1, −¼, ¼), (b, w − ½) = ½ · (.2, −.025, .025) / 1.2125.
  const scale = .5 / 1.2125;
  near([await predicted(2, { from: "predictions", penalty: 10 })], [
    [.5 + .1875 * scale, .5 + .2125 * scale],
  ]);
});

Deno.test("mixture: a labelled query that is not recorded stands for its predictions, in either way", async () => {
  for (const from of ["outcomes", "predictions"] as const) {
    near([await predicted(1, { from, penalty: 10 }, "elsewhere")], [[.6, .56]]);
  }
});

/** 200 queries around four directions; "a" scores what m1 scores, "z" what m0 does not. */
function alike(n: number): { train: typeof TRAIN; newcomers: ModelProfiles } {
  const draw = random(9, "alike"),
    at = Array.from({ length: 200 }, (_, i) => {
      const x = [0, 1, 2, 3].map((d) => Number(d === i % 4) + .1 * draw.normal());
      return x.map((value) => value / Math.hypot(...x));
    });
  const scores = at.map((_, i) =>
    [i % 4 < 2, i % 2, i % 3 === 0].map((p) => Number(p ? draw.next() < .9 : draw.next() < .2))
  );
  const labels = scores.slice(0, n).map(([m0, m1]) => [m1, 1 - m0, undefined]);
  return {
    train: training(at, scores),
    newcomers: profiles(["a", "z", "zz"], at.slice(0, n), labels),
  };
}

Deno.test("mixture: every way finds whom a new model is like; without a label it is not chosen", async () => {
  const { train, newcomers } = alike(100), seen = new Set<string>();
  const fitted = await router.fit(train, { k: 20 }, CONTEXT);
  const queries = batch([0, 1, 2, 3].map((at) => [0, 1, 2, 3].map((d) => Number(d === at))));
  const before = await qualities(fitted, queries);
  for (const way of router.unseenGrid!) {
    const extended = await fitted.withModels!(newcomers, way);
    assert.deepEqual(extended.models, ["a", "m0", "m1", "m2", "z", "zz"]);
    const rows = await qualities(extended, queries);
    near(rows.map((row) => row.slice(1, 4)), before);
    const [a, z, zz] = [0, 4, 5].map((column) => rows.map((row) => row[column]));
    assert.ok(Math.max(a[0], a[2]) < Math.min(a[1], a[3]), `like m1: ${a}`);
    // Unlike m0 is against what is expected of a new model: a strong pull needs more labels.
    assert.ok(way.penalty > 10 || Math.max(z[0], z[1]) < Math.min(z[2], z[3]), `unlike m0: ${z}`);
    assert.ok(zz.every(Number.isNaN));
    seen.add(JSON.stringify(rows));
  }
  assert.equal(seen.size, router.unseenGrid!.length, "no two ways are the same");
  const rows = await qualities(await fitted.withModels!(newcomers), queries);
  near(rows, await qualities(await fitted.withModels!(newcomers, router.unseenGrid![0]), queries));
});

Deno.test("mixture: known models without a score are left out; without any label it refuses", async () => {
  const gaps = training(AT, [[1, undefined], [.5, undefined], [0, undefined], [.5, undefined]]);
  const fitted = await router.fit(gaps, { k: 1 }, CONTEXT);
  const extended = await fitted.withModels!(profiles(["a"], [[1, 0]], [[1]]), {
    from: "outcomes",
    penalty: 10,
  });
  // M = 1: x = (1, ½), w starts at 1, the residual is ½ − ½ = 0.
  near(await qualities(extended, QUERIES), [[1, 1, NaN], [0, 0, NaN]]);
  await assert.rejects(
    async () => await fitted.withModels!(profiles(["a"], [[1, 0]], [[undefined]])),
    CapabilityError,
  );
});
