/** New models on frozen features: where the gradient of the posterior vanishes. */
import assert from "node:assert/strict";
import { withNewVectors } from "../../baselines/_new_vectors.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import type { ModelProfiles } from "../../src/router/contract.ts";
import type { Matrix } from "../../src/linalg/matrix.ts";
import { profiles } from "../router/hand.ts";

/** One feature. w is 1, 3 and b is 0, 4: means 2 and 2, variances 2 and 8. */
const KNOWN = { models: ["m0", "m1"], weights: Float64Array.of(1, 3, 0, 4) };
const itself = async (x: Matrix): Promise<Matrix> => x;
const add = (newcomers: ModelProfiles, known = KNOWN) =>
  withNewVectors("it", known, newcomers, itself);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const close = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-4, `${actual}, expected ${expected}`);

Deno.test("a new model's w and b: most probable under its labels and the spread of the known ones", async () => {
  const X = [-1, .5, 2], Y = [1, 0, .25];
  const { models, weights } = await add(profiles(["a"], X.map((x) => [x]), Y.map((y) => [y])));
  assert.deepEqual(models, ["a", "m0", "m1"]);
  const [w, w0, w1, b, b0, b1] = weights;
  assert.deepEqual([w0, w1, b0, b1], [1, 3, 0, 4]);
  const off = X.map((x, i) => sigmoid(w * x + b) - Y[i]);
  close(X.reduce((sum, x, i) => sum + off[i] * x, 0), -(w - 2) / 2);
  close(off.reduce((sum, r) => sum + r), -(b - 2) / 8);
  assert.ok(w < 1 && b < 1, `the labels count: ${w}, ${b}`);
});

Deno.test("where all known b agree a new one agrees too; a single known model leaves room", async () => {
  const newcomers = profiles(["z"], [[1], [-1]], [[1], [0]]);
  const alike = await add(newcomers, { ...KNOWN, weights: Float64Array.of(1, 3, 4, 4) });
  assert.deepEqual([...alike.weights.slice(3)], [4, 4, 4]);
  const one = await add(newcomers, { models: ["m0"], weights: Float64Array.of(1, 0) });
  assert.ok(one.weights[1] > 1.1, `w = ${one.weights[1]}`);
});

Deno.test("a known model without labels says nothing; a new one without any is not chosen", async () => {
  const known = { models: ["m0", "m1", "n"], weights: Float64Array.of(1, 3, NaN, 0, 4, NaN) };
  const newcomers = profiles(["y", "z"], [[1], [-1]], [[1, undefined], [0, undefined]]);
  const { weights } = await add(newcomers, known), plain = await add(newcomers);
  close(weights[3], plain.weights[2]);
  close(weights[8], plain.weights[6]);
  assert.deepEqual([weights[4], weights[9]], [NaN, NaN]);
});

Deno.test("the order of the profile is of no matter, and an empty one is refused", async () => {
  const [ids, X, Y] = [["q0", "q1", "q2"], [[1], [.3], [-2]], [1, 0, .5]];
  const { queries, ...rest } = profiles(["z"], X, Y.map((y) => [y]));
  const turned: ModelProfiles = {
    ...rest,
    queries: {
      ...queries,
      ids: ids.toReversed(),
      vectors: { ...queries.vectors, data: queries.vectors.data.toReversed() },
    },
    scores: rest.scores.toReversed(),
  };
  assert.deepEqual(await add(turned), await add({ queries, ...rest }));
  await assert.rejects(
    add(profiles(["z"], [[1]], [[undefined]])),
    (error: Error) =>
      error instanceof CapabilityError && /it needs at least one labelled/.test(error.message),
  );
});
