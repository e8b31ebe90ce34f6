import assert from "node:assert/strict";
import { CapabilityError, DataError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { matrix, takeRows } from "../../src/linalg/matrix.ts";
import type { FittedRouter, PointPredictions, QueryBatch } from "../../src/router/contract.ts";
import { takeModels, takeQueries } from "../../src/router/conformance/fixture.ts";
import { fitTable, iclRouter, type Reading, routerOf } from "../../src/icl/router.ts";
import type { Variant } from "../../src/icl/fit.ts";
import {
  column,
  context,
  fresh,
  old,
  profilesOf,
  queries,
  test,
  training,
  VARIANT,
} from "./tiny_router.ts";

async function fit(reading: Reading = "own", variant: Variant = {}): Promise<FittedRouter> {
  return await routerOf(
    await fitTable(training(old), { ...VARIANT, ...variant }, context(), reading),
  );
}

async function qualities(
  router: FittedRouter,
  batch: QueryBatch = queries(),
): Promise<Float64Array> {
  return ((await router.predict(batch)) as PointPredictions).quality;
}

const usual = await fit(), before = await qualities(usual), M = old.models.length;

Deno.test("predictions are probabilities, columns in the order of the training models", async () => {
  assert.deepEqual(usual.models, old.models);
  assert.equal(before.length, test.ids.length * M);
  assert.ok(before.every((p) => p > 0 && p < 1));
  const order = [2, 0, 1], mixed = takeModels(old, order);
  const router = await routerOf(await fitTable(training(mixed), VARIANT, context()));
  assert.deepEqual(router.models, order.map((m) => old.models[m]));
  const after = await qualities(router);
  order.forEach((m, j) => assert.deepEqual(column(after, j, M), column(before, m, M)));
});

Deno.test("new models join with no further training; the scores of the old stay byte for byte", async () => {
  const router = await usual.withModels!(profilesOf(fresh, 40)), all = await qualities(router);
  assert.deepEqual(router.models, [...old.models, ...fresh.models].toSorted());
  for (const [m, model] of old.models.entries()) {
    assert.deepEqual(column(all, router.models.indexOf(model), 5), column(before, m, M), model);
  }
  assert.ok(all.every((p) => p > 0 && p < 1));
  assert.deepEqual(await qualities(usual), before, "the smaller pool is as it was");
  // One new model at a time makes the same of each.
  for (const m of [0, 1]) {
    const one = await usual.withModels!(profilesOf(takeModels(fresh, [m]), 40));
    const alone = column(await qualities(one), one.models.indexOf(fresh.models[m]), M + 1);
    assert.deepEqual(alone, column(all, router.models.indexOf(fresh.models[m]), 5));
  }
  const twice = await (await usual.withModels!(profilesOf(takeModels(fresh, [0]), 40)))
    .withModels!(profilesOf(takeModels(fresh, [1]), 40));
  assert.deepEqual(await qualities(twice), all);
});

Deno.test("a new model is known by its record alone: labels of it, at most as many as trained with", async () => {
  const profiles = profilesOf(takeModels(fresh, [0]), 40),
    at = [...old.models, "birch"].sort().indexOf("birch");
  const scoresOf = async (of: typeof profiles): Promise<number[]> =>
    column(await qualities(await usual.withModels!(of)), at, M + 1);
  const own = await scoresOf(profiles);
  assert.deepEqual(profiles.models, ["birch"]);
  assert.deepEqual(
    await scoresOf({ ...profiles, models: ["birch"], costs: profiles.costs.map(() => 9) }),
    own,
  );
  // As in training: 20 queries, those of the trained list first and in its order, then by id.
  const { ids: list } = (await fitTable(training(old), VARIANT, context())).profile;
  const { ids } = profiles.queries, others = ids.filter((id) => !list.includes(id)).sort();
  const order = [...list.filter((id) => ids.includes(id)), ...others].map((id) => ids.indexOf(id));
  const flipped = profiles.scores.slice();
  flipped[order[3]] = flipped[order[3]] >= 0.5 ? 0 : 1;
  assert.notDeepEqual(await scoresOf({ ...profiles, scores: flipped }), own);
  const late = profiles.scores.slice();
  for (const i of order.slice(20)) late[i] = 0;
  assert.deepEqual(await scoresOf({ ...profiles, scores: late }), own);
  const holes = profiles.scores.map((s, i) => i % 2 === 0 ? NaN : s);
  const odd = Array.from({ length: 20 }, (_, i) => 2 * i + 1);
  const known = {
    ...profiles,
    queries: {
      ...profiles.queries,
      ids: odd.map((i) => profiles.queries.ids[i]),
      vectors: takeRows(profiles.queries.vectors, odd),
    },
    scores: Float64Array.from(odd, (i) => profiles.scores[i]),
    solvedFrom: Float64Array.from(odd, (i) => profiles.solvedFrom[i]),
  };
  assert.deepEqual(
    await scoresOf({ ...profiles, scores: holes }),
    await scoresOf(known),
    "holes are left out",
  );
});

Deno.test("a new model with fewer than four labels is refused by name", async () => {
  const profiles = profilesOf(fresh, 40), scores = profiles.scores.slice();
  for (let i = 3; i < 40; i++) scores[2 * i + 1] = NaN;
  await assert.rejects(
    async () => await usual.withModels!({ ...profiles, scores }),
    (error: Error) => {
      assert.ok(error instanceof CapabilityError);
      assert.equal(error.message, "elm: 3 labelled queries, a record needs at least 4");
      return true;
    },
  );
  scores[2 * 3 + 1] = 1;
  assert.equal((await usual.withModels!({ ...profiles, scores })).models.length, 5);
});

Deno.test("query vectors of another width are refused, both widths said", async () => {
  const narrow = { ...queries(), vectors: matrix(test.ids.length, 8) };
  const said = { name: "DataError", message: /width 8; .* width 32/ };
  await assert.rejects(async () => await usual.predict(narrow), said);
  const profiles = profilesOf(fresh, 40);
  const cut = { ...profiles, queries: { ...profiles.queries, vectors: matrix(40, 8) } };
  await assert.rejects(async () => await usual.withModels!(cut), said);
  await assert.rejects(async () => await usual.predict(narrow), DataError);
});

Deno.test("queries one by one, in another order, at the same time: the same predictions", async () => {
  const order = random(5).shuffle([...test.ids.keys()]);
  const mixed = await qualities(usual, queries(takeQueries(test, order)));
  order.forEach((i, at) => {
    for (let m = 0; m < M; m++) {
      assert.ok(Math.abs(mixed[at * M + m] - before[i * M + m]) < 1e-6, test.ids[i]);
    }
  });
  const parts = [0, 1, 2].map((part) => [...test.ids.keys()].filter((i) => i % 3 === part));
  const batches = parts.map((rows) => queries(takeQueries(test, rows)));
  const together = await Promise.all(batches.map((batch) => qualities(usual, batch)));
  for (const [p, batch] of batches.entries()) {
    assert.deepEqual(together[p], await qualities(usual, batch), "as if nobody else asked");
  }
});

Deno.test("controls: shuffled and foreign records are read as such, names take in no new models", async () => {
  const shuffled = await qualities(await fit("shuffled")),
    another = await qualities(await fit("another"));
  assert.notDeepEqual(shuffled, before);
  for (let m = 0; m < M; m++) {
    assert.deepEqual(column(another, m, M), column(before, (m + 1) % M, M));
  }
  const { labels: own } = await fitTable(training(old), VARIANT, context());
  const { labels } = await fitTable(training(old), VARIANT, context(), "shuffled");
  assert.notDeepEqual(labels, own);
  for (let m = 0; m < M; m++) {
    assert.deepEqual(
      column(labels, m, M).toSorted(),
      column(own, m, M).toSorted(),
      "as many solved",
    );
  }
  const named = await fit("own", { identity: true });
  assert.equal(named.withModels, undefined);
  assert.equal((await qualities(named)).length, before.length);
});

Deno.test("without validation rows it fits, uncalibrated, and says so", async () => {
  const some = takeQueries(old, [...old.ids.keys()].filter((i) => !old.validation[i]));
  const router = await routerOf(await fitTable(training(some), VARIANT, context()));
  const { notes = [], parameters } = router.describe();
  assert.match(notes.join("\n"), /Platt scaling: none, there are no validation outcomes/);
  assert.ok(parameters > 1000);
  assert.match(
    usual.describe().notes!.join("\n"),
    /^preset small; 20 profile queries[^]*stage 1: \d[^]*stage 2: \d/,
  );
});

Deno.test("as a router of the harness it keeps validation rows apart and has one configuration", async () => {
  const router = iclRouter("name", "summary", VARIANT);
  assert.deepEqual(router.grid, [VARIANT]);
  assert.deepEqual([router.refit, router.unseen, router.effort], [
    "train",
    "zero-update",
    "minutes",
  ]);
  assert.equal(iclRouter("name", "summary", { identity: true }).unseen, undefined);
  const fitted = await router.fit(training(old), VARIANT, context());
  assert.deepEqual(await qualities(fitted), before);
});
