/** IRT-Router where the trained probabilities are known, and its warm-up and new models by hand. */
import assert from "node:assert/strict";
import type { Config } from "../../baselines/_irt.ts";
import router, { batchOf } from "../../baselines/irt_router.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import type { FittedRouter, TrainingData } from "../../src/router/contract.ts";
import { decide } from "../../src/router/decide.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";
import { specialists } from "./scenes.ts";

const COLD: Config = { epochs: 300, warmUp: 0 };
const fit = async (train: TrainingData, config = COLD): Promise<FittedRouter> =>
  await router.fit(train, config, CONTEXT);
const logit = (p: number): number => Math.log(p / (1 - p));

const { draw, solved } = specialists();
const LEARN = draw(400), TEST = draw(200);
const TRAIN = training(LEARN.vectors, LEARN.topics.map((t) => [0, 1, 2].map((m) => solved(t, m))));

Deno.test("IRT-Router: cross-entropy on known cells ends at the mean of soft labels", async () => {
  // One query over and over: m0 scores .2 or .4, m1 .9 where it is known, a quarter of the time, m2 .75.
  const rows = Array.from({ length: 40 }, (_, i) => [i % 2 ? .2 : .4, i % 4 ? undefined : .9, .75]);
  const fitted = await fit(training(rows.map(() => [1]), rows), { epochs: 2000, warmUp: 0 });
  const [[p0, p1, p2]] = await qualities(fitted, batch([[1]]));
  for (const [p, expected] of [[p0, .3], [p1, .9], [p2, .75]]) {
    assert.ok(Math.abs(p - expected) < .01, `${p}, expected ${expected}`);
  }
  assert.equal(fitted.describe().parameters, 25 + 1 + 3 * 25);
});

Deno.test("IRT-Router: a step takes 512 cells; in a large pool a pass takes 1,000 steps", () => {
  assert.equal(batchOf(9435, 28), 18);
  assert.equal(batchOf(36_000, 112), 5); // 4.0 million cells
  assert.equal(batchOf(1000, 3811), 1); // 3.8 million
  assert.equal(batchOf(7618, 3811), 8); // 29 million
  assert.equal(batchOf(700_000, 36), 700);
});

Deno.test("IRT-Router: three specialists are told apart nearly as well as can be", async () => {
  const fitted = await fit(TRAIN);
  const right = (choice: ArrayLike<number>): number =>
    Array.from(choice).filter((m, i) => m === TEST.topics[i]).length / TEST.topics.length;
  const quality = Float64Array.from((await qualities(fitted, batch(TEST.vectors))).flat());
  const chosen = right(decide({ quality }, { models: TRAIN.models, meanCosts: TRAIN.meanCosts }));
  // Best single is right at a third of the queries.
  const bayes = right(TEST.vectors.map((v) => v.indexOf(Math.max(...v))));
  assert.ok(chosen > bayes - .04, `${chosen}, at best ${bayes}`);
});

Deno.test("IRT-Router: a cold query is drawn to the mean of its ten nearest training queries", async () => {
  // Ten training queries at (1, 0) and ten at (0, 1): φ' = .7·(.8, .6) + .3·(1, 0).
  const vectors = Array.from({ length: 20 }, (_, i) => i < 10 ? [1, 0] : [0, 1]);
  const train = training(vectors, vectors.map(([x]) => [x, 1 - x]));
  const [cold, warm] = [await fit(train), await fit(train, { ...COLD, warmUp: .3 })];
  const at = await qualities(cold, batch([[.86, .42]], { name: "there" }));
  near(await qualities(warm, batch([[.8, .6]], { name: "cold" })), at);
  assert.notDeepEqual(await qualities(cold, batch([[.8, .6]], { name: "cold" })), at);
});

Deno.test("IRT-Router: a new model's abilities are fitted to its outcomes, the test as it is", async () => {
  const fitted = await fit(TRAIN), queries = batch(TEST.vectors);
  // One answers as m1 did, one solves all, one nothing.
  const answers = LEARN.vectors.map((_, i) => [TRAIN.scores[3 * i + 1], 1, 0]);
  const extended = await fitted.withModels!(profiles(["a", "m4", "z"], LEARN.vectors, answers));
  assert.deepEqual(extended.models, ["a", "m0", "m1", "m2", "m4", "z"]);
  const [before, after] = [await qualities(fitted, queries), await qualities(extended, queries)];
  near(after.map((p) => p.slice(1, 4)), before);
  const gap = after.map(([a, , m1]) => Math.abs(a - m1)).reduce((a, b) => a + b) / after.length;
  assert.ok(gap < .1, `${gap} from the model that answers alike`);
  for (const [a, m0, m1, m2, good, bad] of after) {
    assert.ok(good > .8 && good > Math.max(a, bad), `solves all: ${good}`);
    assert.ok(bad < .2 && bad < Math.min(m0, m1, m2), `solves nothing: ${bad}`);
  }
});

Deno.test("IRT-Router: with one label a new model is little more than an average one", async () => {
  const fitted = await fit(TRAIN), query = batch([LEARN.vectors[0]]);
  const one = (score: number | undefined): ReturnType<typeof profiles> =>
    profiles(["z"], [LEARN.vectors[0]], [[score]]);
  // Mean abilities have the mean logit.
  const [known] = await qualities(fitted, query);
  const average = known.map(logit).reduce((a, b) => a + b) / 3;
  const [right, wrong] = await Promise.all(
    [1, 0].map(async (s) => (await qualities(await fitted.withModels!(one(s)), query))[0][3]),
  );
  assert.ok(logit(wrong) < average && average < logit(right), `${wrong} < ${average} < ${right}`);
  assert.ok(logit(right) - average < 1.5 && average - logit(wrong) < 1.5);
  await assert.rejects(
    async () => await fitted.withModels!(one(undefined)),
    (error: Error) =>
      error instanceof CapabilityError && /at least one labelled query/.test(error.message),
  );
});

Deno.test("IRT-Router: queries without an outcome teach nothing", async () => {
  const train = training([[1, 0], [0, 1], [0, 1]], [[1, 0], [undefined, undefined], [0, 1]]);
  const [[a, b]] = await qualities(await fit(train), batch([[1, 0]]));
  assert.ok(a > b, `${a}, ${b}`);
  const silent = training([[1, 0]], [[undefined, undefined]]);
  const [[c, d]] = await qualities(await fit(silent), batch([[1, 0]]));
  assert.equal(c, d);
});
