/** What paths pay, and the bounds that enumeration gives. */
import assert from "node:assert/strict";
import {
  bestJudgedList,
  clairvoyant,
  earnedOnPaths,
  type Outcomes,
  paidOnPaths,
} from "../../src/metrics/mod.ts";

function outcomes(scores: readonly number[][], costs: readonly number[][]): Outcomes {
  const rows = scores.length;
  return {
    rows,
    models: scores[0].length,
    scores: Float64Array.from(scores.flat()),
    costs: Float64Array.from(costs.flat()),
    dataset: new Uint16Array(rows),
    datasets: 1,
    options: new Uint16Array(rows),
    solvedFrom: new Float64Array(rows).fill(1),
  };
}

/** A costs 1 and is right on 24 of 40, B costs 2 and is right on the other 16. */
const WORKED = outcomes(
  Array.from({ length: 40 }, (_, i) => i < 24 ? [1, 0] : [0, 1]),
  Array.from({ length: 40 }, () => [1, 2]),
);
const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-12, `${a}, not ${b}`);

Deno.test("every visit is paid, the one committed to scores", () => {
  const two = outcomes([[0, 1, .5], [1, 0, .25]], [[1, 4, 16], [2, 8, 32]]);
  const visits = { visited: Uint16Array.of(0, 1, 3, 2, 3, 3), horizon: 3 };
  const { score, cost } = earnedOnPaths(two, Uint16Array.of(1, 2), visits);
  assert.deepEqual([[...score], [...cost!]], [[1, .25], [5, 32]]);
  assert.deepEqual(earnedOnPaths({ ...two, costs: undefined }, Uint16Array.of(1, 2), visits), {
    score,
  });
  const unknown = Float64Array.of(1, NaN, 16, 2, 8, 32);
  assert.deepEqual([...paidOnPaths(unknown, 3, visits)], [NaN, 32]);
});

Deno.test("the worked case: a perfect judge asks A, then B where A is wrong, and pays both there", () => {
  const best = bestJudgedList(WORKED, 2);
  assert.deepEqual(best.list, [0, 1]);
  near(best.quality, 1);
  near(best.cost, (24 * 1 + 16 * 3) / 40);
  const single = bestJudgedList(WORKED, 1);
  assert.deepEqual([single.list, single.quality, single.cost], [[0], 24 / 40, 1]);
});

Deno.test("who knows all outcomes visits the right model alone", () => {
  const { quality, cost } = clairvoyant(WORKED, 2);
  near(quality, 1);
  near(cost, (24 * 1 + 16 * 2) / 40);
  // Costs 1 and 4, scores (0, 1).
  assert.deepEqual(clairvoyant(outcomes([[0, 1]], [[1, 4]]), 2), { quality: 1, cost: 4 });
});
