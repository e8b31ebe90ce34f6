/** MLP ensemble: members that agree where there are data, and what κ makes of it. */
import assert from "node:assert/strict";
import router, { type FewLabels } from "../../baselines/mlp_ensemble.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";

const CORNERS = [[1, 1], [-1, -1], [1, -1], [-1, 1]].map((x) => x.map((v) => v * Math.SQRT1_2));

/** Queries at given corners; m0 solves 90% where the signs agree and 10% elsewhere, m1 the reverse, m2 60%. */
function pool(corners: readonly number[]): { at: number[][]; scores: number[][] } {
  const draw = random(3, "corners");
  return {
    at: corners.map((c) => CORNERS[c].map((v) => v + .1 * draw.normal())),
    scores: corners.map((c) =>
      (c < 2 ? [.9, .1, .6] : [.1, .9, .6]).map((p) => Number(draw.next() < p))
    ),
  };
}

const POOL = pool(Array.from({ length: 1200 }, (_, i) => i % 4));
const TRAIN = training(POOL.at, POOL.scores);

Deno.test("MLP ensemble: its mean learns who is better where, though neither coordinate says it", async () => {
  const fitted = await router.fit(TRAIN, { kappa: 0 }, CONTEXT);
  (await qualities(fitted, batch(CORNERS))).forEach((row, c) => {
    const there = POOL.scores.filter((_, i) => i % 4 === c);
    row.forEach((p, m) => {
      const mean = there.reduce((sum, scores) => sum + scores[m], 0) / there.length;
      assert.ok(Math.abs(p - mean) < .06, `corner ${c}, m${m}: ${p}, its mean score is ${mean}`);
    });
  });
});

Deno.test("MLP ensemble: κ times the same disagreement is taken off", async () => {
  const at = async (kappa: number): Promise<number[]> =>
    (await qualities(await router.fit(TRAIN, { kappa }, CONTEXT), batch(CORNERS))).flat();
  const [mean, half, one, two] = await Promise.all([0, .5, 1, 2].map(at));
  mean.forEach((value, i) => {
    const sd = value - one[i];
    assert.ok(sd > 0);
    near([[half[i], two[i]]], [[value - .5 * sd, value - 2 * sd]]);
  });
});

Deno.test("MLP ensemble: the fewer the queries, the more members disagree", async () => {
  const disagreement = async (count: number): Promise<number> => {
    const train = training(POOL.at.slice(0, count), POOL.scores.slice(0, count));
    const [mean, lower] = await Promise.all(
      [0, 1].map(async (kappa) =>
        (await qualities(await router.fit(train, { kappa }, CONTEXT), batch(CORNERS))).flat()
      ),
    );
    return mean.reduce((sum, p, at) => sum + p - lower[at], 0) / mean.length;
  };
  const sd = await Promise.all([60, 1200].map(disagreement));
  assert.ok(sd[0] > 2 * sd[1], `${sd}`);
});

Deno.test("MLP ensemble: one training serves every κ, another seed trains again", async () => {
  const train = training(POOL.at.slice(0, 100), POOL.scores.slice(0, 100));
  let steps = 0;
  const counted = { ...CONTEXT, progress: () => steps++ };
  await router.fit(train, { kappa: 0 }, counted);
  const once = steps;
  assert.ok(once > 0);
  await router.fit(train, { kappa: 2 }, counted);
  assert.equal(steps, once);
  await router.fit(train, { kappa: 2 }, { ...counted, seed: 1, random: random(1, "hand") });
  assert.equal(steps, 2 * once);
});

Deno.test("MLP ensemble: a training that was broken off is not kept", async () => {
  const train = training(POOL.at.slice(0, 50), POOL.scores.slice(0, 50));
  const stop = { ...CONTEXT, signal: AbortSignal.abort(new Error("enough")) };
  await assert.rejects(async () => await router.fit(train, { kappa: 0 }, stop), /enough/);
  assert.equal((await router.fit(train, { kappa: 0 }, CONTEXT)).models.length, 3);
});

Deno.test("MLP ensemble: models with the same outcomes get the same numbers, one without any none", async () => {
  const twins = training(POOL.at, POOL.scores.map(([a, b]) => [a, b, a, undefined]));
  const rows = await qualities(await router.fit(twins, { kappa: 1 }, CONTEXT), batch(CORNERS));
  for (const [a, b, again, none] of rows) assert.ok(a === again && a !== b && Number.isNaN(none));
});

Deno.test("MLP ensemble: a new model is one more output of every member, at a κ of its own", async () => {
  const fitted = await router.fit(TRAIN, { kappa: 1 }, CONTEXT);
  const old = await qualities(fitted, batch(CORNERS));
  // "a" is right where the signs agree, which no line separates; "z" has no label.
  const few = pool(Array.from({ length: 40 }, (_, i) => i % 4));
  const newcomers = profiles(
    ["a", "z"],
    few.at,
    few.at.map((_, i) => [Number(i % 4 < 2), undefined]),
  );
  const said = async (way?: FewLabels): Promise<number[]> => {
    const larger = await fitted.withModels!(newcomers, way);
    assert.deepEqual(larger.models, ["a", "m0", "m1", "m2", "z"]);
    assert.equal(larger.describe().parameters, fitted.describe().parameters + 2 * 5 * 65);
    const rows = await qualities(larger, batch(CORNERS));
    near(rows.map((row) => row.slice(1, 4)), old);
    assert.ok(rows.every((row) => Number.isNaN(row[4])));
    return rows.map(([a]) => a);
  };
  const mean = await said({ kappa: 0, spread: 1 }), one = await said({ kappa: 1, spread: 1 });
  mean.forEach((a, c) => assert.ok(c < 2 ? a > .6 : a < .4, `corner ${c}: ${a}`));
  near([await said({ kappa: 2, spread: 1 })], [mean.map((a, c) => a - 2 * (a - one[c]))]);
  near([await said()], [one]);
  const all = await Promise.all(router.unseenGrid!.map(said));
  assert.equal(new Set(all.map(String)).size, all.length);
  await assert.rejects(
    async () => await fitted.withModels!(profiles(["a"], [[1, 0]], [[undefined]])),
    CapabilityError,
  );
});
