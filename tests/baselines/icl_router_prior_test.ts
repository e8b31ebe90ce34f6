/** ICL-Router (prior-fitted) on records whose answer is plain. */
import assert from "node:assert/strict";
import router from "../../baselines/icl_router_prior.ts";
import { icl_prior_swapped } from "../../baselines/variants/icl_router_prior.ts";
import type { FittedRouter } from "../../src/router/contract.ts";
import { batch, type Cells, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";

/** Two groups of queries, around (1, 0) and (0, 1); both known models are right on half of each. */
const STORE = Array.from({ length: 16 }, (_, i) => i < 8 ? [1, i / 128] : [i / 128, 1]);
const TRAIN = training(STORE, STORE.map((_, i) => [i % 2, (i + 1) % 2]));
const ASKED = { ids: ["x0", "x1"], texts: ["x0", "x1"] };
const QUERIES = batch([[1, 0], [0, 1]], { name: "asked", ...ASKED });
/** Ids of as many new models as a record has columns. */
const fresh = (scores: Cells): string[] => scores[0].map((_, m) => `new ${m}`);

const pool: FittedRouter = await router.fit(TRAIN, { trust: 1 }, CONTEXT);
/** P(right) on both queries, of new models with these records on the first queries of the store. */
async function read(scores: Cells, store = STORE.slice(0, scores.length)): Promise<number[][]> {
  const fitted = await pool.withModels!(profiles(fresh(scores), store, scores));
  const at = fitted.models.flatMap((model, m) => TRAIN.models.includes(model) ? [] : [m]);
  return (await qualities(fitted, QUERIES)).map((row) => at.map((m) => row[m]));
}

Deno.test("prior-fitted: without a label a model is as good as the pool around the query, and all are alike", async () => {
  for (const [a, b] of await read([[undefined, undefined], [undefined, undefined]])) {
    assert.equal(a, b);
    assert.ok(a > 0.25 && a < 0.75, `${a}, where the known models are right on half`);
  }
});

Deno.test("prior-fitted: all right is above all wrong, and the more so the longer the record", async () => {
  const record = (n: number): Cells => Array.from({ length: n }, () => [1, 0]);
  const gaps: number[] = [];
  for (const n of [1, 4, 16]) {
    const [[right, wrong]] = await read(record(n));
    gaps.push(right - wrong);
  }
  assert.ok(gaps[0] > 0 && gaps[1] > gaps[0] && gaps[2] > gaps[1], gaps.join());
});

Deno.test("prior-fitted: a model that is right on one side only is trusted there", async () => {
  const [[first, second], [other, same]] = await read(STORE.map((_, i) => i < 8 ? [1, 0] : [0, 1]));
  assert.ok(first > second && same > other, `${[first, second, other, same]}`);
});

Deno.test("prior-fitted: the order of a record's rows does not matter, to the last bit", async () => {
  const scores: Cells = STORE.map((_, i) => [Number(i % 3 === 0), Number(i > 4)]);
  const order = STORE.map((_, i) => (7 * i + 3) % 16);
  const ids = (at: readonly number[]): string[] => at.map((i) => `q${i}`);
  const of = async (at: readonly number[]): Promise<Float64Array> => {
    const profile = profiles(fresh(scores), at.map((i) => STORE[i]), at.map((i) => scores[i]));
    const fitted = await pool.withModels!({
      ...profile,
      queries: { ...profile.queries, ids: ids(at) },
    });
    return (await fitted.predict(QUERIES) as { quality: Float64Array }).quality;
  };
  assert.deepEqual(await of(order), await of(STORE.map((_, i) => i)));
});

Deno.test("prior-fitted: turning all vectors changes nothing but rounding", async () => {
  const turned = ([x, y]: readonly number[]): number[] => [-y, 0, x];
  const other = await router.fit(
    training(STORE.map(turned), STORE.map((_, i) => [i % 2, (i + 1) % 2])),
    { trust: 1 },
    CONTEXT,
  );
  const there = await qualities(
    other,
    batch([[1, 0], [0, 1]].map(turned), { name: "turned", ...ASKED }),
  );
  const here = await qualities(pool, QUERIES);
  here.forEach((row, i) => row.forEach((p, m) => assert.ok(Math.abs(p - there[i][m]) < 1e-5)));
});

Deno.test("prior-fitted: a text that the weights were trained on is refused, however it is spaced", async () => {
  const seen = batch([[1, 0]], { name: "seen", ids: ["x0"], texts: ["What is on  my to do list"] });
  await assert.rejects(
    async () => await pool.predict(seen),
    { name: "CapabilityError", message: /"x0" is among the texts .*clinc150/ },
  );
});

Deno.test("control: with swapped records the model that is wrong everywhere is taken for the other", async () => {
  const good = training(STORE, STORE.map(() => [1, 0]));
  const [[right, wrong]] = await qualities(await router.fit(good, { trust: 1 }, CONTEXT), QUERIES);
  const [[first, second]] = await qualities(
    await icl_prior_swapped.fit(training(STORE, STORE.map(() => [1, 0])), { trust: 1 }, CONTEXT),
    QUERIES,
  );
  assert.ok(right > wrong);
  near([[first, second]], [[wrong, right]]);
});

Deno.test("prior-fitted: trust 0 is the mean score, 1/2 lies halfway", async () => {
  const uneven = training(STORE, STORE.map((_, i) => [Number(i < 12), Number(i === 0)]));
  const [none, half, full] = await Promise.all(
    [0, 0.5, 1].map(async (trust) =>
      await qualities(await router.fit(uneven, { trust }, CONTEXT), QUERIES)
    ),
  );
  near(none, [[12 / 16, 1 / 16], [12 / 16, 1 / 16]]);
  near(half, full.map((row, i) => row.map((p, m) => (p + none[i][m]) / 2)));
});
