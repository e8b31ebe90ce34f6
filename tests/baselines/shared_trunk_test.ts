/** The shared trunk on problems with known answers, and on vectors of any scale. */
import assert from "node:assert/strict";
import router, { type Config } from "../../baselines/shared_trunk.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";
import { CORNERS, exclusiveOr } from "./scenes.ts";

const CONFIG: Config = { hidden: 32, dropout: 0.1, epochs: 60 };

const POOL = exclusiveOr(600), TRAIN = training(POOL.at, POOL.scores);
const FITTED = router.fit(TRAIN, CONFIG, CONTEXT);

Deno.test("shared trunk: learns who is better where, though no line says it", async () => {
  const predicted = await qualities(await FITTED, batch(CORNERS));
  predicted.forEach((row, c) => {
    const there = POOL.scores.filter((_, i) => i % 4 === c);
    row.forEach((p, m) => {
      const mean = there.reduce((sum, scores) => sum + scores[m], 0) / there.length;
      assert.ok(Math.abs(p - mean) < .08, `corner ${c}, m${m}: ${p}, its mean score is ${mean}`);
    });
  });
  const gain = predicted.map((row, c) => POOL.chances[c][row.indexOf(Math.max(...row))]);
  assert.deepEqual(gain, [.9, .9, .9, .9]);
});

Deno.test("shared trunk: a coordinate's place and scale mean nothing, one that does not vary is not seen", async () => {
  const strange = (x: readonly number[]): number[] => [4096 * x[0] + 8192, x[1] / 1024, 7];
  const usual = (x: readonly number[]): number[] => [...x, 0];
  const fit = async (change: (x: readonly number[]) => number[]) => {
    const fitted = await router.fit(training(POOL.at.map(change), POOL.scores), {
      ...CONFIG,
      epochs: 10,
    }, CONTEXT);
    return await qualities(fitted, batch(CORNERS.map(change)));
  };
  const [a, b] = [await fit(usual), await fit(strange)];
  a.flat().forEach((p, at) => assert.ok(Math.abs(p - b.flat()[at]) < .01, `${p}, ${b.flat()[at]}`));
});

Deno.test("shared trunk: where queries do not differ it says the mean score, gaps included", async () => {
  const train = training([[0], [0], [0], [0]], [
    [0, .25, undefined],
    [.5, undefined, undefined],
    [1, .25, undefined],
    [undefined, undefined, undefined],
  ]);
  for (const config of router.grid) {
    const [[m0, m1, m2]] = await qualities(await router.fit(train, config, CONTEXT), batch([[0]]));
    near([[m2]], [[NaN]]);
    assert.ok(Math.abs(m0 - .5) < .02 && Math.abs(m1 - .25) < .02, `${m0}, ${m1}`);
  }
});

Deno.test("shared trunk: models with the same outcomes get the same numbers, to the bit", async () => {
  const twins = training(POOL.at, POOL.scores.map(([a, b]) => [a, b, a]));
  const fitted = await router.fit(twins, { ...CONFIG, epochs: 10 }, CONTEXT);
  for (const [a, b, again] of await qualities(fitted, batch(CORNERS))) {
    assert.ok(a === again && a !== b);
  }
});

Deno.test("shared trunk: thousands of coordinates, a few of them huge, do not hide the two that matter", async () => {
  const draw = random(7, "wide"), WIDTH = 1024;
  const wide = (x: readonly number[]): number[] => [
    ...Array.from({ length: WIDTH }, (_, d) => (d < 3 ? 1000 : 1e-3) * draw.normal()),
    ...Array.from({ length: 64 }, (_, d) => x[d % 2] + .5 * draw.normal()),
  ];
  const better = ([x]: readonly number[]): number[] => [Number(x > 0), Number(x < 0)];
  const fitted = await router.fit(
    training(POOL.at.map(wide), POOL.at.map(better)),
    router.grid[0],
    CONTEXT,
  );
  const fresh = exclusiveOr(80).at;
  const rows = await qualities(fitted, batch(fresh.map(wide)));
  const right = rows.filter(([a, b], i) => (a > b) === (fresh[i][0] > 0)).length;
  assert.ok(right > 70, `${right} of 80`);
});

Deno.test("shared trunk: a new model is one more output on what was learned; the others stay", async () => {
  const fitted = await FITTED, old = await qualities(fitted, batch(CORNERS));
  const few = exclusiveOr(40), solves = (i: number): number => Number(i % 4 < 2);
  const newcomers = profiles(["a", "z"], few.at, few.at.map((_, i) => [solves(i), undefined]));
  const extended = await fitted.withModels!(newcomers);
  assert.deepEqual(extended.models, ["a", "m0", "m1", "m2", "z"]);
  const rows = await qualities(extended, batch(CORNERS));
  near(rows.map((row) => row.slice(1, 4)), old);
  rows.forEach(([a, , , , z], c) => {
    assert.ok(c < 2 ? a > .65 : a < .35, `corner ${c}: ${a}`);
    assert.ok(Number.isNaN(z));
  });
  assert.equal(extended.describe().parameters, fitted.describe().parameters + 2 * (32 + 1));
  await assert.rejects(
    async () => await fitted.withModels!(profiles(["a"], [[1, 0]], [[undefined]])),
    CapabilityError,
  );
});
