/** MLP on problems with known answers, one of them beyond any linear router. */
import assert from "node:assert/strict";
import router, { type Config } from "../../baselines/mlp.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";
import { CORNERS, exclusiveOr } from "./scenes.ts";

const CONFIG: Config = { layers: 1, hidden: 32, dropout: 0.1, epochs: 40 };

const POOL = exclusiveOr(600), TRAIN = training(POOL.at, POOL.scores);

for (const layers of [1, 2] as const) {
  Deno.test(`MLP, ${layers} layer(s): learns who is better where, though neither coordinate says it`, async () => {
    const fitted = await router.fit(TRAIN, { ...CONFIG, layers }, CONTEXT);
    const predicted = await qualities(fitted, batch(CORNERS));
    predicted.forEach((row, c) => {
      const there = POOL.scores.filter((_, i) => i % 4 === c);
      row.forEach((p, m) => {
        const mean = there.reduce((sum, scores) => sum + scores[m], 0) / there.length;
        assert.ok(Math.abs(p - mean) < .05, `corner ${c}, m${m}: ${p}, its mean score is ${mean}`);
      });
    });
    const gain = predicted.map((row, c) => POOL.chances[c][row.indexOf(Math.max(...row))]);
    assert.deepEqual(gain, [.9, .9, .9, .9]); // Bayes-optimal; the best single model gets .6
  });
}

Deno.test("MLP: where queries do not differ it says the mean score, soft scores and gaps included", async () => {
  // m0: 0, .5, 1 → .5; m1: .25 and a gap; m2 has no label at all; the last row none of any model.
  const train = training([[0], [0], [0], [0]], [
    [0, .25, undefined],
    [.5, undefined, undefined],
    [1, .25, undefined],
    [undefined, undefined, undefined],
  ]);
  for (const config of router.grid) {
    const [[m0, m1, m2]] = await qualities(
      await router.fit(train, config, CONTEXT),
      batch([[0]]),
    );
    near([[m2]], [[NaN]]);
    assert.ok(Math.abs(m0 - .5) < .02 && Math.abs(m1 - .25) < .02, `${m0}, ${m1}`);
  }
});

Deno.test("MLP: models with the same outcomes get the same numbers, to the bit", async () => {
  const twins = training(POOL.at, POOL.scores.map(([a, b]) => [a, b, a]));
  const rows = await qualities(await router.fit(twins, CONFIG, CONTEXT), batch(CORNERS));
  for (const [a, b, again] of rows) assert.ok(a === again && a !== b);
});

Deno.test("MLP: dropout and its share matter, for training alone", async () => {
  const at = async (dropout: number) => {
    const fitted = await router.fit(TRAIN, { ...CONFIG, dropout, epochs: 5 }, CONTEXT);
    const first = await qualities(fitted, batch(CORNERS));
    assert.deepEqual(first, await qualities(fitted, batch(CORNERS)));
    return first;
  };
  const [none, some, half] = [await at(0), await at(.1), await at(.5)];
  assert.notDeepEqual(none, some);
  assert.notDeepEqual(some, half);
});

Deno.test("MLP: a new model is one more output on what was learned; the others stay", async () => {
  const fitted = await router.fit(TRAIN, CONFIG, CONTEXT);
  const old = await qualities(fitted, batch(CORNERS));
  // "a" is right where the signs agree. Forty queries do to learn a thing that no line separates.
  const few = exclusiveOr(40), corner = (i: number): number => i % 4;
  const newcomers = profiles(
    ["a", "z"],
    few.at,
    few.at.map((_, i) => [
      Number(corner(i) < 2),
      undefined,
    ]),
  );
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
