/** A job, worked out by hand: its columns, what its fits are given, and what cannot be run. */
import assert from "node:assert/strict";
import { runJob, whyNot } from "../../src/run/job.ts";
import { openSplit } from "../../src/run/open_split.ts";
import { lambdaGrid } from "../../src/router/decide.ts";
import type { Need, QueryBatch, Router } from "../../src/router/contract.ts";
import { random } from "../../src/base/random.ts";
import { tableOf } from "../splits/tables.ts";
import {
  type Call,
  column,
  decided,
  embedded,
  gaps,
  obeying,
  OPTIONS,
  type Rule,
  ruled,
  splitOf,
  topicRows,
} from "./scene.ts";

function scene(costs?: (number | undefined)[]) {
  const table = tableOf(topicRows("ABC", costs));
  return openSplit(embedded(table), splitOf(table, "eeetttvvv"));
}

/** Best at λ = 0: A to m0, B and C to m1; see the tuning tests. */
const ACCURATE = gaps(-.1, .5, .2);
/** Best Area: all to m1 at λ = 0, then A, B, C give way at λ = .05, .2, .5. */
const THRIFTY = gaps(.05, .2, .5);
const CHEAP = gaps(-1, -1, -1);

Deno.test("runJob: headline by score, default untuned, curve by Area, call shares by the headline", async () => {
  const outcome = decided(await runJob("r", ruled([CHEAP, ACCURATE, THRIFTY]), scene(), OPTIONS));
  assert.deepEqual([outcome.tuning.score, outcome.tuning.area], [1, 2]);
  assert.deepEqual(outcome.models, ["m0", "m1"]);
  assert.deepEqual(outcome.card, { notes: [], parameters: 7 });
  assert.deepEqual([...outcome.predicted!], [0, -.1, 0, .5, 0, .2]);

  const kinds = outcome.columns.map(({ kind }) => kind);
  assert.deepEqual(kinds, [
    "headline",
    "default",
    ...Array(65).fill("curve"),
    ...Array(11).fill("calls"),
  ]);
  assert.deepEqual(column(outcome, 0), [0, 1, 1]);
  assert.deepEqual(column(outcome, 1), [0, 0, 0]);

  // c̃ = 0 and 1, so a topic stays with m1 while λ is below its gap.
  const grid = lambdaGrid({ models: ["m0", "m1"], meanCosts: Float64Array.of(1, 3) });
  grid.forEach((lambda, i) => {
    const at = outcome.columns[2 + i].at;
    assert.equal(at, lambda === Infinity ? "Infinity" : lambda);
    assert.deepEqual(column(outcome, 2 + i), [.05, .2, .5].map((gap) => Number(lambda < gap)));
  });

  // m1 is stronger by training mean; it is preferred for B, then C, then A. The quantile 1 − p lies at 2·(1 − p)
  // among three: above the second of them for p < .5, above the first for p < 1.
  const calls = outcome.columns.flatMap(({ kind, at }, p) =>
    kind === "calls" ? [[at, column(outcome, p).join("")]] : []
  );
  assert.deepEqual(calls, [
    [0, "000"],
    [.1, "010"],
    [.2, "010"],
    [.3, "010"],
    [.4, "010"],
    [.5, "011"],
    [.6, "011"],
    [.7, "011"],
    [.8, "011"],
    [.9, "011"],
    [1, "111"],
  ]);
});

Deno.test("runJob: equal preferences are called together or not at all", async () => {
  const almost = gaps(.3, .1 + .2, .1 + .1 + .1); // .3, .30000000000000004 and the same
  const outcome = decided(await runJob("r", ruled([almost]), scene(), OPTIONS));
  const calls = outcome.columns.flatMap(({ kind }, p) =>
    kind === "calls" ? [column(outcome, p)] : []
  );
  assert.deepEqual(calls.slice(0, 3), [[0, 0, 0], [1, 1, 1], [1, 1, 1]]);
});

Deno.test("runJob without costs: no curve, no Area; a single configuration has no default column", async () => {
  const split = scene([undefined, undefined]);
  const outcome = decided(await runJob("r", ruled([CHEAP, ACCURATE]), split, OPTIONS));
  assert.deepEqual(outcome.columns.map(({ kind }) => kind), [
    "headline",
    "default",
    ...Array(11).fill("calls"),
  ]);
  assert.equal(outcome.tuning.area, undefined);
  const plain = decided(await runJob("r", ruled([ACCURATE]), split, OPTIONS));
  assert.deepEqual(plain.columns[1].kind, "calls");
});

Deno.test("runJob: more than two models have no call shares", async () => {
  const table = tableOf(["e0", "t0", "v0"].map((id) => ({ id, text: "A", scores: [0, 1, 0] })));
  const split = openSplit(embedded(table), splitOf(table, "etv"));
  const outcome = decided(await runJob("r", ruled([{ A: [0, .3, .2] }]), split, OPTIONS));
  assert.deepEqual(outcome.columns, [{ kind: "headline" }]);
  assert.deepEqual([...outcome.choice], [1]);
});

Deno.test("runJob: a dial takes the place of λ, and of call shares", async () => {
  const fit: Router<Rule>["fit"] = ({ models }, rule) => ({
    ...obeying(models, rule),
    dial: {
      name: "α",
      values: [1, .5, 0],
      predict: (batch: QueryBatch, at: number) => ({
        quality: Float64Array.from(batch.texts.flatMap(() => [0, at - .4])),
      }),
    },
  });
  const outcome = decided(await runJob("r", ruled([ACCURATE], { fit }), scene(), OPTIONS));
  assert.deepEqual(outcome.columns, [
    { kind: "headline" },
    { kind: "curve", at: 1 },
    { kind: "curve", at: .5 },
    { kind: "curve", at: 0 },
  ]);
  assert.deepEqual([...outcome.choice], [0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0]);
});

Deno.test("runJob: a mixture keeps its weights and decides nothing", async () => {
  const mixtures = [Float64Array.of(.5, .5), Float64Array.of(1, 0)];
  const fit: Router<Rule>["fit"] = ({ models }) => ({
    models,
    predict: () => ({ mixtures }),
    describe: () => ({ parameters: 2 }),
  });
  const outcome = decided(
    await runJob("r", ruled([{}], { fit, reference: true }), scene(), OPTIONS),
  );
  assert.deepEqual(outcome.columns, [{ kind: "headline" }, { kind: "curve", at: 0 }, {
    kind: "curve",
    at: 1,
  }]);
  assert.deepEqual(outcome.mixtures, [[.5, .5], [.5, .5], [1, 0]]);
  assert.equal(outcome.choice.length, 0);
  assert.deepEqual(outcome.tuning, { score: 0, trials: [] });
});

Deno.test("runJob: the last fits get training and validation rows, once per configuration", async () => {
  const calls: Call[] = [];
  await runJob("r", ruled([CHEAP, ACCURATE, THRIFTY], {}, calls), scene(), OPTIONS);
  const final = calls.filter(({ context }) => context.stage === "final");
  assert.deepEqual(final.map(({ config }) => config), [ACCURATE, CHEAP, THRIFTY]);
  for (const { train } of final) {
    assert.deepEqual(train.queries.ids, ["tA", "tB", "tC", "vA", "vB", "vC"]);
    assert.equal(train.validation, undefined);
    assert.deepEqual([...train.scores], [0, 1, 0, 1, 0, 0, 1, .4, 0, .6, 0, .9]);
    assert.deepEqual([...train.meanCosts], [1, 3]);
  }
});

Deno.test("runJob: a router may keep validation rows apart to the end", async () => {
  const calls: Call[] = [];
  await runJob("r", ruled([CHEAP, ACCURATE], { refit: "train" }, calls), scene(), OPTIONS);
  for (const { train } of calls) {
    assert.deepEqual(train.queries.ids, ["tA", "tB", "tC"]);
    assert.deepEqual(train.validation!.queries.ids, ["vA", "vB", "vC"]);
  }
});

Deno.test("runJob: randomness depends on seed, fold and router id, not on stage or order", async () => {
  const draws = async (id: string, seed: number, fold: number): Promise<number[]> => {
    const seen: number[] = [];
    const fit: Router<Rule>["fit"] = ({ models }, rule, context) => {
      seen.push(context.random.next());
      assert.equal(context.seed, seed);
      return obeying(models, rule);
    };
    const table = tableOf(topicRows("ABC"));
    const split = openSplit(embedded(table), splitOf(table, "eeetttvvv", { seed, fold }));
    await runJob(id, ruled([CHEAP, ACCURATE], { fit }), split, OPTIONS);
    return [...new Set(seen)];
  };
  const expected = random(42, "router", "r", 0).next();
  assert.deepEqual(await draws("r", 42, 0), [expected]);
  for (const [id, seed, fold] of [["s", 42, 0], ["r", 43, 0], ["r", 42, 1]] as const) {
    assert.notEqual((await draws(id, seed, fold))[0], expected, `${id} ${seed} ${fold}`);
  }
});

Deno.test("whyNot names what is missing, and how much", async () => {
  const needing = (...needs: Need[]) => ruled([CHEAP], { needs });
  const reason = (router: Router, costs?: (number | undefined)[]) => {
    const split = scene(costs);
    return whyNot(router, split.all, split);
  };
  assert.equal(reason(needing("cost", "benchmark")), undefined);
  assert.equal(reason(needing("cost"), [1, undefined]), "needs costs; 1 of 2 models have none");
  assert.equal(
    reason(needing("truth")),
    "needs the true probabilities of synthetic data",
  );
  const table = tableOf(
    topicRows("ABC").map((r, i) => i === 0 ? { ...r, costs: [1, undefined] } : r),
  );
  const holed = openSplit(embedded(table), splitOf(table, "eeetttvvv"));
  assert.equal(holed.priced, false);
  assert.equal(
    whyNot(needing("cost"), holed.all, holed),
    "needs costs; some queries have none",
  );
  const calls: Call[] = [];
  const refused = await runJob("r", ruled([CHEAP], { needs: ["cost"] }, calls), holed, OPTIONS);
  assert.deepEqual(refused, {
    status: "not applicable",
    reason: "needs costs; some queries have none",
  });
  assert.equal(calls.length, 0);
});

Deno.test("runJob: a model without a prediction is not chosen", async () => {
  const outcome = decided(
    await runJob("r", ruled([{ A: [NaN, -1], B: [.2, NaN], C: [NaN, .1] }]), scene(), OPTIONS),
  );
  assert.deepEqual(column(outcome, 0), [1, 0, 1]);
});

Deno.test("runJob hands out bare test queries: texts and vectors, with a memo of their own", async () => {
  const seen: QueryBatch[] = [];
  const fit: Router<Rule>["fit"] = ({ models }, rule) => ({
    ...obeying(models, rule),
    predict: (batch) => {
      seen.push(batch);
      return obeying(models, rule).predict(batch);
    },
  });
  await runJob("r", ruled([CHEAP], { fit }), scene(), OPTIONS);
  const test = seen.filter(({ ids }) => ids.includes("eA"));
  assert.ok(test.length > 0);
  for (const batch of test) {
    assert.deepEqual(Object.keys(batch).sort(), ["ids", "memo", "texts", "vectors"]);
    assert.deepEqual(batch.ids, ["eA", "eB", "eC"]);
  }
  assert.equal(test[0].memo.id, "test");
});
