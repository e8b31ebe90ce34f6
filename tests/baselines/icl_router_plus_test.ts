/** ICL-Router+: what its parts add up to, on rows made by hand and on the demo pool. */
import assert from "node:assert/strict";
import router from "../../baselines/icl_router_plus.ts";
import { demoTable } from "../../datasets/demo/generate.ts";
import { openProvider } from "../../src/embed/mod.ts";
import { random } from "../../src/base/random.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { pairedBootstrap } from "../../src/metrics/bootstrap.ts";
import { runNewModelJob } from "../../src/run/new_model_job.ts";
import { openSplit } from "../../src/run/open_split.ts";
import { makeSplits } from "../../src/splits/make.ts";
import { bestSingle } from "../../src/router/references.ts";
import type { PointPredictions, Router, TrainingData } from "../../src/router/contract.ts";
import { alone } from "../splits/tables.ts";
import { column, decided, OPTIONS } from "../run/scene.ts";
import { batch, CONTEXT, profiles, qualities, training } from "../router/hand.ts";

/** Four tasks at the corners of a square, ten rows each; m0 solves the left, m1 the right, m2 half. */
const CORNERS = [[-1, -1], [-1, 1], [1, -1], [1, 1]];
function square(
  name: string,
  tasks: (corner: number) => string = (c) => `task ${c}`,
): TrainingData {
  const rows = Array.from({ length: 40 }, (_, i) => i), stream = random(3, name);
  const vectors = rows.map((i) => CORNERS[i % 4].map((c) => c + .3 * stream.normal()));
  const scores = rows.map((i) => [Number(i % 4 < 2), Number(i % 4 >= 2), (i >> 2) % 2]);
  const labels = rows.map((i) => tasks(i % 4));
  const ids = rows.map((i) => `${name}${String(i).padStart(2, "0")}`);
  const benchmarks = rows.map((i) => `bench ${i % 2}`);
  return { ...training(vectors, scores, { ids, benchmarks }), tasks: labels };
}

const QUERIES = batch([[-1, 0], [1, 0]]);

Deno.test("ICL-Router+: each query takes the scores of its tasks", async () => {
  const fitted = await router.fit(square("t"), { gate: "open" }, CONTEXT);
  const [left, right] = await qualities(fitted, QUERIES);
  assert.ok(left[0] > .95 && left[1] < .05 && right[0] < .05 && right[1] > .95);
  assert.ok(Math.abs(left[2] - .5) < .1);
  assert.match(fitted.describe().notes![0], /^4 task labels/);
});

Deno.test("ICL-Router+: validation rows join the last fit, and say whether queries are of known tasks", async () => {
  const train = square("t"), strange = square("v", (c) => `another ${c}`);
  const validation = { ...strange, scores: strange.scores.map((s) => 1 - s) };
  const fit = (part: TrainingData, gate: "open" | "wary", stage: "tune" | "final") =>
    router.fit({ ...train, validation: part }, { gate }, { ...CONTEXT, stage });
  // In the last fit the two halves contradict each other.
  const [[both]] = await qualities(
    await fit({ ...validation, tasks: train.tasks }, "open", "final"),
    QUERIES,
  );
  assert.ok(Math.abs(both - .5) < .1, `${both}`);
  const [[tuned]] = await qualities(await fit(validation, "open", "tune"), QUERIES);
  const alone = await qualities(await router.fit(train, { gate: "open" }, CONTEXT), QUERIES);
  assert.ok(tuned < alone[0][0], "unseen tasks: the gate is not fully open");
  const wary = await qualities(await fit(validation, "wary", "tune"), QUERIES);
  assert.deepEqual(wary, [[.5, .5, .5], [.5, .5, .5]], "wary of unseen tasks: mean scores");
  const known = await qualities(await fit(square("v"), "wary", "tune"), QUERIES);
  assert.ok(known[0][0] > .75 && known[0][0] < alone[0][0], "wary of known tasks: in between");
});

Deno.test("ICL-Router+: clusters take the place of labels that say nothing or are as fine as queries", async () => {
  const rows = 10; // of each corner, ten times over
  const base = square("t"),
    many = Array.from({ length: rows }, () => [...base.queries.ids.keys()]).flat();
  const D = base.queries.vectors.width, M = 3;
  const cellsOf = (from: ArrayLike<number>, width: number): number[][] =>
    many.map((i) => Array.from({ length: width }, (_, j) => from[i * width + j]));
  const ids = many.map((_, i) => `q${String(i).padStart(3, "0")}`);
  const wide = (tasks: (i: number) => string): TrainingData => ({
    ...training(cellsOf(base.queries.vectors.data, D), cellsOf(base.scores, M), { ids }),
    tasks: many.map((_, i) => tasks(i)),
  });
  for (const data of [wide(() => "all"), wide((i) => `task ${i}`)]) {
    const fitted = await router.fit(data, { gate: "open" }, CONTEXT);
    assert.match(fitted.describe().notes![0], /^\d+ k-means clusters in place of task labels/);
    const [left, right] = await qualities(fitted, QUERIES);
    assert.ok(left[0] > .8 && left[1] < .2 && right[0] < .2 && right[1] > .8);
  }
});

Deno.test("ICL-Router+: a new model is read from labels on rows seen and unseen; without labels it is not predicted", async () => {
  const base = square("t");
  // Each of the three models twice over: which kinds there are shows when any one is left out.
  const train: TrainingData = {
    ...base,
    models: ["m0", "m1", "m2", "m3", "m4", "m5"],
    scores: Float64Array.from(
      { length: 240 },
      (_, at) => base.scores[Math.floor(at / 6) * 3 + at % 3],
    ),
    meanCosts: new Float64Array(6).fill(NaN),
  };
  const fitted = await router.fit(train, { gate: "open" }, CONTEXT);
  const old = await qualities(fitted, QUERIES);
  // Like m0, on rows of the fit; the same on rows it has not seen.
  const rows = [0, 1, 2, 3, 4, 5, 6, 7], D = 2;
  const vectors = rows.map((i) => [...train.queries.vectors.data.subarray(i * D, (i + 1) * D)]);
  const labels = rows.map((i) => [Number(i % 4 < 2), undefined]);
  const unseen = profiles(["m9", "z"], vectors, labels);
  const seen = { ...unseen, queries: { ...unseen.queries, ids: rows.map((i) => `t0${i}`) } };
  for (const profile of [seen, unseen]) {
    const larger = await fitted.withModels!(profile);
    assert.deepEqual(larger.models, ["m0", "m1", "m2", "m3", "m4", "m5", "m9", "z"]);
    const [left, right] = await qualities(larger, QUERIES);
    assert.deepEqual(left.slice(0, 6), old[0], "known models stay");
    assert.ok(left[6] > .6 && right[6] < .4, `${left[6]}, ${right[6]}`);
    assert.ok(Number.isNaN(left[7]));
    const twice = await larger.withModels!(
      profiles(["m9"], vectors, rows.map((i) => [Number(i % 4 >= 2)])),
    );
    const again = await qualities(twice, QUERIES);
    assert.ok(again[0][6] < .4 && again[1][6] > .6, "the later record counts");
  }
  const lonely = await router.fit(
    { ...base, models: ["m0"], scores: base.scores.filter((_, at) => at % 3 === 0) },
    { gate: "open" },
    CONTEXT,
  );
  await assert.rejects(async () => await lonely.withModels!(seen), CapabilityError);
});

Deno.test("ICL-Router+: a model without scores is not predicted, and training without any is refused", async () => {
  const train = square("t");
  const silent = { ...train, scores: train.scores.map((s, at) => at % 3 === 1 ? NaN : s) };
  const [left] = await qualities(await router.fit(silent, { gate: "open" }, CONTEXT), QUERIES);
  assert.deepEqual(left.map(Number.isNaN), [false, true, false]);
  await assert.rejects(
    async () =>
      await router.fit(
        { ...train, scores: train.scores.map(() => NaN) },
        { gate: "open" },
        CONTEXT,
      ),
    CapabilityError,
  );
});

Deno.test("ICL-Router+: vectors wider than the training set is long, hashed-4096", async () => {
  const stream = random(8, "wide"), n = 60;
  const vectors = Array.from({ length: n }, (_, i) => {
    const v = new Array<number>(4096).fill(0);
    for (let w = 0; w < 30; w++) v[(i % 4) * 50 + stream.integer(50)] = .2;
    v[200 + stream.integer(3000)] = .2;
    return v;
  });
  const base = training(
    vectors,
    vectors.map((_, i) => [Number(i % 4 < 2), Number(i % 4 >= 2), .5]),
  );
  const train = { ...base, tasks: vectors.map((_, i) => `task ${i % 4}`) };
  const fitted = await router.fit(train, { gate: "open" }, CONTEXT);
  assert.match(fitted.describe().notes!.join("; "), /4096 dimensions reduced to \d+/);
  const { quality } = await fitted.predict(train.queries) as PointPredictions;
  const right = vectors.filter((_, i) => quality[i * 3 + (i % 4 < 2 ? 0 : 1)] > .75).length;
  assert.ok(right >= 56, `${right} of ${n}`);
});

Deno.test("ICL-Router+ beats the best single model on the demo pool when new ones come with eight labels", async () => {
  const table = demoTable({ queries: 1500 }), M = table.models.length;
  const provider = await openProvider("static");
  const data = { table, raw: await provider.embed(table.texts), preparation: provider.preparation };
  const gains: number[] = [], units: number[] = [];
  for (const frozen of makeSplits(table, alone(table), "new-model", [1, 2])) {
    const split = openSplit(data, frozen);
    const run = async (one: Router): Promise<number[]> => {
      const job = await runNewModelJob("r", one, split, table, [8], OPTIONS, ["own"]);
      const choice = column(decided(job), 0);
      return choice.map((m, i) => table.scores[split.testRows[i] * M + m]);
    };
    const [mine, single] = [
      await run(router as Router),
      await run(bestSingle as unknown as Router),
    ];
    mine.forEach((score, i) => {
      gains.push(score - single[i]);
      units.push(split.testRows[i]);
    });
  }
  const [gain] = pairedBootstrap([Float64Array.from(gains)], {
    groups: units,
  });
  assert.ok(gain.low! > 0, `${gain.mean} [${gain.low}, ${gain.high}]`);
});
