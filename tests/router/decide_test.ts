/** The decision rule on numbers worked out by hand. */
import assert from "node:assert/strict";
import {
  decide,
  decideAlong,
  lambdaGrid,
  type Pool,
  scale,
  tieOrder,
} from "../../src/router/decide.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";

const POOL: Pool = { models: ["a", "b", "c"], meanCosts: Float64Array.of(0.004, 0.001, 0.002) };
const pool = (models: string[], ...costs: number[]): Pool => ({
  models,
  meanCosts: Float64Array.from(costs),
});
const choose = (quality: number[], lambda = 0, cost?: number[], from = POOL): number[] =>
  Array.from(
    decide(
      {
        quality: Float64Array.from(quality),
        ...(cost ? { cost: Float64Array.from(cost) } : {}),
      },
      from,
      lambda,
    ),
  );

Deno.test("decide at λ = 0: the best quality, ties to the cheaper model, NaN never", () => {
  // deno-fmt-ignore
  const quality = [
    0.9, 0.8, 0.7, // best
    0.5, 0.5, 0.4, // a and b tie, b is cheaper
    NaN, 0.1, 0.1, // b and c tie, b is cheaper
    NaN, NaN, -3, //  the only one left
  ];
  assert.deepEqual(choose(quality), [0, 1, 1, 2]);
});

Deno.test("decide: differences up to 1e-12 are ties, larger ones are not", () => {
  assert.deepEqual(choose([0.5 + 5e-13, 0.5, 0]), [1]);
  assert.deepEqual(choose([0.5 + 2e-12, 0.5, 0]), [0]);
});

Deno.test("decide: equal costs leave ties to the smaller id, wherever it stands", () => {
  assert.deepEqual(choose([0.5, 0.5], 0, undefined, pool(["z", "y"], 0.001, 0.001)), [1]);
  assert.deepEqual(choose([0.5, 0.5], 0, undefined, pool(["y", "z"], 0.001, 0.001)), [0]);
});

Deno.test("decide weighs costs scaled to 0…1: c̃ = 1, 0, 1/3", () => {
  const quality = [0.9, 0.5, 0.75];
  assert.deepEqual(choose(quality, 0.2), [0]); //  0.7     0.5  0.6833
  assert.deepEqual(choose(quality, 0.6), [2]); //  0.3     0.5  0.55
  assert.deepEqual(choose(quality, 2), [1]); //   −1.1     0.5  0.0833
  assert.deepEqual(choose([0.8, 0.5, 0.6], 0.3), [1]); // 0.5 0.5 0.5: a tie, b is the cheapest
});

Deno.test("decide at λ = ∞: the cheapest model that can be chosen, whatever its quality", () => {
  assert.deepEqual(choose([1, 0, 0.9, 1, NaN, 0], Infinity), [1, 2]);
});

Deno.test("decide puts predicted costs on the scale of the mean costs", () => {
  // ĉ = 0.001, 0.004, 0.002 → 0, 1, 1/3; at λ = 0.6: 0.9, −0.1, 0.55
  const cost = [0.001, 0.004, 0.002], quality = [0.9, 0.5, 0.75];
  assert.deepEqual(choose(quality, 0.6, cost), [0]);
  assert.deepEqual(choose([0, 1, 1], Infinity, cost), [0]);
  // ĉ = 0.0025 for all: 0.5 each, so quality decides; beyond the range c̃ exceeds 1: 0.007 → 2
  assert.deepEqual(choose(quality, 5, [0.0025, 0.0025, 0.0025]), [0]);
  assert.deepEqual(choose([0.9, 0, 0], 0.4, [0.007, 0.001, 0.004]), [0]); // 0.1   0  −0.4
  assert.deepEqual(choose([0.9, 0, 0], 0.46, [0.007, 0.001, 0.004]), [1]); // −0.02 0  −0.46
});

Deno.test("decide refuses a trade-off with an unpriced model, and a query without predictions", () => {
  const partly = pool(["a", "b", "c"], 0.004, NaN, 0.002);
  assert.deepEqual(choose([0.5, 0.5, 0.4], 0, undefined, partly), [0]); // unpriced loses ties
  assert.deepEqual(choose([0.5, 0.6, 0.4], 0, undefined, partly), [1]);
  assert.throws(() => choose([0.5, 0.5, 0.4], 0.1, undefined, partly), (error) => {
    assert.ok(error instanceof CapabilityError);
    assert.match(error.message, /without one: b$/);
    return true;
  });
  assert.throws(() => choose([1, 1, 1, NaN, NaN, NaN]), CapabilityError);
});

Deno.test("decide: no queries, no choices", () => assert.deepEqual(choose([]), []));

Deno.test("tieOrder: lower cost, then smaller id, unpriced last", () => {
  const models = ["e", "d", "c", "b", "a"];
  const order = tieOrder(pool(models, 0.002, NaN, 0.001, 0.002, NaN));
  assert.deepEqual(Array.from(order, (m) => models[m]), ["c", "b", "e", "a", "d"]);
});

Deno.test("scale: to 0…1 over the pool, all zero when equal", () => {
  const scaled = scale(POOL.meanCosts);
  assert.deepEqual([scaled[0], scaled[1]], [1, 0]);
  assert.ok(Math.abs(scaled[2] - 1 / 3) < 1e-15);
  assert.deepEqual(scale(Float64Array.of(3, 3)), Float64Array.of(0, 0));
});

Deno.test("lambdaGrid: 0, 63 geometric points up to 1.5 / smallest gap, ∞", () => {
  // c̃ = 0, 0.1, 1: smallest gap 0.1, so up to 15
  const grid = lambdaGrid(pool(["a", "b", "c"], 0.001, 0.002, 0.011));
  assert.equal(grid.length, 65);
  assert.deepEqual([grid[0], grid[1], grid[64]], [0, 1e-3, Infinity]);
  assert.ok(Math.abs(grid[63] - 15) < 1e-9);
  const ratio = 15_000 ** (1 / 62);
  for (let i = 2; i < 64; i++) assert.ok(Math.abs(grid[i] / grid[i - 1] - ratio) < 1e-12);
  // Gaps of 1/3 would do with 4.5 and no gap needs none: never less than 10
  assert.ok(Math.abs(lambdaGrid(POOL)[63] - 10) < 1e-9);
  assert.ok(Math.abs(lambdaGrid(pool(["a", "b"], 1, 1))[63] - 10) < 1e-9);
});

Deno.test("lambdaGrid spans the frontier: at its largest finite λ one step of cost beats quality 1", () => {
  const from = pool(["a", "b", "c"], 0.001, 0.002, 0.011);
  assert.deepEqual(choose([0, 1, 1], lambdaGrid(from)[63], undefined, from), [0]);
});

Deno.test("decideAlong: at every trade-off what decide chooses, ties, gaps and predicted costs included", () => {
  const draw = random(5, "along"), M = 6, Q = 300;
  // Some where coarse scores and costs make ties, and trade-offs again and out of order.
  const grid = [0, 1e-3, .1, .32, 1 / 3, .34, .5, 1, 4 / 3, 4 / 3 + 1e-12, 2, 8, 1e6, Infinity]
    .flatMap((
      lambda,
    ) => lambda === 2 ? [2, .1, Infinity, 2] : [lambda]);
  // Coarse numbers, so that there are many ties; nudges around the size that counts as one.
  const some = (steps: number, nudge: number): Float64Array =>
    Float64Array.from(
      { length: Q * M },
      (_, at) =>
        at % M > 0 && draw.next() < 0.1
          ? NaN
          : draw.integer(steps) / steps + nudge * (draw.integer(5) - 2),
    );
  for (const nudge of [0, 5e-13, 1e-11]) {
    const from = pool(["f", "a", "e", "b", "d", "c"], .3, .1, .1, .2, .1 + nudge / 2, .4);
    for (const quality of [some(3, nudge), some(50, nudge)]) {
      for (const cost of [undefined, some(4, nudge)]) {
        const predictions = { quality, ...(cost && { cost }) };
        decideAlong(predictions, from, grid).forEach((choice, l) =>
          assert.deepEqual(choice, decide(predictions, from, grid[l]), `λ = ${grid[l]}`)
        );
      }
    }
  }
  const nothing = { quality: Float64Array.of(NaN, NaN, NaN) };
  assert.throws(() => decideAlong(nothing, POOL, [0, 1]), CapabilityError);
  assert.throws(() => decideAlong(nothing, POOL, [1]), CapabilityError);
  assert.deepEqual(decideAlong(nothing, POOL, []), []);
  const unpriced = pool(["a", "b"], .1, NaN);
  assert.deepEqual([...decideAlong({ quality: Float64Array.of(.1, .2) }, unpriced, [0])[0]], [1]);
  assert.throws(
    () => decideAlong({ quality: Float64Array.of(1, 2) }, unpriced, [1]),
    /without one: b/,
  );
});
