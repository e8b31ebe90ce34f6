/** Rank fusion on two clusters and three models, by hand. */
import assert from "node:assert/strict";
import { fuseRanks, rankInClusters, votesOf } from "../../baselines/_rank_fusion.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { cells, near } from "../router/hand.ts";

const MODELS = ["a", "b", "c"];
const rank = (values: (number | undefined)[][], costs = [1, 2, 3]): number[] => [
  ...rankInClusters(cells(values), MODELS, Float64Array.from(costs)),
];
const fuse = (
  cosines: number[],
  ranks: number[],
  topK: number,
  beta: number,
  offset = 1,
): number[] => [
  ...fuseRanks(
    votesOf(matrix(1, cosines.length, Float32Array.from(cosines)), { topK, beta }),
    Float64Array.from(ranks),
    3,
    offset,
  ),
];

Deno.test("rankInClusters: 0 is the best of each cluster", () => {
  assert.deepEqual(rank([[.2, .9, .5], [.7, .1, .3]]), [2, 0, 1, 0, 2, 1]);
});

Deno.test("rankInClusters: ties go to the cheaper model, then to the smaller id", () => {
  assert.deepEqual(rank([[.5, .5, .5]], [3, 1, 2]), [2, 0, 1]);
  assert.deepEqual(rank([[.5, .5, .9]], [2, 2, 1]), [1, 2, 0]);
  assert.deepEqual(rank([[.5, .5, .5]], [NaN, NaN, 1]), [1, 2, 0], "unpriced last");
});

Deno.test("rankInClusters: a model without a value has no rank and does not disturb the others", () => {
  assert.deepEqual(rank([[.2, undefined, .5]]), [1, NaN, 0]);
  assert.deepEqual(rank([[.5, undefined, .2], [undefined, .1, .3]]), [0, NaN, 1, NaN, 1, 0]);
  assert.deepEqual(rank([[undefined, undefined, undefined]]), [NaN, NaN, NaN]);
});

Deno.test("fuseRanks: the nearest cluster alone gives reciprocal ranks", () => {
  near([fuse([.9, .2], [0, 1, 2, 2, 1, 0], 1, 9)], [[1, 1 / 2, 1 / 3]]);
  near([fuse([.2, .9], [0, 1, 2, 2, 1, 0], 1, 9)], [[1 / 3, 1 / 2, 1]]);
  near([fuse([.2, .9], [0, 1, 2, 2, 1, 0], 1, 9, .1)], [[1 / 2.1, 1 / 1.1, 1 / .1]]);
});

Deno.test("fuseRanks: clusters vote by softmax of their cosines", () => {
  const p = 1 / (1 + Math.exp(-3 * .5)); // cosines .75 and .25, β = 3
  near([fuse([.75, .25], [0, 1, 2, 2, 0, 1], 2, 3)], [[
    p + (1 - p) / 3,
    p / 2 + (1 - p),
    p / 3 + (1 - p) / 2,
  ]]);
  near([fuse([.75, .25], [0, 1, 2, 2, 0, 1], 2, 0)], [[2 / 3, 3 / 4, 5 / 12]]);
});

Deno.test("fuseRanks: only the nearest top_k vote; of equally near clusters the first", () => {
  const ranks = [0, 1, 2, 1, 0, 2, 2, 1, 0];
  near([fuse([.25, .75, .5], ranks, 2, 0)], [[
    (1 / 2 + 1 / 3) / 2,
    (1 + 1 / 2) / 2,
    (1 / 3 + 1) / 2,
  ]]);
  near([fuse([.5, .5, .5], ranks, 1, 9)], [[1, 1 / 2, 1 / 3]]);
  near([fuse([.25, .75, .5], ranks, 9, 0)], [[
    (1 + 1 / 2 + 1 / 3) / 3,
    (1 / 2 + 1 + 1 / 2) / 3,
    (1 / 3 + 1 / 3 + 1) / 3,
  ]]);
});

Deno.test("fuseRanks: a model without a rank in a voting cluster cannot be chosen", () => {
  near([fuse([.9, .2], [0, NaN, 1, 2, 1, 0], 1, 9)], [[1, NaN, 1 / 2]]);
  near([fuse([.2, .9], [0, NaN, 1, 2, 1, 0], 1, 9)], [[1 / 3, 1 / 2, 1]]);
});

Deno.test("fuseRanks: large β and far clusters neither overflow nor vanish", () => {
  const quality = fuse([-1, 1], [0, 1, 2, 2, 1, 0], 2, 1e6);
  near([quality], [[1 / 3, 1 / 2, 1]]);
});
