/** Targets: fits learn from them, and nothing else sees them. */
import assert from "node:assert/strict";
import { audited } from "../../src/audit/audited.ts";
import { buildTable } from "../../src/outcomes/build.ts";
import { inferManifest } from "../../src/outcomes/manifest.ts";
import { checkRecord } from "../../src/outcomes/parse.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import type { Router, TrainingData } from "../../src/router/contract.ts";
import { finalTraining, fitContext, runJob } from "../../src/run/job.ts";
import { forFit, openSplit } from "../../src/run/open_split.ts";
import { tune } from "../../src/run/tune.ts";
import { bench, openPool } from "../../src/mod.ts";
import { demoRecords } from "../../datasets/demo/generate.ts";
import { hashJson } from "../../src/base/hash.ts";
import { tableOf } from "../splits/tables.ts";
import { decided, embedded, OPTIONS, splitOf } from "./scene.ts";

const record = (more: object): OutcomeRecord =>
  ({ id: "a", benchmark: "x", query: "A", scores: { m: 1, n: 0 }, ...more }) as OutcomeRecord;

Deno.test("a target is a score in [0, 1] of a model that has a score", () => {
  const where = { file: "f", line: 1 };
  checkRecord(record({ target: { m: 0.7 } }), where);
  assert.throws(
    () => checkRecord(record({ target: { m: 1.1 } }), where),
    /target\["m"\].*\[0, 1\]/,
  );
  assert.throws(
    () => checkRecord(record({ target: { o: 1 } }), where),
    /only models that have a score/,
  );
});

Deno.test("the table: a cell without a target is its score; without any target there is no column", () => {
  const of = (records: OutcomeRecord[]) =>
    buildTable(records, "all", inferManifest("t", records, hashJson(records)));
  const plain = [record({}), record({ id: "b", query: "B" })];
  const aimed = [record({ target: { m: 0.7 } }), plain[1]];
  assert.equal(of(plain).targets, undefined);
  assert.deepEqual([...of(aimed).targets!], [0.7, 0, 1, 0]);
  assert.deepEqual([...of(aimed).scores], [1, 0, 1, 0]);
  assert.notEqual(of(aimed).dataset.sha256, of(plain).dataset.sha256);
  assert.match(of(aimed).dataset.notes.join(), /routers learn from the targets of 1 records/);
});

Deno.test("copies of a text are merged into the mean of their targets", () => {
  const records = [
    record({ target: { m: 0.2, n: 0 } }),
    record({ id: "b", target: { m: 0.6, n: 1 } }),
    record({ id: "c", query: "other words altogether" }),
  ];
  const table = buildTable(records, "all", inferManifest("t", records, hashJson(records)));
  const { table: { ids, targets } } = audited(table);
  assert.deepEqual(ids, ["a", "c"]);
  assert.deepEqual([...targets!].map((x) => Math.round(x * 10) / 10), [0.4, 0.5, 1, 0]);
});

/** Model 0 scores best on every row; the targets say model 1. */
function scene() {
  const table = tableOf(
    ["a", "b", "c", "d"].map((id) => ({
      id,
      benchmark: "x",
      text: id,
      scores: [1, 0.4],
      costs: [1, 1],
    })),
    { targets: Float64Array.of(.1, .9, .2, .8, .3, .7, .6, .6) },
  );
  return openSplit(embedded(table), splitOf(table, "ttve"));
}

/** Predicts the mean of what it was shown, and notes it. */
function mean(seen: TrainingData[], more: Partial<Router> = {}): Router {
  return {
    name: "mean",
    summary: "for a test",
    source: "none",
    grid: [{}],
    fit: (train) => {
      seen.push(train);
      const [a, b] = [0, 1].map((m) =>
        train.scores.filter((_, at) => at % 2 === m).reduce((x, y) => x + y)
      );
      return {
        models: train.models,
        predict: ({ ids }) => ({ quality: Float64Array.from(ids.flatMap(() => [a, b])) }),
        describe: () => ({ parameters: 2 }),
      };
    },
    ...more,
  } as Router;
}

Deno.test("fits see targets in place of scores; reference rows and validation rows see scores", () => {
  const split = scene();
  const shown = (router: Partial<Router>) => {
    const data = finalTraining(mean([], router), split);
    assert.ok(!("targets" in data) && !("targets" in (data.validation ?? {})));
    return [[...data.scores], data.validation && [...data.validation.scores]];
  };
  assert.deepEqual(shown({}), [[.1, .9, .2, .8, .3, .7], undefined]);
  assert.deepEqual(shown({ refit: "train" }), [[.1, .9, .2, .8], [1, .4]]);
  assert.deepEqual(shown({ reference: true }), [[1, .4, 1, .4, 1, .4], undefined]);
  const { targets: _, ...rest } = split.all;
  assert.equal(forFit(rest), rest, "without targets nothing is copied");
});

Deno.test("tuning learns from targets and judges by scores", async () => {
  const split = scene(), seen: TrainingData[] = [];
  const router = mean(seen);
  const tuning = await tune(router, split, () => fitContext("tune", "mean", split, OPTIONS));
  assert.deepEqual([...seen[0].scores], [.1, .9, .2, .8]);
  assert.deepEqual([...seen[0].validation!.scores], [1, .4]);
  assert.equal(tuning.trials[0].score, .4, "it chose model 1, whose score is .4 and target .7");
  const outcome = decided(await runJob("mean", router, split, OPTIONS));
  assert.equal(outcome.choice[0], 1);
});

Deno.test("shuffled labels move targets with the scores", () => {
  const table = tableOf(
    ["a", "b", "c", "d"].map((id, i) => ({
      id,
      benchmark: "x",
      text: id,
      scores: [i / 10, 0],
      costs: [1, 1],
    })),
  );
  const aimed = { ...table, targets: table.scores.map((score) => score / 2) };
  const { all } = openSplit(embedded(aimed), splitOf(table, "ttve"), "shuffled-labels");
  assert.deepEqual([...all.targets!], [...all.scores].map((score) => score / 2));
});

Deno.test("held-out models: targets beyond the profile are kept from retraining too", () => {
  const table = tableOf(
    ["a", "b", "c", "d"].map((id) => ({
      id,
      benchmark: "x",
      text: id,
      scores: [1, 0],
      costs: [1, 1],
    })),
    { targets: new Float64Array(8).fill(.5) },
  );
  const split = openSplit(
    embedded(table),
    splitOf(table, "ttve", { heldOutModels: ["m1"], profile: { selection: "random", order: [1] } }),
  );
  assert.deepEqual([...split.retraining(1).all.targets!], [.5, NaN, .5, .5, .5, NaN]);
  assert.deepEqual([...forFit(split.profile(1)).scores], [.5]);
});

Deno.test("a run with targets equal to the scores decides as without; other targets change no reference row", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const run = async (target?: (score: number) => number) => {
      const records = demoRecords({ queries: 150 }).map((one) => ({
        ...one,
        ...(target && {
          target: Object.fromEntries(Object.entries(one.scores).map(([m, s]) => [m, target(s)])),
        }),
      }));
      const pool = await openPool(records, { name: "small" });
      return await bench(pool, { routers: ["knn"], seeds: 1, jobs: folder });
    };
    const [plain, same, inverse] = [await run(), await run((s) => s), await run((s) => 1 - s)];
    assert.deepEqual(same.row("knn").metrics, plain.row("knn").metrics);
    for (const id of ["best-single", "best-per-benchmark", "zero-router", "random"]) {
      assert.deepEqual(inverse.row(id).metrics, plain.row(id).metrics, id);
    }
    const { verified } = await inverse.save(`${folder}/results`);
    assert.equal(verified.depth, "full");
    assert.ok(inverse.row("knn").metrics.quality! < plain.row("knn").metrics.quality!);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
