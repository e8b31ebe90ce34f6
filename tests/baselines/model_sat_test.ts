/** Model-SAT: the aptitude test by hand, and the network on pools whose best choice is known. */
import assert from "node:assert/strict";
import router, { type Config } from "../../baselines/model_sat.ts";
import { aptitudeTest } from "../../baselines/_aptitude.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import type { FittedRouter, TrainingData } from "../../src/router/contract.ts";
import { decide } from "../../src/router/decide.ts";
import { batch, CONTEXT, near, profiles, qualities, rowsOf, training } from "../router/hand.ts";

const POINTWISE: Config = { loss: "pointwise", size: 1 },
  GROUP: Config = { loss: "group", size: 4 };
const fit = async (train: TrainingData, config: Config, context = CONTEXT): Promise<FittedRouter> =>
  await router.fit(train, config, context);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;

/** Dataset A, q0 … q8, is solved by one of two models in q2, q5 and q7 alone; B is q9 … q11. */
const SMALL = training(
  Array.from({ length: 12 }, () => [1, 0]),
  [
    ...[[1, 1], [0, 0], [1, 0], [1, 1], [0, 0], [0, 1], [1, 1], [1, 0], [0, 0]],
    ...[[1, 1], [.4, .5], [0, 0]],
  ],
  { benchmarks: "AAAAAAAAABBB".split("") },
);

Deno.test("Model-SAT: probe queries are those that half the pool solves, at most a third of a category", async () => {
  const test = await aptitudeTest(SMALL, CONTEXT);
  const expected = [["q10", 1], ["q2", 0], ["q5", 0], ["q7", 0]];
  assert.deepEqual([...test.probes].sort(), expected);
  near(rowsOf({ quality: test.reports(SMALL) }, 2), [[2 / 3, 1 / 3], [.4, .5]]);
});

Deno.test("Model-SAT: no more than 20 probe queries a category", async () => {
  const many = training(
    Array.from({ length: 100 }, () => [1, 0]),
    Array.from({ length: 100 }, (_, i) => [i % 2, 1 - i % 2]),
    { benchmarks: Array.from({ length: 100 }, (_, i) => i < 90 ? "A" : "B") },
  );
  const test = await aptitudeTest(many, CONTEXT);
  const counts = [0, 1].map((c) => [...test.probes.values()].filter((of) => of === c).length);
  assert.deepEqual(counts, [20, 4]);
});

Deno.test("Model-SAT: one benchmark is parted into clusters", async () => {
  const vectors = Array.from({ length: 60 }, (_, i) => i < 30 ? [1, 0] : [0, 1]);
  const train = training(vectors, vectors.map(([x]) => [x, 1 - x]));
  const test = await aptitudeTest(train, CONTEXT);
  near(rowsOf({ quality: test.reports(train) }, 2).sort(), [[0, 1], [1, 0]]);
});

Deno.test("Model-SAT: all models answer the first profile queries, where those are known", async () => {
  const profile = ["q11", "q8", "q3", "elsewhere", "q1", "q10", "q0"];
  const test = await aptitudeTest(SMALL, { ...CONTEXT, profile });
  assert.deepEqual([...test.probes], [["q8", 0], ["q3", 0], ["q1", 0], ["q11", 1]]);
  near(rowsOf({ quality: test.reports(SMALL) }, 2), [[1 / 3, 1 / 3], [0, 0]]);
});

Deno.test("Model-SAT: a category without an answer takes overall accuracy; three answers are no report", async () => {
  const test = await aptitudeTest(SMALL, CONTEXT);
  // q2, q5, q7 and q10 are the probe queries; others do not count.
  const answers = SMALL.queries.ids.map((id): (number | undefined)[] => {
    if (id === "q2") return [1, 1, 1];
    if (id === "q5") return [0, undefined, 1];
    if (id === "q7") return [.5, 1, 1];
    return id === "q10" ? [.5, 1, .2] : [1, 1, 0];
  });
  const asked = profiles(["a", "b", "c"], answers.map(() => [1, 0]), answers);
  near(rowsOf({ quality: test.reports(asked) }, 3), [[.5, NaN, 1], [.5, NaN, .2]]);
  // Five probe queries in A, none in B.
  const wide = { ...CONTEXT, profile: ["q0", "q1", "q2", "q3"] };
  const long = training(
    Array.from({ length: 15 }, () => [1, 0]),
    Array.from({ length: 15 }, (_, i) => [i % 2]),
    { benchmarks: Array.from({ length: 15 }, (_, i) => i < 12 ? "A" : "B") },
  );
  near(rowsOf({ quality: (await aptitudeTest(long, wide)).reports(long) }, 1), [[.5], [.5]]);
});

/** Topic t lies near axis t, and is benchmark t; a model solves the share of it that its skill says. */
const source = random(11, "sat");
function draw(n: number): { vectors: number[][]; topics: number[]; benchmarks: string[] } {
  const topics = Array.from({ length: n }, () => source.integer(3));
  const vectors = topics.map((t) => [0, 1, 2].map((d) => .2 * source.normal() + Number(d === t)));
  return {
    vectors: vectors.map((v) => v.map((x) => x / Math.hypot(...v))),
    topics,
    benchmarks: topics.map((t) => `b${t}`),
  };
}
const SKILLS = [[.9, .3, .3], [.3, .9, .3], [.3, .3, .9], [.8, .2, .8], [.2, .7, .7], [.6, .6, .2]];
const answersTo = (topics: number[], skills: number[][]): number[][] =>
  topics.map((t) => skills.map((skill) => Number(source.next() < skill[t])));
const LEARN = draw(1500), TEST = draw(300);
const TRAIN = training(LEARN.vectors, answersTo(LEARN.topics, SKILLS), LEARN);

Deno.test("Model-SAT: pointwise, predictions are shares solved, and the specialists are chosen", async () => {
  const fitted = await fit(TRAIN, POINTWISE), rows = await qualities(fitted, batch(TEST.vectors));
  const off = rows.map((row, i) =>
    mean(row.map((p, m) => Math.abs(p - SKILLS[m][TEST.topics[i]])))
  );
  assert.ok(mean(off) < .12, `${mean(off)} off`);
  const choice = decide({ quality: Float64Array.from(rows.flat()) }, TRAIN);
  const earned = mean([...choice].map((m, i) => SKILLS[m][TEST.topics[i]]));
  // The best single model earns .6, the best choice .9.
  assert.ok(earned > .83, `${earned}`);
});

Deno.test("Model-SAT: trained on groups, a model's solved queries come before its failed ones", async () => {
  const fitted = await fit(TRAIN, GROUP), rows = await qualities(fitted, batch(TEST.vectors));
  for (const [m, skill] of SKILLS.entries()) {
    const of = (topic: number): number =>
      mean(rows.filter((_, i) => TEST.topics[i] === topic).map((row) => row[m]));
    const best = skill.indexOf(Math.max(...skill)), worst = skill.indexOf(Math.min(...skill));
    assert.ok(of(best) > of(worst) + .1, `m${m}: ${of(best)} and ${of(worst)}`);
  }
});

Deno.test("Model-SAT: the group loss is blind to what all queries of a model share", async () => {
  // m0 solves 90% and m1 10% whatever the query: nothing to tell within a model.
  const vectors = Array.from({ length: 600 }, () => [1, 0]);
  const train = training(vectors, vectors.map((_, i) => [i % 10 ? 1 : 0, i % 10 ? 0 : 1]), {
    benchmarks: vectors.map((_, i) => i % 2 ? "A" : "B"),
  });
  const gap = async (config: Config): Promise<number> => {
    const [[p0, p1]] = await qualities(await fit(train, config), batch([[1, 0]]));
    return p0 - p1;
  };
  const [untrained, group, pointwise] = [
    await gap({ ...GROUP, size: 1 }), // a group of one has no loss
    await gap(GROUP),
    await gap(POINTWISE),
  ];
  // Rounding errors are all there is to learn from, and AdamW takes them up.
  assert.ok(Math.abs(group - untrained) < .05, `${group}, untrained ${untrained}`);
  assert.ok(pointwise > .7, `${pointwise}`);
});

Deno.test("Model-SAT: a new model is its report, the network stays as it is", async () => {
  const fitted = await fit(TRAIN, POINTWISE), queries = batch(TEST.vectors);
  const before = await qualities(fitted, queries);
  // One answers as m3 did, one has the skills of m0 with other answers.
  const fresh = answersTo(LEARN.topics, [SKILLS[0]]);
  const answers = LEARN.vectors.map((_, i) => [TRAIN.scores[6 * i + 3], fresh[i][0]]);
  const extended = await fitted.withModels!(profiles(["copy", "peer"], LEARN.vectors, answers));
  assert.deepEqual(extended.models, ["copy", "m0", "m1", "m2", "m3", "m4", "m5", "peer"]);
  const after = await qualities(extended, queries);
  near(after.map((row) => row.slice(1, 7)), before);
  near(after.map((row) => [row[0]]), before.map((row) => [row[3]]));
  const apart = mean(after.map((row) => Math.abs(row[7] - row[1])));
  const others = mean(after.map((row) => Math.abs(row[7] - row[2])));
  assert.ok(apart < others / 2, `${apart} from its peer, ${others} from another model`);
  near(await qualities(fitted, queries), before);
});

Deno.test("Model-SAT: too few answers to probe queries are refused, or leave one model out", async () => {
  const fitted = await fit(TRAIN, POINTWISE), query = batch([[1, 0, 0]]);
  const none = LEARN.vectors.map((): [undefined, number] => [undefined, 1]);
  const [row] = await qualities(
    await fitted.withModels!(profiles(["a", "z"], LEARN.vectors, none)),
    query,
  );
  assert.ok(Number.isNaN(row[0]) && row.slice(1).every((p) => p > 0 && p < 1), `${row}`);
  await assert.rejects(
    async () =>
      await fitted.withModels!(profiles(["a"], LEARN.vectors, none.map(() => [undefined]))),
    (error: Error) =>
      error instanceof CapabilityError &&
      /60 probe queries and needs at least 4/.test(error.message),
  );
  const two = training([[1, 0], [0, 1]], [[1, 0], [0, 1]], { benchmarks: ["A", "B"] });
  await assert.rejects(
    async () => await fit(two, POINTWISE),
    (error: Error) => error instanceof CapabilityError && /beside its 2 probe/.test(error.message),
  );
});
