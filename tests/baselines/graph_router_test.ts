/** GraphRouter: the convolutions and labels by hand, two topics to learn, tasks told or guessed, and new nodes. */
import assert from "node:assert/strict";
import router, { nearestBenchmark } from "../../baselines/graph_router.ts";
import labelRouter from "../../baselines/graph_router_label.ts";
import { bestOf } from "../../baselines/_graph_router.ts";
import { hide, modelNodes, start } from "../../baselines/_graph_network.ts";
import { CapabilityError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { Graph } from "../../src/nn/graph.ts";
import { bind } from "../../src/nn/parameters.ts";
import { Program } from "../../src/nn/program.ts";
import type { FittedRouter, TrainingData } from "../../src/router/contract.ts";
import { batch, cells, CONTEXT, profiles, qualities, training } from "../router/hand.ts";

const CONFIG = { steps: 500 };

Deno.test("GraphRouter: every best known model of a query is labelled 1, on a query nobody solves all", () => {
  const scores = cells([[1, 0, 1], [.5, .75, undefined], [0, 0, 0], [undefined, 0, undefined]]);
  assert.deepEqual([...bestOf(scores, 3)], [1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0]);
});

/**
 * Width 2, where a norm of two different numbers is (1, −1) or (−1, 1). Queries (1, 0) and (0, 3) with scores
 * 1 and .5; W = I, e = (s, 0, 0, 0), E₁ e = (4s, 0), E₂ e = (0, 3s); gains (2, 2) and (1, 3), biases (0, 1)
 * and (.5, 0).
 */
async function nodeByHand(visible: number[], scores = [1, .5]): Promise<number[]> {
  const parameters = start(2, 1, 1, ["m"], random(1));
  const set = (name: string, ...given: number[]) => {
    const { data } = parameters.get(name);
    data.fill(0), data.set(given);
  };
  set("edge", 1), set("edge bias");
  set("message 1", 1, 0, 0, 1), set("message 2", 1, 0, 0, 1);
  set("edge message 1", 4), set("edge message 2", 0, 3);
  set("gain 1", 2, 2), set("bias 1", 0, 1), set("gain 2", 1, 3), set("bias 2", .5, 0);
  const graph = new Graph(), bound = bind(graph, parameters);
  const [own, q] = [graph.input("own", [1, 2]), graph.input("q", [2, 2])];
  const [s, seen] = [graph.input("s", [2, 1]), graph.input("seen", [2, 1])];
  graph.output("nodes", modelNodes(bound, own, q, s, seen));
  const program = await Program.compile(graph);
  const { nodes } = await program.run({
    ...bound.feeds,
    own: Float32Array.of(0, 0),
    q: Float32Array.of(1, 0, 0, 3),
    s: Float32Array.from(scores),
    seen: Float32Array.from(visible),
  });
  const found = [...nodes];
  await program.release();
  return found;
}

const about = (actual: number[], expected: number[]): void =>
  actual.forEach((value, i) =>
    assert.ok(Math.abs(value - expected[i]) < 1e-3, `got ${actual}, expected ${expected}`)
  );

Deno.test("GraphRouter: two convolutions by hand", async () => {
  // h¹: norm((.5, 1.5) + (3, 0)) = (2, −1), ReLU (2, 0); queries (2, 0) and (0, 3), mean (1, 1.5).
  // h²: norm((2, 0) + (1, 1.5) + (0, 2.25)) = norm(3, 3.75) = (−1, 1) → (−.5, 3).
  about(await nodeByHand([.5, .5]), [-.5, 3]);
  // The first edge alone: h¹ = (2, 0) again, queries (2, 0); norm(4, 3) = (1, −1) → (1.5, −3).
  about(await nodeByHand([1, 0]), [1.5, -3]);
});

Deno.test("GraphRouter: a hidden edge sends nothing, neither its score nor its query", async () => {
  assert.deepEqual(await nodeByHand([1, 0], [1, 0]), await nodeByHand([1, 0], [1, 1]));
  assert.notDeepEqual(await nodeByHand([.5, .5], [1, 0]), await nodeByHand([.5, .5], [1, 1]));
  // A node without visible edges is its own vector alone: here the norms of nothing, then of ReLU(0, 1).
  about(await nodeByHand([0, 0]), [-.5, 3]);
});

Deno.test("GraphRouter: a step predicts about half of the known edges and sees the others, in equal shares", () => {
  const B = 400, known = Float32Array.from({ length: 2 * B }, (_, at) => at % 10 === 0 ? 0 : 1);
  const { hidden, visible } = hide(known.slice(), ["a", "b"], random(3));
  for (let m = 0; m < 2; m++) {
    const at = Array.from({ length: B }, (_, i) => 2 * i + m);
    const predicted = at.filter((i) => hidden[i] === 1), seen = at.filter((i) => visible[i] > 0);
    const all = at.filter((i) => known[i] === 1).length;
    assert.deepEqual([...predicted, ...seen].sort((a, b) => a - b), at.filter((i) => known[i]));
    assert.ok(Math.abs(predicted.length / all - .5) < .1, `${predicted.length} of ${all}`);
    for (const i of seen) assert.equal(visible[i], Math.fround(1 / seen.length));
  }
  // A model's edges are drawn by its id, wherever its column stands.
  const column = (edges: Float32Array, m: number) => edges.filter((_, at) => at % 2 === m);
  const ones = new Float32Array(2 * B).fill(1);
  const [ab, ba] = [["a", "b"], ["b", "a"]].map((ids) => hide(ones.slice(), ids, random(3)).hidden);
  assert.deepEqual([column(ab, 0), column(ab, 1)], [column(ba, 1), column(ba, 0)]);
  assert.notDeepEqual(column(ab, 0), column(ab, 1));
});

Deno.test("GraphRouter: a step that would hide nothing predicts all it knows", () => {
  const seed = [...Array(20).keys()].find((n) =>
    (random(n).fork("hidden", "a").integer(2 ** 31) & 1) === 0
  )!;
  const { hidden, visible } = hide(Float32Array.of(1), ["a"], random(seed));
  assert.deepEqual([[...hidden], [...visible]], [[1], [0]]);
});

/** m0 solves nine in ten of the first kind and one of the second, m1 the reverse, m2 six in ten of both. */
const CHANCE = [[.9, .1, .6], [.1, .9, .6]];

/** Queries of two kinds, told apart by the text, by the benchmark label, or by both. */
function twoKinds(count: number, by: "text" | "label"): TrainingData {
  const draw = random(7, by), kinds = Array.from({ length: count }, (_, i) => i % 2);
  const vectors = kinds.map((kind) => {
    const noise = Array.from({ length: 8 }, () => .2 * draw.normal());
    return by === "text" ? noise.with(0, kind === 0 ? .8 : -.8) : noise;
  });
  const scores = kinds.map((kind) => CHANCE[kind].map((p) => +(draw.next() < p)));
  const benchmarks = kinds.map((kind) => by === "label" ? ["first", "second"][kind] : "one");
  return training(vectors, scores, { benchmarks });
}

const best = (row: number[]): number => row.indexOf(Math.max(...row));

Deno.test("GraphRouter learns from the text who is good at what", async () => {
  const fitted = await router.fit(twoKinds(600, "text"), CONFIG, CONTEXT);
  const draw = random(8), kinds = Array.from({ length: 200 }, (_, i) => i % 2);
  const queries = batch(
    kinds.map((kind) =>
      Array.from({ length: 8 }, (_, d) => d > 0 ? .2 * draw.normal() : kind === 0 ? .8 : -.8)
    ),
    { benchmarks: kinds.map(() => "one") },
  );
  const chosen = (await qualities(fitted, queries)).map(best);
  const expected = chosen.reduce((sum, m, i) => sum + CHANCE[kinds[i]][m], 0) / 200;
  assert.ok(expected > .87, `${expected}: Bayes has .9, the best single model .6`);
});

/** Qualities of one query without text, by benchmark label. */
async function byLabel(fitted: FittedRouter, ...benchmarks: string[]): Promise<number[][]> {
  return await qualities(fitted, batch(benchmarks.map(() => Array(8).fill(0)), { benchmarks }));
}

Deno.test("GraphRouter learns from task labels; an unseen one lies midway between the known", async () => {
  const fitted = await labelRouter.fit(twoKinds(600, "label"), CONFIG, CONTEXT);
  const [first, second, unseen] = await byLabel(fitted, "first", "second", "third");
  assert.deepEqual([best(first), best(second)], [0, 1]);
  const logit = (p: number) => Math.log(p / (1 - p));
  unseen.forEach((p, m) => about([logit(p)], [(logit(first[m]) + logit(second[m])) / 2]));
});

Deno.test("GraphRouter guesses a query's task: the benchmark with the nearest mean vector", async () => {
  assert.deepEqual([router.needs, labelRouter.needs], [undefined, ["benchmark"]]);
  const vectors = [[1, 0], [1, 0], [0, 1], [0, 1]], benchmarks = ["a", "a", "b", "b"];
  const train = training(vectors, [[1, 0], [1, 0], [0, 1], [0, 1]], { benchmarks });
  const tasks = nearestBenchmark(train),
    shares = await tasks.of(batch([[.6, .8], [.8, .6], [-1, 0]]));
  assert.equal(tasks.count, 2);
  assert.deepEqual([...shares.data], [0, 1, 1, 0, 0, 1]);
});

Deno.test("GraphRouter: one training serves all numbers of steps, whichever is asked for first", async () => {
  const queries = batch(
    Array.from({ length: 4 }, (_, i) => [...Array(8).keys()].map((d) => +(d === i))),
  );
  const predicted = async (train: TrainingData, steps: number): Promise<number[][]> =>
    await qualities(await router.fit(train, { steps }, CONTEXT), queries);
  const [one, another] = [twoKinds(1000, "text"), twoKinds(1000, "text")];
  const long = await predicted(one, 2000), short = await predicted(one, 500);
  assert.deepEqual([await predicted(another, 500), await predicted(another, 2000)], [short, long]);
  assert.notDeepEqual(short, long);
});

Deno.test("GraphRouter: missing outcomes hide nothing of what is known, and a model without any is not chosen", async () => {
  const train = twoKinds(300, "label"), M = 3;
  const scores = train.scores.map((s, at) => at % M === 2 || at < 30 * M ? NaN : s);
  const [first, second] = await byLabel(
    await labelRouter.fit({ ...train, scores }, CONFIG, CONTEXT),
    "first",
    "second",
  );
  assert.deepEqual([first, second].map((row) => Number.isNaN(row[2])), [true, true]);
  assert.ok(first[0] > first[1] && second[1] > second[0]);
});

Deno.test("GraphRouter: a new node is told apart by its edges, and changes nothing for the others", async () => {
  // Eight models from bad to good, so that the level of a model's edges is worth listening to.
  const draw = random(9), M = 8, chance = (m: number): number => .1 + .1 * m;
  const vectors = (n: number) =>
    Array.from({ length: n }, () => Array.from({ length: 8 }, () => .35 * draw.normal()));
  const solved = (p: number): number => +(draw.next() < p);
  const known = vectors(500).map((x) => ({
    x,
    s: Array.from({ length: M }, (_, m) => solved(chance(m))),
  }));
  const train = training(known.map(({ x }) => x), known.map(({ s }) => s));
  const fitted = await router.fit(train, CONFIG, CONTEXT);
  const newcomers = profiles(
    ["a-weak", "n-strong", "z-unknown"],
    vectors(40),
    Array.from({ length: 40 }, () => [solved(.15), solved(.75), undefined]),
  );
  const queries = batch(vectors(100), { benchmarks: Array(100).fill("b") });
  const before = await qualities(fitted, queries);
  const extended = await fitted.withModels!(newcomers);
  const after = await qualities(extended, queries);
  assert.deepEqual(extended.models, ["a-weak", ...fitted.models, "n-strong", "z-unknown"]);
  assert.deepEqual(after.map((row) => row.slice(1, 1 + M)), before);
  assert.deepEqual(await qualities(fitted, queries), before);
  const level = (m: number): number => after.reduce((sum, row) => sum + row[m] / 100, 0);
  const [weak, strong, worst, top] = [0, 9, 1, 8].map(level);
  assert.ok(strong - weak > (top - worst) / 2, `${weak} to ${strong}, old ${worst} to ${top}`);
  assert.ok(after.every((row) => Number.isNaN(row[10])));
  await assert.rejects(
    async () => await fitted.withModels!(profiles(["a"], vectors(1), [[undefined]])),
    (error: Error) =>
      error instanceof CapabilityError && /at least one labelled query/.test(error.message),
  );
});
