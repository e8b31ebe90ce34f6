/** The cascade: who is accepted, the search against one that tries everything, and its honesty. */
import assert from "node:assert/strict";
import router from "../../baselines/cascade.ts";
import { accepted, type Cascade, search } from "../../baselines/_cascade_search.ts";
import type { PointPredictions, TrainingData } from "../../src/router/contract.ts";
import { random } from "../../src/base/random.ts";
import { decide } from "../../src/router/decide.ts";
import { batch, CONTEXT, training } from "../router/hand.ts";

const CONFIG = { rho: 1 }, COSTS = [1, 3, 9];
/** P(solved) in three topics: best single is m2 with 2/3, the best choice earns 5/6. */
const CHANCES = [[.8, .4, .5], [.1, .9, .7], [.1, .2, .8]];

/** Queries of the topics in turn, twelve numbers each, and outcomes drawn by chance. */
function drawn(count: number, seed: number): TrainingData {
  const draw = random(seed, "pool");
  const vectors = Array.from({ length: count }, (_, i) => {
    const x = Array.from({ length: 12 }, (_, d) => Number(d === i % 3) + .2 * draw.normal());
    return x.map((value) => value / Math.hypot(...x));
  });
  const scores = vectors.map((_, i) => CHANCES[i % 3].map((p) => Number(draw.next() < p)));
  return training(vectors, scores, {
    costs: scores.map(() => COSTS.map((c) => c * (.5 + draw.next()))),
  });
}

const POOL = drawn(600, 1), TEST = drawn(300, 2).queries;
const PRICES = { models: POOL.models, meanCosts: POOL.meanCosts };
const earned = (choice: Uint16Array): number =>
  choice.reduce((sum, m, i) => sum + CHANCES[i % 3][m], 0) / choice.length;

Deno.test("cascade: the first model at or above its threshold answers, else the last", () => {
  const cascade: Cascade = { list: [2, 0, 1], thresholds: [.7, .4], quality: 0, cost: 0 };
  const answer = (...g: number[]): number => accepted(cascade, Float64Array.from(g));
  assert.equal(answer(.9, .9, .7), 2);
  assert.equal(answer(.4, .9, .69), 0);
  assert.equal(answer(.39, 0, .69), 1);
  assert.equal(accepted({ ...cascade, list: [1], thresholds: [] }, Float64Array.of(1, 0, 1)), 1);
});

Deno.test("cascade: a list may begin with the best model and go on to one that is never best", () => {
  // m0 is right on the first 24 of 40 for 1 each, m1 on the other 16 for 2: no single that costs more is better.
  const scores = Array.from({ length: 40 }, (_, i) => i < 24 ? [1, 0] : [0, 1]);
  const train = training(scores.map(() => [1]), scores, { costs: scores.map(() => [1, 2]) });
  const g = Float64Array.from(scores.flat(), (s, at) => .1 + .8 * s + .001 * (at % 7));
  const [best, cheapest] = search(train, g, [1, 0]);
  assert.deepEqual([best.list, best.quality, cheapest.list], [[0, 1], 1, [0]]);
  assert.ok(Math.abs(best.cost - (24 * 1 + 16 * 2) / 40) < 1e-12, `${best.cost}`);
});

Deno.test("cascade: the smallest budget is the cheapest model's, to the last bit", () => {
  for (const seed of [11, 12, 13, 14]) {
    const drawing = drawn(200, seed), draw = random(seed, "g");
    const train = { ...drawing, costs: drawing.costs.map((cost) => cost / 7) };
    const g = train.scores.map(() => draw.next());
    assert.deepEqual(search(train, g, [1, 0])[1].list, [0]);
  }
});

/** Mean score and cost of a cascade on training rows, by doing what it says. */
function measured(train: TrainingData, g: Float64Array, cascade: Cascade): [number, number] {
  const M = train.models.length, N = train.queries.ids.length;
  let quality = 0, cost = 0;
  for (let i = 0; i < N; i++) {
    const at = i * M + accepted(cascade, g.subarray(i * M, (i + 1) * M));
    quality += train.scores[at] / N, cost += train.costs[at] / N;
  }
  return [quality, cost];
}

Deno.test("cascade: the search finds what trying every list and threshold finds", () => {
  const N = 60, train = drawn(N, 3), M = 3;
  const g = train.scores.map((s, at) => .3 * s + ((at * 7) % 11) / 20);
  const value = (m: number, q: number): number => g[q * M + m];
  const all: Cascade[] = [], every = [...Array(N).keys()];
  /** Every beginning of a list, with its thresholds and the queries that these leave. */
  const extend = (list: number[], thresholds: number[], left: number[], from: number): void => {
    for (const m of [0, 1, 2].filter((m) => !list.includes(m))) {
      const [quality, cost] = measured(train, g, {
        list: [...list, m],
        thresholds,
        quality: 0,
        cost: 0,
      });
      all.push({ list: [...list, m], thresholds, quality, cost });
      if (list.length === 2) continue;
      const sorted = left.map((q) => value(m, q)).sort((a, b) => a - b);
      for (let k = Math.max(1, from); k < 40 && left.length > 0; k++) {
        const least = sorted[Math.floor(k * left.length / 40)];
        extend([...list, m], [...thresholds, least], left.filter((q) => value(m, q) < least), k);
      }
    }
  };
  extend([], [], every, 0);
  const shares = [1, .6, .3, .1, 0], found = search(train, g, shares);
  const [low, , high] = train.meanCosts;
  shares.forEach((share, k) => {
    const budget = share < 1 ? low + share * (high - low) : Infinity;
    const within = all.filter(({ cost }) => cost <= budget + 1e-9);
    const best = Math.max(...within.map(({ quality }) => quality));
    assert.ok(Math.abs(found[k].quality - best) < 1e-9, `${found[k].quality}, not ${best}`);
    assert.ok(found[k].cost <= budget + 1e-9);
    const [quality, cost] = measured(train, g, found[k]);
    assert.ok(Math.abs(found[k].quality - quality) < 1e-9, "is what the cascade earns");
    assert.ok(Math.abs(found[k].cost - cost) < 1e-9, "is what the cascade costs");
  });
  assert.equal(new Set(found.map(({ list }) => list.length)).size, 3); // all lengths are of use
});

Deno.test("cascade: comes near the best choice; the budget is kept on other queries", async () => {
  const fitted = await router.fit(POOL, CONFIG, CONTEXT);
  const headline = earned(decide(await fitted.predict(TEST) as PointPredictions, PRICES));
  assert.ok(headline > .79, `${headline}`); // best single .667, best choice .833
  const { values, predict } = fitted.dial!, [low, , high] = POOL.meanCosts;
  assert.deepEqual([values.length, values[0], values.at(-1)], [21, 1, 0]);
  for (const share of values.slice(1)) {
    const choice = decide(await predict(TEST, share), PRICES);
    const cost = choice.reduce((sum, m) => sum + POOL.meanCosts[m], 0) / choice.length;
    assert.ok(cost < low + share * (high - low) + .4, `${cost} at ${share}`);
    if (share === 0) assert.ok(choice.every((m) => m === 0));
  }
});

Deno.test("cascade: a scorer that knows its training scores by heart does not fool the search", async () => {
  // More numbers a query than queries, and outcomes that nothing predicts: money buys quality, g does not.
  const draw = random(5, "noise");
  const vectors = (count: number): number[][] =>
    Array.from({ length: count }, () => {
      const x = Array.from({ length: 120 }, () => draw.normal());
      return x.map((value) => value / Math.hypot(...x));
    });
  const known = vectors(100);
  const scores = known.map(() => [.3, .5, .7].map((p) => Number(draw.next() < p)));
  const train = training(known, scores, { costs: scores.map(() => COSTS) });
  const { dial } = await router.fit(train, { rho: .01 }, CONTEXT), fresh = batch(vectors(300));
  const spent = async (share: number): Promise<number> => {
    const choice = decide(await dial!.predict(fresh, share), {
      models: train.models,
      meanCosts: train.meanCosts,
    });
    return choice.reduce((sum, m) => sum + COSTS[m], 0) / choice.length;
  };
  assert.ok(await spent(1) > 8, `${await spent(1)}`); // 5.7 with scores by heart
  for (const share of dial!.values) {
    assert.ok(await spent(share) < 1 + 8 * share + .4, `${await spent(share)} at ${share}`);
  }
});

Deno.test("cascade: queries with a missing score do not count; without others there is the best single", () => {
  const train = training([[1], [1], [1]], [[1, 0], [0, 1], [undefined, 1]], {
    costs: [[1, 5], [1, 5], [1, 5]],
  });
  const g = Float64Array.of(.9, .1, .2, .8, 1, 1);
  const [best] = search(train, g, [1]);
  assert.deepEqual([best.quality, best.cost, best.list], [1, 3, [0, 1]]);
  const holes = training([[1], [1]], [[1, undefined], [undefined, .5]], {
    costs: [[5, 1], [5, 1]],
  });
  assert.deepEqual(search(holes, new Float64Array(4), [1, 0]).map(({ list }) => list), [[0], [0]]);
  assert.deepEqual(search(train, g.map(() => NaN), [1]).map(({ list }) => list), [[1]]);
});

Deno.test("cascade: one training query is enough to route", async () => {
  const train = training([[1]], [[0, 1]], { costs: [[1, 2]] });
  const predictions = await (await router.fit(train, CONFIG, CONTEXT)).predict(batch([[1]]));
  assert.deepEqual([...(predictions as PointPredictions).quality], [0, 1]);
});
