/** What a new model adds, held against numbers worked out by hand. */
import assert from "node:assert/strict";
import { addModel, openPool, queriesToLabel } from "../../src/mod.ts";
import { CapabilityError, DataError, UsageError } from "../../src/base/errors.ts";
import { demoRecords } from "../../datasets/demo/generate.ts";
import { labelFolds, newModelSplit } from "../../src/new_model/folds.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";
import { columnMeans } from "../../src/router/training.ts";
import type { FittedRouter, Router } from "../../src/router/contract.ts";
import { makeSplits } from "../../src/splits/make.ts";

const WORDS = ["apple", "boat", "candle", "dog", "engine", "fern", "goat", "hat", "inn", "jar"];

/** `odd` is right on every second query, `third` on every third, `sure` on all, for 2 cents. */
const records: OutcomeRecord[] = Array.from({ length: 100 }, (_, i) => ({
  id: `q${String(i).padStart(2, "0")}`,
  benchmark: i < 50 ? "first" : "second",
  query: `${WORDS[i % 10]} ${WORDS[i * 7 % 9]} ${i} ${WORDS[i * 3 % 8]} number ${i * i}`,
  scores: { odd: i % 2, third: Number(i % 3 === 0), sure: 1 },
  costs: { odd: 0.01, third: 0.01, sure: 0.02 },
}));
const pool = await openPool(records, { name: "three" });

/** Predicts every model's mean score, of a new one that of its labels. */
const mean: Router = {
  name: "mean score",
  summary: "mean scores",
  source: "folklore",
  grid: [{}],
  unseen: "zero-update",
  unseenGrid: [{}],
  fit: ({ models, scores }) => meansOf(models, columnMeans(scores, models.length)),
};

function meansOf(models: readonly string[], means: Float64Array): FittedRouter {
  const M = models.length;
  return {
    models,
    predict: ({ ids }) => ({
      quality: new Float64Array(ids.length * M).map((_, at) => means[at % M]),
    }),
    withModels: (profiles) => {
      const all = [...models, ...profiles.models].sort();
      const fresh = columnMeans(profiles.scores, profiles.models.length);
      const of = (model: string): number =>
        models.includes(model)
          ? means[models.indexOf(model)]
          : fresh[profiles.models.indexOf(model)];
      return meansOf(all, Float64Array.from(all, of));
    },
    describe: () => ({ parameters: M }),
  };
}

/** Mean over some ids of 1 less the score of `odd`: what `sure` adds to a router that asks the best on average. */
function gainOn(ids: readonly string[]): number {
  return ids.reduce((sum, id) => sum + 1 - records.find((r) => r.id === id)!.scores.odd, 0) /
    ids.length;
}

const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-12, `${a} is not ${b}`);

Deno.test("a model that is always right, played as new: gain, record, cost and shares by hand", async () => {
  const { facts } = await addModel(pool, { holdOut: "sure", n: 40, routers: [mean] });
  const ids = queriesToLabel(pool, { n: 40 });
  const { roles } = makeSplits(pool.table, pool.dataset.groups, "id", [42])[0];
  const test = pool.table.ids.filter((_, row) => roles[row] === "e");
  assert.deepEqual(facts.gains.map(({ labels }) => labels), [16, 32, 40]);
  for (const { labels, dollars, inside, test: gain } of facts.gains) {
    near(gain!.mean, gainOn(test));
    near(inside!.mean, gainOn(ids.slice(0, labels)));
    near(dollars!, 0.02 * labels);
    assert.ok(inside!.low! < inside!.mean && inside!.mean < inside!.high!);
  }
  const [all, first, second] = facts.record,
    half = (label: string) => ids.filter((id) => (id < "q50") === (label === "first"));
  assert.deepEqual([all.label, all.labels, all.score, all.best.model], ["all", 40, 1, "odd"]);
  near(all.best.score, 1 - gainOn(ids));
  assert.deepEqual([first.label, first.labels], ["first", half("first").length]);
  assert.deepEqual([second.label, second.labels], ["second", half("second").length]);
  assert.deepEqual(facts.sent.map(({ label, shares }) => [label, shares[0]]), [
    ["all", 1],
    ["first", 1],
    ["second", 1],
  ]);
  assert.equal(facts.sent[0].queries, test.length);
});

Deno.test("the interval inside the labels shrinks as more are there", async () => {
  const { facts: { gains } } = await addModel(pool, { holdOut: "sure", n: 64, routers: [mean] });
  const widths = gains.map(({ inside }) => inside!.high! - inside!.low!);
  assert.equal(widths.length, 3);
  assert.ok(widths[0] > widths[1] && widths[1] > widths[2], String(widths));
});

Deno.test("a model that is never asked adds nothing", async () => {
  const worse = records.map((record) => ({ ...record, scores: { ...record.scores, sure: 0 } }));
  const never = await openPool(worse, { name: "three" });
  const report = await addModel(never, { holdOut: "sure", n: 16, routers: [mean] });
  assert.deepEqual(report.facts.sent.map(({ shares: [share] }) => share), [0, 0, 0]);
  assert.deepEqual([report.facts.gains[0].inside!.mean, report.facts.gains[0].test!.mean], [0, 0]);
  assert.match(String(report), /mean_score +16 +0\.320 +no difference +– +no difference/);
});

Deno.test("graded answers in records tell inside their labels what the held-out model told there, and nothing of the test", async () => {
  const part = demoRecords({ queries: 240 }), [first] = part, played = Object.keys(first.scores)[3];
  const whole = await openPool(part, { name: "part" }), routers = ["knn", mean];
  const bare = part.map(({ tokens: _, ...record }) => record).map(
    ({ scores: { [played]: _, ...scores }, costs, ...record }) => {
      const { [played]: __, ...others } = costs!;
      return { ...record, scores, costs: others };
    },
  );
  const ids = new Set(queriesToLabel(whole, { n: 40 }));
  const answers = part.filter(({ id }) => ids.has(id)).map((
    { id, benchmark, query, scores, costs },
  ) => ({
    ...{ id, benchmark, query },
    scores: { [played]: scores[played] },
    costs: { [played]: costs![played] },
  }));
  const alien = { ...answers[0], id: "elsewhere" };
  const lesser = await openPool(bare, { name: "part" });
  assert.deepEqual(queriesToLabel(lesser, { n: 40 }), [...ids]);
  const { facts: held } = await addModel(whole, { holdOut: played, n: 40, routers });
  const report = await addModel(lesser, { records: [...answers, alien], n: 40, routers }),
    { facts } = report;
  assert.deepEqual(facts.gains, held.gains.map(({ test: _test, ...gain }) => gain));
  assert.deepEqual([facts.record, facts.sent, facts.model], [held.record, held.sent, played]);
  assert.equal(facts.gains.every((gain) => !("test" in gain)), true);
  assert.match(facts.notes.join(), /1 records without an answer of .* were left out/);
  assert.match(String(report), /No test outcome of .* is known/);
});

Deno.test("folds: every label is tested once, by the labels of the others, and no test query takes part", () => {
  const { table, dataset: { groups } } = pool;
  const split = newModelSplit(table, groups, "sure", { n: 30, seed: 7, selection: "random" });
  const folds = labelFolds(split, groups), tested = folds.map(({ roles }) => rowsOf(roles, "e"));
  assert.deepEqual(
    tested.flat().sort((a, b) => a - b),
    split.profile!.order.toSorted((a, b) => a - b),
  );
  assert.deepEqual(tested.map(({ length }) => length), [6, 6, 6, 6, 6]);
  for (const [k, { roles, profile }] of folds.entries()) {
    assert.equal(profile!.order.length, 24);
    assert.ok(profile!.order.every((row) => !tested[k].includes(row) && "tv".includes(roles[row])));
    assert.ok(rowsOf(split.roles, "e").every((row) => roles[row] === "d"));
  }
});

Deno.test("what is new must be clear, and its answers must be of the pool's queries", async () => {
  const answers = records.slice(0, 20).map((record) => ({ ...record, scores: { fresh: 1 } }));
  const wrong: [Parameters<typeof addModel>[1], RegExp, new () => Error][] = [
    [{}, /one of the two/, UsageError],
    [{ holdOut: "sure", records: answers }, /one of the two/, UsageError],
    [{ holdOut: "sur" }, /three\/all has no model "sur"/, UsageError],
    [{ records: records }, /no model that the pool does not know/, UsageError],
    [{ records: records, model: "odd" }, /knows "odd" already/, UsageError],
    [
      { records: answers.map((r) => ({ ...r, scores: { fresh: 1, other: 0 } })) },
      /name it: fresh, other/,
      UsageError,
    ],
    [
      { records: answers.slice(0, 9) },
      /9 graded answers of fresh .* expected 10 or more/,
      DataError,
    ],
    [
      { records: answers.map((r) => ({ ...r, query: "?" })) },
      /query "q00" has another text/,
      DataError,
    ],
    [
      { holdOut: "sure", routers: [{ ...mean, name: "stiff", unseen: undefined }] },
      /stiff: cannot take in a model/,
      CapabilityError,
    ],
  ];
  for (const [options, message, kind] of wrong) {
    await assert.rejects(addModel(pool, options), (error: Error) => {
      assert.ok(error instanceof kind, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
});

function rowsOf(roles: string, role: string): number[] {
  return [...roles].flatMap((each, row) => each === role ? [row] : []);
}
