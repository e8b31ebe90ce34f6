/** Tuning: what is tried, on which rows, and what is picked, worked out by hand. */
import assert from "node:assert/strict";
import { tune, type Tuning } from "../../src/run/tune.ts";
import { fitContext } from "../../src/run/job.ts";
import { openSplit } from "../../src/run/open_split.ts";
import type { PointPredictions, QueryBatch, Router } from "../../src/router/contract.ts";
import { tableOf } from "../splits/tables.ts";
import {
  type Call,
  embedded,
  gaps,
  obeying,
  OPTIONS,
  type Rule,
  ruled,
  splitOf,
  topicRows,
} from "./scene.ts";

/**
 * Three topics; m0 costs 1 dollar, m1 3. On the validation rows of the topics A, B, C m0 scores 1, 0, 0
 * and m1 .4, .6, .9. Training rows make m1 the best single model, with 3.9/6 over both parts.
 */
function scene(costs: (number | undefined)[] = [1, 3]) {
  const table = tableOf(topicRows("A", costs));
  return openSplit(embedded(table), splitOf(table, "etttvvv"));
}

/** λ = 0: A to m0, B and C to m1: 2.5/3 at 7/3. Then C gives way first. */
const ACCURATE = gaps(-.1, .5, .2);
/** λ = 0: all to m1: 1.9/3 at 3. Then A gives way (2.5/3 at 7/3), then B (1.9/3 at 5/3), then C. */
const THRIFTY = gaps(.05, .2, .5);
/** All to m0 at every λ: 1/3 at 1. */
const CHEAP = gaps(-1, -1, -1);

const run = (router: Router, split = scene()): Promise<Tuning> =>
  tune(router, split, () => fitContext("tune", "ruled", split, OPTIONS));

Deno.test("tune picks by validation score and, apart from it, by validation Area", async () => {
  const { score, area, trials } = await run(ruled([CHEAP, ACCURATE, THRIFTY]));
  assert.equal(score, 1);
  assert.equal(area, 2);
  // Area: flat up to the cheapest point and from the dearest on, trapezoids between, over [0, 3] / 3.
  const expected = [
    { score: 1 / 3, area: 1 / 3 },
    {
      score: 2.5 / 3,
      area: (1 / 3 + (1 + 1.6) / 6 * 2 / 3 + (1.6 + 2.5) / 6 * 2 / 3 + 2.5 / 3 * 2 / 3) / 3,
    },
    {
      score: 1.9 / 3,
      area: (1 / 3 + (1 + 1.9) / 6 * 2 / 3 + (1.9 + 2.5) / 6 * 2 / 3 + 2.5 / 3 * 2 / 3) / 3,
    },
  ];
  assert.equal(trials.length, 3);
  trials.forEach((trial, i) => {
    assert.ok(Math.abs(trial.score - expected[i].score) < 1e-12, `score ${i}: ${trial.score}`);
    assert.ok(Math.abs(trial.area! - expected[i].area) < 1e-12, `area ${i}: ${trial.area}`);
  });
});

Deno.test("tune gives ties to the earlier configuration", async () => {
  const twice = await run(ruled([THRIFTY, ACCURATE, CHEAP, ACCURATE, THRIFTY]));
  assert.equal(twice.score, 1);
  assert.equal(twice.area, 0);
});

Deno.test("tune sees training rows to fit and validation rows to judge, nothing else", async () => {
  const calls: Call[] = [];
  await run(ruled([CHEAP, ACCURATE], {}, calls));
  assert.deepEqual(calls.map(({ config }) => config), [CHEAP, ACCURATE]);
  for (const { train, context } of calls) {
    assert.deepEqual(train.queries.ids, ["tA", "tB", "tC"]);
    assert.deepEqual(train.validation!.queries.ids, ["vA", "vB", "vC"]);
    assert.equal(context.stage, "tune");
  }
});

Deno.test("tune: every fit starts from the same randomness", async () => {
  const draws: number[] = [];
  const fit: Router<Rule>["fit"] = ({ models }, rule, { random }) => {
    draws.push(random.next());
    return obeying(models, rule);
  };
  await run(ruled([CHEAP, ACCURATE], { fit }));
  assert.equal(draws.length, 2);
  assert.equal(draws[0], draws[1]);
});

Deno.test("tune: operating points are places on the curve of the Area's choice", async () => {
  const { operating } = await run(ruled([CHEAP, ACCURATE, THRIFTY]));
  // The finite λ are 10^(−3 + 4i/62) at place i + 1. λ > .2 from i = 36 on: 1.9/3, as m1 alone, at 5/3,
  // the cheapest such point. λ > .5 from i = 42 on: the only points at most half as dear as m1.
  assert.deepEqual(operating, { sameQuality: 37, halfCost: 43 });
});

Deno.test("tune: the best single model of the operating points is that of training and validation rows", async () => {
  const row = (id: string, ...scores: number[]) => ({ id, text: id[1], scores, costs: [1, 3] });
  const table = tableOf([
    ...["tA", "tB", "tC"].map((id) => row(id, 1, 0)),
    row("vA", 1, .4),
    row("vB", 0, .6),
    row("vC", 0, .9),
  ]);
  const split = openSplit(embedded(table), splitOf(table, "tttvvv"));
  // m0, with 1/3 at 1 on the validation rows, although m1 has 1.9/3 there; nothing costs half of it.
  const { operating } = await run(ruled([THRIFTY]), split);
  assert.deepEqual(operating, { sameQuality: 43, halfCost: 43 });
});

Deno.test("tune: where no point keeps the quality or halves the cost, the nearest thing", async () => {
  // CHEAP's curve is one point, 1/3 at 1, at all 65 places: below m1's 1.9/3, and cheap enough.
  assert.deepEqual((await run(ruled([CHEAP]))).operating, { sameQuality: 0, halfCost: 0 });
  // A dial with two dear points: 1.9/3 at 3 and 2.5/3 at 7/3.
  const dial = (rule: Rule, models: readonly string[]) => ({
    ...obeying(models, rule),
    dial: {
      name: "α",
      values: [1, 0],
      predict: (batch: QueryBatch, at: number) =>
        obeying(models, at === 1 ? THRIFTY : ACCURATE).predict(batch) as PointPredictions,
    },
  });
  const fit: Router<Rule>["fit"] = ({ models }, rule) => dial(rule, models);
  assert.deepEqual((await run(ruled([CHEAP], { fit }))).operating, { sameQuality: 1, halfCost: 1 });
});

Deno.test("tune without costs: by score alone, and not at all without alternatives", async () => {
  const unpriced = scene([undefined, undefined]);
  assert.deepEqual(await run(ruled([CHEAP, ACCURATE, THRIFTY]), unpriced), {
    score: 1,
    trials: [{ score: 1 / 3 }, { score: 2.5 / 3 }, { score: 1.9 / 3 }],
  });
  const calls: Call[] = [];
  assert.deepEqual(await run(ruled([CHEAP], {}, calls), unpriced), { score: 0, trials: [] });
  assert.deepEqual(await run(ruled([CHEAP, ACCURATE], { reference: true }, calls)), {
    score: 0,
    trials: [],
  });
  assert.equal(calls.length, 0, "neither one configuration nor a reference row is fitted");
});

Deno.test("tune passes over missing validation outcomes", async () => {
  const row = (id: string, ...scores: (number | undefined)[]) => ({ id, text: id[1], scores });
  const table = tableOf([row("tA", 1, 0), row("vA", undefined, 1), row("vB", 1, 0)]);
  const split = openSplit(embedded(table), splitOf(table, "tvv"));
  const { score, trials } = await run(
    ruled([{ A: [1, 0], B: [0, 1] }, { A: [1, 0], B: [1, 0] }]),
    split,
  );
  // The first sends A to the missing outcome and B to m1's 0; the second B to m0's 1.
  assert.deepEqual(trials, [{ score: 0 }, { score: 1 }]);
  assert.equal(score, 1);
});

Deno.test("tune stops at an abort before the next configuration", async () => {
  const stop = new AbortController();
  const calls: Call[] = [];
  const split = scene();
  const router = ruled([CHEAP, ACCURATE], {}, calls);
  const options = {
    ...OPTIONS,
    signal: stop.signal,
    progress: () => stop.abort(new Error("enough")),
  };
  await assert.rejects(
    tune(router, split, () => fitContext("tune", "ruled", split, options)),
    /enough/,
  );
  assert.equal(calls.length, 1);
});
