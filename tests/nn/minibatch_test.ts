/** The mini-batch loop and blocks, on regressions whose answers are known. */
import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { Blocks } from "../../src/nn/blocks.ts";
import type { Graph, Tensor } from "../../src/nn/graph.ts";
import { meanSquaredError } from "../../src/nn/layers.ts";
import { trainNetwork, type TrainOptions } from "../../src/nn/minibatch.ts";
import { type Bound, Parameters, values, zeros } from "../../src/nn/parameters.ts";
import { linear } from "../../src/nn/ops.ts";

/** y = 2 x₀ − x₁ + 3, without noise. */
const X = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
const Y = X.map(([a, b]) => 2 * a - b + 3);

const TABLES = { x: Float32Array.from(X.flat()), y: Float32Array.from(Y) };

const network = (_: Graph, parameter: Bound, x: Tensor): Tensor =>
  linear(x, parameter("w"), parameter("b"));

function fresh(): Parameters {
  const parameters = new Parameters(random(1));
  parameters.add("w", [2, 1], zeros);
  parameters.add("b", [1], zeros);
  return parameters;
}

function options(parameters: Parameters, extra: Partial<TrainOptions> = {}): TrainOptions {
  return {
    parameters,
    examples: X.map((_, i) => i),
    batch: 8,
    epochs: 120,
    rate: 0.1,
    random: random(5, "lesson"),
    loss: (graph, parameter, { take }) =>
      meanSquaredError(network(graph, parameter, take(TABLES.x, 2)), take(TABLES.y, 1)),
    ...extra,
  };
}

const weights = (parameters: Parameters): number[] => [
  ...parameters.get("w").data,
  ...parameters.get("b").data,
];

Deno.test("trainNetwork finds a linear function, and says how long it took", async () => {
  const parameters = fresh(), heard: number[] = [];
  const report = await trainNetwork(options(parameters), {
    progress: (share) => heard.push(share),
  });
  weights(parameters).forEach((w, i) => assert.ok(Math.abs(w - [2, -1, 3][i]) < 1e-3, `${w}`));
  assert.equal(report.steps, 120 * 5);
  assert.ok(report.loss < 1e-5);
  assert.equal(heard.at(-1), 1);
});

Deno.test("trainNetwork sees every example once an epoch, in an order of its own each time", async () => {
  const seen: number[][] = [];
  const feed: TrainOptions["feed"] = (batch) => {
    seen.push([...batch]);
    return {};
  };
  await trainNetwork(options(fresh(), { feed, epochs: 2 }));
  const epochs = [seen.slice(0, 5).flat(), seen.slice(5).flat()];
  for (const epoch of epochs) {
    assert.deepEqual(epoch.toSorted((a, b) => a - b), X.map((_, i) => i));
  }
  assert.notDeepEqual(epochs[0], epochs[1]);
});

Deno.test("trainNetwork takes the rows that are fed for the same examples", async () => {
  const taken = fresh(), fed = fresh();
  await trainNetwork(options(taken, { epochs: 3 }));
  await trainNetwork(options(fed, {
    epochs: 3,
    loss: (graph, parameter, { size }) =>
      meanSquaredError(
        network(graph, parameter, graph.input("x", [size, 2])),
        graph.input("y", [size, 1]),
      ),
    feed: (batch) => ({
      x: Float32Array.from([...batch].flatMap((i) => X[i])),
      y: Float32Array.from(batch, (i) => Y[i]),
    }),
  }));
  assert.deepEqual(weights(taken), weights(fed));
});

Deno.test("trainNetwork the same seed gives the same bits, another one others", async () => {
  const [a, b, c] = [fresh(), fresh(), fresh()];
  await trainNetwork(options(a, { epochs: 3 }));
  await trainNetwork(options(b, { epochs: 3 }));
  await trainNetwork(options(c, { epochs: 3, random: random(6, "lesson") }));
  assert.deepEqual(weights(a), weights(b));
  assert.notDeepEqual(weights(a), weights(c));
});

Deno.test("trainNetwork shows the parameters after every step, and learns the same when it is looked at", async () => {
  const [watched, alone] = [fresh(), fresh()], seen: number[] = [], first: number[] = [];
  await trainNetwork(options(watched, { epochs: 3 }), {
    look: (steps) => {
      seen.push(steps);
      first.push(watched.get("w").data[0]);
    },
  });
  await trainNetwork(options(alone, { epochs: 3 }));
  assert.deepEqual(seen, Array.from({ length: 15 }, (_, i) => i + 1));
  assert.equal(new Set(first).size, 15, "each step moved it");
  assert.deepEqual([first.at(-1), weights(watched)], [watched.get("w").data[0], weights(alone)]);
});

Deno.test("trainNetwork frozen parameters stay, few examples make one batch, none teaches nothing", async () => {
  const parameters = fresh();
  await trainNetwork(options(parameters, { frozen: (name) => name === "b", examples: [0, 1, 2] }));
  assert.equal(parameters.get("b").data[0], 0);
  assert.notEqual(parameters.get("w").data[0], 0);
  const untouched = fresh();
  assert.deepEqual(await trainNetwork(options(untouched, { examples: [] })), {
    steps: 0,
    loss: NaN,
  });
  assert.deepEqual(weights(untouched), [0, 0, 0]);
});

Deno.test("trainNetwork stops when it is told to", async () => {
  const abort = new AbortController();
  abort.abort(new Error("enough"));
  await assert.rejects(trainNetwork(options(fresh()), { signal: abort.signal }), /enough/);
});

Deno.test("blocks: any number of rows, one as well as many", async () => {
  const parameters = new Parameters(random(1));
  parameters.add("w", [2, 3], values([1, 0, 1, 0, 1, 1]));
  parameters.add("b", [3], values([0, 0, 10]));
  const blocks = new Blocks(parameters, network);
  for (const rows of [0, 1, 2, 256, 300]) {
    const data = Float32Array.from({ length: rows * 2 }, (_, i) => i);
    const expected = Array.from({ length: rows }, (_, i) => [2 * i, 2 * i + 1, 4 * i + 11]).flat();
    assert.deepEqual([...await blocks.apply(matrix(rows, 2, data))], expected);
  }
  await assert.rejects(blocks.apply(matrix(2, 3)), RangeError);
});

Deno.test("blocks follow later changes of the parameters", async () => {
  const parameters = fresh(), blocks = new Blocks(parameters, network);
  const x = matrix(1, 2, Float32Array.of(1, 1));
  assert.deepEqual([...await blocks.apply(x)], [0]);
  parameters.get("b").data[0] = 5;
  assert.deepEqual([...await blocks.apply(x)], [5]);
});
