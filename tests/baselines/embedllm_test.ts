/** EmbedLLM's factorisation: the formula by hand, what it learns, and a new model's vector. */
import assert from "node:assert/strict";
import router, { type Config, factorised, routed } from "../../baselines/embedllm.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { Blocks } from "../../src/nn/blocks.ts";
import { Graph } from "../../src/nn/graph.ts";
import { binaryCrossEntropy, crossEntropy } from "../../src/nn/layers.ts";
import { Parameters, values } from "../../src/nn/parameters.ts";
import { Program } from "../../src/nn/program.ts";
import { batch, CONTEXT, near, profiles, qualities, training } from "../router/hand.ts";

const CONFIG: Config = { dimensions: 16, noise: 0.1, epochs: 60 };
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** W = [[1, 2], [0, −1]], w = (½, 0), a = (2, 1), a₀ = −1; p of two models (1, 0) and (½, 3). */
function byHand(): Parameters {
  const parameters = new Parameters(random(1));
  parameters.add("W", [2, 2], values([1, 2, 0, -1]));
  parameters.add("w", [1, 2], values([.5, 0]));
  parameters.add("a", [2, 1], values([2, 1]));
  parameters.add("a0", [1], values([-1]));
  parameters.add("p", [2, 2], values([1, .5, 0, 3]));
  return parameters;
}

Deno.test("EmbedLLM: logit = a · (p ⊙ (W φ + w)) + a₀, in training and in prediction", async () => {
  // φ = (1, 1): W φ + w = (1.5, 1), logits 3 − 1 and 1.5 + 3 − 1; φ = (0, 1): (.5, −1), 1 − 1, .5 − 3 − 1.
  const queries = batch([[1, 1], [0, 1]]), parameters = byHand();
  const logits = await new Blocks(parameters, (_, parameter, x) => factorised(parameter, x))
    .apply(queries.vectors);
  near([[...logits]], [[2, 3.5, 0, -3.5]]);
  const vectors = { models: ["m0", "m1"], weights: Float64Array.of(1, .5, 0, 3, -1, -1) };
  const fitted = await routed(vectors, parameters);
  near(await qualities(fitted, queries), [[sigmoid(2), sigmoid(3.5)], [.5, sigmoid(-3.5)]]);
  assert.equal(fitted.describe().parameters, 4 + 2 + 2 + 1 + 4);
});

Deno.test("EmbedLLM: two outputs and cross-entropy are their difference and binary cross-entropy", async () => {
  const graph = new Graph(), targets = graph.input("targets", [3, 1], { type: "int64" });
  graph.output("two", crossEntropy(graph.input("logits", [3, 2]), targets));
  const difference = graph.input("difference", [3, 1]);
  graph.output("one", binaryCrossEntropy(difference, graph.input("labels", [3, 1])));
  const { two, one } = await (await Program.compile(graph)).run({
    logits: Float32Array.of(.5, 2, -1, 1, 3, 2.5),
    targets: BigInt64Array.of(1n, 0n, 1n),
    difference: Float32Array.of(1.5, 2, -.5),
    labels: Float32Array.of(1, 0, 1),
  });
  near([[two[0]]], [[one[0]]]);
});

/** m0 solves 1/2 + 0.45 cos of the angle to (1, 0), m1 the reverse, m2 60% everywhere. */
function circle(count: number): { at: number[][]; scores: number[][]; chances: number[][] } {
  const draw = random(5, "circle");
  const at = Array.from({ length: count }, () => 2 * Math.PI * draw.next())
    .map((angle) => [Math.cos(angle), Math.sin(angle)]);
  const chances = at.map(([x]) => [.5 + .45 * x, .5 - .45 * x, .6]);
  return { at, chances, scores: chances.map((row) => row.map((p) => Number(draw.next() < p))) };
}

const POOL = circle(800), TRAIN = training(POOL.at, POOL.scores), TEST = circle(300);

Deno.test("EmbedLLM: learns whose direction a query has, close to the best there is", async () => {
  const value = (rows: number[][]): number =>
    rows.reduce((sum, row, i) => sum + TEST.chances[i][row.indexOf(Math.max(...row))], 0) / 300;
  const fitted = await router.fit(TRAIN, CONFIG, CONTEXT);
  const routedTo = value(await qualities(fitted, batch(TEST.at))), best = value(TEST.chances);
  assert.ok(best > .78 && routedTo > best - .01, `${routedTo} of ${best}; best single .6`);
});

Deno.test("EmbedLLM: missing outcomes are no failures; a model without any is not chosen", async () => {
  const gaps = POOL.scores.map(([a, b], i) => [i % 2 ? a : undefined, b, undefined]);
  const [row] = await qualities(
    await router.fit(training(POOL.at, gaps), CONFIG, CONTEXT),
    batch([[1, 0]]),
  );
  assert.ok(row[0] > .8 && row[1] < .2 && Number.isNaN(row[2]), `${row}`);
});

Deno.test("EmbedLLM: noise is there in training alone, and holds back", async () => {
  const at = async (noise: number): Promise<number[][]> => {
    const fitted = await router.fit(TRAIN, { ...CONFIG, noise }, CONTEXT);
    const first = await qualities(fitted, batch([[1, 0]]));
    assert.deepEqual(first, await qualities(fitted, batch([[1, 0]])));
    return first;
  };
  const [[[none]], [[some]], [[much]]] = [await at(0), await at(1.4), await at(5)];
  assert.ok(none > some && some > much && much > .5, `${none}, ${some}, ${much}`);
});

Deno.test("EmbedLLM: a new model's vector is fitted with all else fixed", async () => {
  const fitted = await router.fit(TRAIN, CONFIG, CONTEXT), queries = batch([[1, 0], [-1, 0]]);
  const few = circle(200), old = await qualities(fitted, queries);
  const newcomers = profiles(["a", "z"], few.at, few.scores.map(([, b]) => [b, undefined]));
  const extended = await fitted.withModels!(newcomers);
  assert.deepEqual(extended.models, ["a", "m0", "m1", "m2", "z"]);
  const rows = await qualities(extended, queries);
  near(rows.map((row) => row.slice(1, 4)), old);
  assert.ok(rows[0][0] < .25 && rows[1][0] > .75, `like m1: ${rows}`);
  assert.ok(rows.every((row) => Number.isNaN(row[4])));
  await assert.rejects(
    async () => await fitted.withModels!(profiles(["a"], [[1, 0]], [[undefined]])),
    CapabilityError,
  );
});
