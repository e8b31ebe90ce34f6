/** NIRT where the trained probabilities are known, its warm-up, its new models, and that it cannot decrease. */
import assert from "node:assert/strict";
import type { Config } from "../../baselines/_irt.ts";
import router, { type Way } from "../../baselines/irt_router_neural.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import type { FittedRouter, TrainingData } from "../../src/router/contract.ts";
import { decide } from "../../src/router/decide.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";
import { specialists } from "./scenes.ts";

const COLD: Config = { epochs: 60, warmUp: 0 };
const fit = async (train: TrainingData, config = COLD): Promise<FittedRouter<Way>> =>
  await router.fit(train, config, CONTEXT);
const logit = (p: number): number => Math.log(p / (1 - p));

const { draw, solved } = specialists();
const LEARN = draw(400), TEST = draw(200);
const TRAIN = training(LEARN.vectors, LEARN.topics.map((t) => [0, 1, 2].map((m) => solved(t, m))));
const FITTED = fit(TRAIN);

Deno.test("NIRT: cross-entropy on known cells ends at the mean of soft labels", async () => {
  // One query over and over: m0 scores .2 or .4, m1 .9 where it is known, a quarter of the time, m2 .75, m3 never.
  const rows = Array.from(
    { length: 40 },
    (_, i) => [i % 2 ? .2 : .4, i % 4 ? undefined : .9, .75, undefined],
  );
  const fitted = await fit(training(rows.map(() => [1]), rows), { epochs: 600, warmUp: 0 });
  const [[p0, p1, p2, p3]] = await qualities(fitted, batch([[1]]));
  for (const [p, expected] of [[p0, .3], [p1, .9], [p2, .75]]) {
    assert.ok(Math.abs(p - expected) < .01, `${p}, expected ${expected}`);
  }
  assert.ok(Number.isNaN(p3), "a model without an outcome is not chosen");
  assert.equal(fitted.describe().parameters, 2 * 25 + 26 * 64 + 65 + 4 * 25);
});

Deno.test("NIRT: three specialists are told apart nearly as well as can be", async () => {
  const right = (choice: ArrayLike<number>): number =>
    Array.from(choice).filter((m, i) => m === TEST.topics[i]).length / TEST.topics.length;
  const quality = Float64Array.from((await qualities(await FITTED, batch(TEST.vectors))).flat());
  const chosen = right(decide({ quality }, { models: TRAIN.models, meanCosts: TRAIN.meanCosts }));
  const bayes = right(TEST.vectors.map((v) => v.indexOf(Math.max(...v))));
  assert.ok(chosen > bayes - .06, `${chosen}, at best ${bayes}`);
});

Deno.test("NIRT: a cold query is drawn to the mean of its ten nearest training queries", async () => {
  // Ten training queries at (1, 0) and ten at (0, 1): φ' = .7·(.8, .6) + .3·(1, 0).
  const vectors = Array.from({ length: 20 }, (_, i) => i < 10 ? [1, 0] : [0, 1]);
  const train = training(vectors, vectors.map(([x]) => [x, 1 - x]));
  const [cold, warm] = [await fit(train), await fit(train, { ...COLD, warmUp: .3 })];
  const at = await qualities(cold, batch([[.86, .42]], { name: "there" }));
  near(await qualities(warm, batch([[.8, .6]], { name: "cold" })), at);
  assert.notDeepEqual(await qualities(cold, batch([[.8, .6]], { name: "cold" })), at);
});

Deno.test("NIRT: a new model's abilities are fitted to its outcomes, all else as it is", async () => {
  const fitted = await FITTED, queries = batch(TEST.vectors);
  // One answers as m1 did, one solves all, one nothing.
  const answers = LEARN.vectors.map((_, i) => [TRAIN.scores[3 * i + 1], 1, 0]);
  const extended = await fitted.withModels!(profiles(["a", "m4", "z"], LEARN.vectors, answers));
  assert.deepEqual(extended.models, ["a", "m0", "m1", "m2", "m4", "z"]);
  const [before, after] = [await qualities(fitted, queries), await qualities(extended, queries)];
  near(after.map((p) => p.slice(1, 4)), before);
  const gap = after.map(([a, , m1]) => Math.abs(a - m1)).reduce((a, b) => a + b) / after.length;
  assert.ok(gap < .1, `${gap} from the model that answers alike`);
  const mean = (column: number): number =>
    after.reduce((sum, p) => sum + p[column], 0) / after.length;
  assert.ok(mean(4) > .85, `solves all: ${mean(4)}`);
  assert.ok(mean(5) < .15, `solves nothing: ${mean(5)}`);
  // No ability hurts: who has nothing but right answers is nowhere below who has nothing but wrong ones.
  assert.ok(after.every((p) => p[4] > p[5]));
});

Deno.test("NIRT: the stronger the pull, the nearer a new model stays to an average one", async () => {
  const fitted = await FITTED, query = batch([LEARN.vectors[0]], { name: "one" });
  const at = async (score: number | undefined, pull: number): Promise<number> => {
    const one = profiles(["y", "z"], [LEARN.vectors[0]], [[undefined, score]]);
    const row = (await qualities(await fitted.withModels!(one, { pull }), query))[0];
    assert.ok(Number.isNaN(row[3]), "y has no label");
    return logit(row[4]);
  };
  const pulls = router.unseenGrid!.map(({ pull }) => pull).sort((a, b) => a - b);
  const gaps: number[] = [];
  for (const pull of pulls) gaps.push(await at(1, pull) - await at(0, pull));
  for (let i = 1; i < gaps.length; i++) assert.ok(gaps[i] < gaps[i - 1] && gaps[i] > 0, `${gaps}`);
  await assert.rejects(async () => await at(undefined, 1), CapabilityError);
});
