/** Routing between two models, on strengths set by hand. */
import assert from "node:assert/strict";
import { betweenTwo, pairOf, type TwoModels } from "../../baselines/_two_models.ts";
import { decide, type Pool } from "../../src/router/decide.ts";
import type { PointPredictions } from "../../src/router/contract.ts";
import { batch, near, rowsOf, training } from "../router/hand.ts";

const costs = (...row: number[]): { costs: number[][] } => ({ costs: [row, row] });
const QUERIES = batch([[.9], [.7], [.59], [.55], [.2]]);
const POOL: Pool = { models: ["a", "b", "c"], meanCosts: Float64Array.of(2, 1, 3) };

/** The strength of a query is the number it is; a is strong, b is weak. */
function between(extra: Partial<TwoModels> = {}): ReturnType<typeof betweenTwo> {
  return betweenTwo({
    models: ["a", "b", "c"],
    pair: { weak: 1, strong: 0 },
    strength: ({ vectors }) => Promise.resolve(Float64Array.from(vectors.data)),
    known: Float64Array.of(.95, .5, .65, .8, .1, .6),
    least: .5,
    headline: 1,
    parameters: 7,
    ...extra,
  });
}

Deno.test("two models: the best single and the cheapest; ties go to the cheaper one", () => {
  const pair = (scores: (number | undefined)[][], price: number[]): number[] => {
    const { weak, strong } = pairOf(training([[1], [0]], scores, costs(...price)));
    return [weak, strong];
  };
  assert.deepEqual(pair([[0, 1, 1], [0, 0, 1]], [2, 1, 3]), [1, 2]);
  // The dearest model need not be the better one.
  assert.deepEqual(pair([[0, 1, 0], [0, 0, 1]], [1, 2, 3]), [0, 1]);
  assert.deepEqual(pair([[1, 1, 0], [1, 1, 1]], [2, 1, 3]), [1, 1]);
  // A missing score is not a 0, and a model without any cannot be judged.
  assert.deepEqual(pair([[.5, undefined, undefined], [.5, 1, undefined]], [2, 3, 1]), [0, 1]);
  assert.deepEqual(pair([[undefined, undefined]], [2, 1]), [0, 0]);
});

Deno.test("two models: the strong one above the threshold, the weak one at it and below, no other ever", async () => {
  const fitted = between(), predictions = await fitted.predict(QUERIES) as PointPredictions;
  const strengths = [.9, .7, .59, .55, .2];
  near(rowsOf(predictions, 3), strengths.map((strength) => [strength, .5, -1]));
  assert.deepEqual([...decide(predictions, POOL)], [0, 0, 0, 0, 1]);
  const even = await between().predict(batch([[.5]])) as PointPredictions;
  assert.deepEqual([...decide(even, POOL)], [1]);
  assert.deepEqual(fitted.describe(), { parameters: 7, notes: ["strong: a, weak: b"] });
});

Deno.test("two models: the dial starts at the least threshold and takes calls away, by training shares", async () => {
  const { dial } = between(),
    chosen = async (share: number): Promise<string> =>
      [...decide(await dial!.predict(QUERIES, share), POOL)].join("");
  assert.deepEqual([dial!.values.length, dial!.values[0], dial!.values.at(-1)], [21, 1, 0]);
  // Of the training queries .95, .8, .65 and .6 are called; half of them are above .65.
  assert.equal(await chosen(1), "00001");
  assert.equal(await chosen(.75), "00111"); // above .6
  assert.equal(await chosen(.5), "00111"); // above .65
  assert.equal(await chosen(.25), "01111"); // above .8
  assert.equal(await chosen(0), "11111");
  // No query, seen or not, is left at 0, though .99 is above all that was seen.
  const sure = await dial!.predict(batch([[.99], [1]]), 0);
  assert.deepEqual([...decide(sure, POOL)], [1, 1]);
});

Deno.test("two models: the headline is a setting of the dial", async () => {
  const fitted = between({ headline: .5 });
  const headline = await fitted.predict(QUERIES) as PointPredictions;
  assert.deepEqual(headline, await fitted.dial!.predict(QUERIES, .5));
  assert.deepEqual([...decide(headline, POOL)], [0, 0, 1, 1, 1]);
  assert.deepEqual([...decide(await fitted.dial!.predict(QUERIES, 1), POOL)], [0, 0, 0, 0, 1]);
});

Deno.test("two models: nobody called in training, nobody called on the dial", async () => {
  const { dial } = between({ known: Float64Array.of(.1, .2), least: .65 });
  const first = await dial!.predict(QUERIES, 1), next = await dial!.predict(QUERIES, .95);
  assert.deepEqual([...decide(first, POOL)], [0, 0, 1, 1, 1]);
  assert.deepEqual([...decide(next, POOL)], [0, 0, 1, 1, 1]);
  assert.deepEqual([...decide(await dial!.predict(QUERIES, 0), POOL)], [1, 1, 1, 1, 1]);
});

Deno.test("two models: in a pool of two there is no dial, λ raises the threshold", async () => {
  const fitted = between({ models: ["a", "b"] });
  assert.equal(fitted.dial, undefined);
  const predictions = await fitted.predict(QUERIES) as PointPredictions;
  const pool: Pool = { models: ["a", "b"], meanCosts: Float64Array.of(2, 1) };
  assert.deepEqual([...decide(predictions, pool, 0)], [0, 0, 0, 0, 1]);
  assert.deepEqual([...decide(predictions, pool, .15)], [0, 0, 1, 1, 1]); // above .65
  assert.deepEqual([...decide(predictions, pool, .6)], [1, 1, 1, 1, 1]);
});

Deno.test("two models: where the cheapest is the best there is nothing to route", async () => {
  const fitted = between({ pair: { weak: 1, strong: 1 } });
  const predictions = await fitted.predict(QUERIES) as PointPredictions;
  assert.deepEqual([...decide(predictions, POOL)], [1, 1, 1, 1, 1]);
  assert.deepEqual(fitted.describe().notes, ["strong and weak: b, nothing to route"]);
});
