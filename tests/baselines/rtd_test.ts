/** RTD over a tiny ICL-Router, and its read-out on plain query vectors. */
import assert from "node:assert/strict";
import raw from "../../baselines/variants/rtd_raw.ts";
import rtd from "../../baselines/variants/rtd.ts";
import * as hand from "../router/hand.ts";
import type { FittedRouter, PointPredictions, QueryBatch } from "../../src/router/contract.ts";
import { columnMeans } from "../../src/router/training.ts";
import { takeModels, takeQueries } from "../../src/router/conformance/fixture.ts";
import { trained } from "../../src/icl/fit.ts";
import { type RtdConfig, rtdRouter, type Values } from "../../src/icl/variants/rtd_router.ts";
import { fitTable, routerOf } from "../../src/icl/router.ts";
import { random } from "../../src/base/random.ts";
import { type Matrix, row } from "../../src/linalg/matrix.ts";
import { newModelStore } from "../../src/icl/variants/new_model_stores.ts";
import { frozenTable } from "../../src/icl/variants/rtd_bases.ts";
import { recordOf, solvedOf } from "../../src/icl/record.ts";
import {
  column,
  context,
  fresh,
  old,
  profilesOf,
  queries,
  test,
  TINY,
  training,
  VARIANT,
} from "../icl/tiny_router.ts";

const TRAIN = training(old), M = old.models.length, FIRST = old.models.length + 1;
const STORE_ALONE: RtdConfig = { k: 64, temperature: 1, heads: 1, mix: 1 };

async function fit(
  config: Partial<RtdConfig> = {},
  values: Values = "soft",
  stage: "tune" | "final" = "final",
): Promise<FittedRouter> {
  const router = rtdRouter({ name: "tiny", summary: "" }, frozenTable(VARIANT), values);
  return await router.fit(TRAIN, { ...STORE_ALONE, ...config }, context({ stage }));
}

async function qualities(
  fitted: FittedRouter,
  batch: QueryBatch = queries(),
): Promise<Float64Array> {
  return ((await fitted.predict(batch)) as PointPredictions).quality;
}

const usual = await fit(), network = await trained(TRAIN, VARIANT, context());

Deno.test("RTD: with λ = 0 it is ICL-Router, with ½ the mean of that and the store", async () => {
  const icl = await qualities(await routerOf(await fitTable(TRAIN, VARIANT, context())));
  const [head, half, store] = [await fit({ mix: 0 }), await fit({ mix: .5 }), usual];
  const [p, mixed, r] = [await qualities(head), await qualities(half), await qualities(store)];
  p.forEach((value, at) => assert.ok(Math.abs(value - icl[at]) < 1e-5));
  mixed.forEach((value, at) => assert.ok(Math.abs(value - (p[at] + r[at]) / 2) < 1e-12));
});

Deno.test("RTD: the store holds the training queries outside the records, no validation query", async () => {
  const rows = TRAIN.queries.ids.length - network.profile.length;
  assert.equal(
    usual.describe().parameters,
    network.parameters + M * rows * (TINY.network.width + 1),
  );
  assert.match(
    usual.describe().notes!.join("\n"),
    new RegExp(`stores of ${rows} to ${rows} states`),
  );
  // A stored query is its own nearest neighbour; one of a record is answered by others.
  const sharp = await fit({ k: 16, temperature: 0 });
  const own = await qualities(sharp, TRAIN.queries), inRecords = new Set(network.profile);
  const ids = new Set(Array.from(network.profile, (i) => network.rows.ids[i]));
  let different = 0;
  TRAIN.queries.ids.forEach((id, i) => {
    for (let m = 0; m < M; m++) {
      const same = own[i * M + m] === TRAIN.scores[i * M + m];
      if (ids.has(id)) different += Number(!same);
      else assert.ok(same, id);
    }
  });
  assert.ok(different > inRecords.size / 2, `${different} of ${inRecords.size * M}`);
});

Deno.test("RTD: soft values are scores, hard ones solved or not", async () => {
  const sharp = { k: 16, temperature: 0 } as const;
  const [soft, hard] = [await fit(sharp, "soft"), await fit(sharp, "hard")];
  const [s, z] = [await qualities(soft), await qualities(hard)];
  assert.ok(s.some((value) => value > 0 && value < 1), "graded scores");
  assert.ok(z.every((value) => value === 0 || value === 1));
});

Deno.test("RTD: one search for the whole grid gives what each configuration gives alone", async () => {
  for (const config of [{ k: 16, heads: 4, temperature: 10 }, { k: 256, heads: 1 }]) {
    assert.deepEqual(
      await qualities(await fit(config, "soft", "tune")),
      await qualities(await fit(config)),
    );
  }
  const one = await qualities(await fit({ heads: 1 })),
    four = await qualities(await fit({ heads: 4 }));
  assert.notDeepEqual(one, four);
});

Deno.test("RTD: a new model brings a store of its own labels; the old models stay byte for byte", async () => {
  const before = await qualities(usual), given = profilesOf(fresh, 40);
  const larger = await usual.withModels!(given), all = await qualities(larger);
  assert.deepEqual(larger.models, [...old.models, ...fresh.models].sort());
  old.models.forEach((id, m) =>
    assert.deepEqual(column(all, larger.models.indexOf(id), 5), column(before, m, M))
  );
  assert.deepEqual(await qualities(usual), before);
  const at = larger.models.indexOf(fresh.models[0]);
  const worse = { ...given, scores: given.scores.map((s, i) => i % 2 === 0 ? 0 : s) };
  const scores = column(await qualities(await usual.withModels!(worse)), at, 5);
  assert.ok(scores.every((value) => value === 0), "a model that solves nothing");
  const order = random(3).shuffle([...given.queries.ids.keys()]);
  const rows = takeQueries(fresh, order);
  const mixed = await qualities(await usual.withModels!(profilesOf(rows, 40)));
  assert.deepEqual(mixed, all, "whatever the order of its rows");
});

Deno.test("RTD: a new model's store does not say what its record was told: a label leaves its own state alone", async () => {
  const given = profilesOf(takeModels(fresh, [0]), 30);
  const keysOf = async (profiles: typeof given): Promise<Matrix> => {
    const { queries: { vectors }, scores, solvedFrom } = profiles;
    const data = { vectors, labels: solvedOf(scores, solvedFrom), models: 1 };
    const first = Array.from({ length: 20 }, (_, i) => i);
    const whole = await network.reader.encode(recordOf(data, first, 0));
    return (await newModelStore(network.reader, profiles, 0, 20, whole)).store.keys;
  };
  const before = await keysOf(given);
  assert.equal(before.rows, 30, "those beyond the record as well");
  for (const at of [0, 7, 19]) {
    const scores = given.scores.with(at, given.scores[at] >= given.solvedFrom[at] ? 0 : 1);
    const after = await keysOf({ ...given, scores });
    assert.deepEqual(row(after, at), row(before, at));
    const moved = [...scores.keys()].filter((i) => row(after, i).join() !== row(before, i).join());
    assert.ok(moved.length >= 15, `${moved.length} states read against that label`);
  }
});

Deno.test("RTD: a new record is read in the order of the records trained on, however its rows come", async () => {
  const ids = Array.from(network.profile, (i) => network.rows.ids[i]);
  const list = takeQueries(fresh, ids.map((id) => fresh.ids.indexOf(id)));
  const icl = await routerOf(await fitTable(TRAIN, VARIANT, context()));
  const expected = await qualities(await icl.withModels!(profilesOf(list, ids.length)));
  const mixed = takeQueries(list, random(4).shuffle([...ids.keys()]));
  const head = await (await fit({ mix: 0 })).withModels!(profilesOf(mixed, ids.length));
  (await qualities(head)).forEach((p, at) => assert.ok(Math.abs(p - expected[at]) < 1e-5));
});

Deno.test("RTD: of a new model with too few labels for a store the head speaks alone", async () => {
  const few = profilesOf(takeModels(fresh, [0]), 5);
  const [store, head] = [
    await usual.withModels!(few),
    await (await fit({ mix: 0 })).withModels!(few),
  ];
  const at = store.models.indexOf(fresh.models[0]);
  assert.deepEqual(
    column(await qualities(store), at, FIRST),
    column(await qualities(head), at, FIRST),
  );
  await assert.rejects(
    async () => await usual.withModels!(profilesOf(fresh, 3)),
    /3 labelled queries, a record needs at least 4/,
  );
});

Deno.test("RTD: its default configuration routes better than the best single model", async () => {
  const quality = await qualities(usual), truth = test.truth, all = test.models.length;
  const columns = old.models.map((id) => test.models.indexOf(id));
  const single = Math.max(
    ...columns.map((c) => columnMeans(truth, all)[c]),
  );
  let routed = 0;
  test.ids.forEach((_, i) => {
    const own = quality.subarray(i * M, (i + 1) * M);
    routed += truth[i * all + columns[own.indexOf(Math.max(...own))]] / test.ids.length;
  });
  const oracle = test.ids.reduce(
    (sum, _, i) => sum + Math.max(...columns.map((c) => truth[i * all + c])) / test.ids.length,
    0,
  );
  assert.ok(routed > single + (oracle - single) / 4, `${routed}, single ${single}`);
  assert.deepEqual([rtd.grid.length, rtd.effort, rtd.refit], [24, "minutes", "train"]);
});

Deno.test("RTD on raw vectors: exponential weights on squared distances, T from validation rows", async () => {
  // The validation query lies 1 from its second neighbour: T₀ = ¼.
  const validation = hand.training([[1, 1]], [[1, 0]]);
  const train = hand.training([[0, 0], [1, 0], [5, 5]], [[1, 0], [0, undefined], [0, 1]], {
    validation,
  });
  const fitted = await raw.fit(train, { k: 2, temperature: 2 }, hand.CONTEXT);
  const T = 2 * 2 / 4, w = Math.exp(-1 / T);
  hand.near(await hand.qualities(fitted, hand.batch([[0, 0]])), [[1 / (1 + w), 0]]);
  const fresh = hand.profiles(["a"], [[0, 0], [0, 2]], [[.5], [1]]);
  const larger = await fitted.withModels!(fresh), v = Math.exp(-4 / T);
  assert.deepEqual(larger.models, ["a", "m0", "m1"]);
  hand.near(await hand.qualities(larger, hand.batch([[0, 0]])), [
    [(.5 + v) / (1 + v), 1 / (1 + w), 0],
  ]);
});
