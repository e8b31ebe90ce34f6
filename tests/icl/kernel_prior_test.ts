import assert from "node:assert/strict";
import {
  chooseShape,
  crossEntropyOf,
  kernelPrior,
  type Labels,
  leaningMeans,
  NEAREST,
  ofModels,
  SHAPES,
} from "../../src/icl/kernel_prior.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { random } from "../../src/base/random.ts";

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-6, `${a}, not ${b}`);

/** Two queries along one axis, one along the other. */
const LABELS: Labels = {
  vectors: matrix(3, 2, Float32Array.of(1, 0, 0.6, 0.8, 0, 1)),
  scores: Float64Array.of(1, 0, 0.5, NaN, 0, 1),
  means: [0.5, 0.25],
};

Deno.test("the prior is the mean of labelled queries, weighed by nearness, leaning towards the model's mean", async () => {
  const query = matrix(1, 2, Float32Array.of(1, 0)), shape = { bandwidth: 0.5, weight: 2 };
  const [w0, w1, w2] = [1, 0.6, 0].map((cosine) => Math.exp((cosine - 1) / 0.5));
  const all = await kernelPrior(query, LABELS, shape);
  near(sigmoid(all[0]), (2 * 0.5 + w0 + 0.5 * w1) / (2 + w0 + w1 + w2));
  near(sigmoid(all[1]), (2 * 0.25 + w2) / (2 + w0 + w2)); // the second has no outcome
  const some = await kernelPrior(query, LABELS, shape, Uint32Array.of(1));
  near(sigmoid(some[0]), (2 * 0.5 + 0.5) / (2 + 1)); // alone, it is the nearest
  near(sigmoid(some[1]), 0.25); // nothing but its mean
});

Deno.test("only the nearest labelled queries count, however many there are; all that are as near as the last do", async () => {
  const far = 5 * NEAREST, query = matrix(1, 2, Float32Array.of(1, 0));
  const shape = { bandwidth: 1, weight: 1 }, means = [0.5];
  /** `near` solved queries where the asked one is, and many failed ones at a right angle to it. */
  const asked = async (near: number): Promise<number> => {
    const vectors = matrix(near + far, 2);
    for (let i = 0; i < near + far; i++) vectors.data[2 * i + (i < near ? 0 : 1)] = 1;
    const scores = Float64Array.from({ length: near + far }, (_, i) => i < near ? 1 : 0);
    return sigmoid((await kernelPrior(query, { vectors, scores, means }, shape))[0]);
  };
  near(await asked(NEAREST), (0.5 + NEAREST) / (1 + NEAREST));
  const few = NEAREST - 1; // one short: the hundredth is as near as all the far ones
  near(await asked(few), (0.5 + few) / (1 + few + far * Math.exp(-1)));
});

Deno.test("the prior of some models is their columns of the prior of all", async () => {
  const shape = { bandwidth: 0.5, weight: 2 };
  const all = await kernelPrior(LABELS.vectors, LABELS, shape);
  const turned = await kernelPrior(LABELS.vectors, ofModels(LABELS, [1, 0]), shape);
  assert.deepEqual([...turned], [0, 1, 2].flatMap((q) => [all[2 * q + 1], all[2 * q]]));
  const one = await kernelPrior(LABELS.vectors, ofModels(LABELS, [1]), shape);
  assert.deepEqual([...one], [1, 3, 5].map((at) => all[at]));
});

Deno.test("probabilities stay off 0 and 1, whatever the labels say", async () => {
  const sure = { ...LABELS, scores: Float64Array.of(1, 0, 1, 0, 1, 0), means: [1, 0] };
  const [high, low] = await kernelPrior(LABELS.vectors, sure, { bandwidth: 0.1, weight: 1 });
  near(sigmoid(high), 0.999);
  near(sigmoid(low), 0.001);
});

Deno.test("the shape is the one that loses least on other rows; a narrow kernel where outcomes turn within a few degrees", async () => {
  const angles = Array.from({ length: 360 }, (_, i) => i * Math.PI / 180);
  const on = (list: readonly number[]): ReturnType<typeof matrix> =>
    matrix(list.length, 2, Float32Array.from(list.flatMap((a) => [Math.cos(a), Math.sin(a)])));
  const stripes = (width: number) => (list: readonly number[]): Float64Array =>
    Float64Array.from(list, (a) => Math.floor(a * 180 / Math.PI / width) % 2);
  const between = angles.map((a) => a + 0.5 * Math.PI / 180);
  const chosen = async (width: number): Promise<number> => {
    const scores = stripes(width);
    const labels = { vectors: on(angles), scores: scores(angles), means: [0.5] };
    return (await chooseShape(labels, { vectors: on(between), scores: scores(between) })).bandwidth;
  };
  assert.equal(await chosen(20), Math.min(...SHAPES.map(({ bandwidth }) => bandwidth)));
  const noise = random(1),
    coins = (): Float64Array => Float64Array.from(angles, () => Number(noise.next() < 0.5));
  const labels = { vectors: on(angles), scores: coins(), means: [0.5] };
  const { bandwidth } = await chooseShape(labels, { vectors: on(between), scores: coins() });
  assert.equal(bandwidth, Math.max(...SHAPES.map((shape) => shape.bandwidth)));
});

Deno.test("without rows to judge by the first shape is taken; a missing score does not count", async () => {
  const none = { vectors: matrix(0, 2), scores: new Float64Array(0) };
  assert.deepEqual(await chooseShape(LABELS, none), SHAPES[0]);
  near(crossEntropyOf(Float64Array.of(0, 5), Float64Array.of(1, NaN)), Math.LN2);
});

Deno.test("means of new models lean towards the known ones like eight more queries", () => {
  const means = leaningMeans(Float64Array.of(1, NaN, 1, NaN), 2, 0.25);
  assert.deepEqual([...means], [(8 * 0.25 + 2) / 10, 0.25]);
});
