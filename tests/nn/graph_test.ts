import assert from "node:assert/strict";
import {
  add,
  concat,
  expand,
  gradients,
  linear,
  matmul,
  mul,
  reshape,
  scale,
  slice,
  split,
  square,
  sum,
  sumAll,
  transpose,
} from "../../src/nn/ops.ts";
import { Graph, type Tensor } from "../../src/nn/graph.ts";
import { attention, binaryCrossEntropy, crossEntropy, rotary } from "../../src/nn/layers.ts";
import { Program } from "../../src/nn/program.ts";

/** Runs a graph that has no inputs but `x`, and returns its outputs as plain lists. */
async function run(graph: Graph, x: readonly number[]): Promise<Record<string, number[]>> {
  const program = await Program.compile(graph);
  const made = Object.entries(await program.run({ x: Float32Array.from(x) }));
  await program.release();
  return Object.fromEntries(made.map(([name, values]) => [name, [...values]]));
}

Deno.test("inputs and outputs have names of their own and possible shapes", () => {
  const graph = new Graph();
  const x = graph.input("x", [2]);
  assert.throws(() => graph.input("x", [3]), { name: "RangeError", message: /"x".*twice/ });
  for (const shape of [[0], [2, -1], [1.5], [NaN]]) {
    assert.throws(() => graph.input("y", shape), { name: "RangeError", message: /"y"/ });
  }
  graph.output("z", x);
  assert.throws(() => graph.output("z", x), { name: "RangeError", message: /"z"/ });
  assert.throws(() => graph.output("x", x), { name: "RangeError", message: /"x"/ });
  assert.deepEqual([graph.inputs.map(({ name }) => name), graph.outputs], [["x"], ["z"]]);
  assert.deepEqual(graph.outputShapes.get("z"), [2]);
});

Deno.test("shapes that do not fit are refused where they meet, naming both", () => {
  const graph = new Graph();
  const of = (...shape: number[]): Tensor => graph.input(`x${graph.inputs.length}`, shape);
  const refused: [() => unknown, RegExp][] = [
    [() => add(of(2, 3), of(4)), /\[2,3\].*\[4\]/],
    [() => matmul(of(2, 3), of(4, 5)), /\[2,3\].*\[4,5\]/],
    [() => matmul(of(2, 3), of(4, 3)), /\[2,3\].*\[4,3\]/],
    [() => matmul(of(2, 3, 4), of(3, 4, 5)), /\[2,3,4\].*\[3,4,5\]/],
    [() => linear(of(5, 3), of(4, 2)), /\[5,3\].*\[4,2\]/],
    [() => attention(of(2, 3, 4), of(2, 5, 3), of(2, 5, 3)), /\[2,3,4\].*\[2,5,3\]/],
    [() => reshape(of(2, 3), [5]), /\[2,3\].*\[5\]/],
    [() => expand(of(2, 3), [4, 3]), /\[2,3\].*\[4,3\]/],
    [() => expand(of(2, 3), [3]), /\[2,3\].*\[3\]/],
    [() => concat([of(2, 3), of(2, 4)], 0), /\[2,4\].*\[2,3\]/],
    [() => transpose(of(2, 3, 4), [1, 0]), /\[1,0\].*\[2,3,4\]/],
    [() => transpose(of(2, 3), [1, 1]), /\[1,1\].*\[2,3\]/],
    [() => slice(of(4), 0, 2, 5), /2…5.*4/],
    [() => slice(of(4), 0, 2, 2), /2…2.*4/],
    [() => split(of(2, 5), 2, 1), /5.*2/],
    [() => rotary(of(2, 3)), /\[2,3\].*even/],
    [() => rotary(of(2, 4), { positions: [1] }), /1 positions.*\[2,4\]/],
    [() => crossEntropy(of(4, 5), of(4)), /\[4\].*\[4,1\]/],
    [() => crossEntropy(of(4, 5), of(4, 1), of(4)), /\[4\].*\[4,1\]/],
    [() => binaryCrossEntropy(of(4, 5), of(5)), /\[5\].*\[4,5\]/],
    [() => binaryCrossEntropy(of(4, 5), of(4, 5), of(4, 1)), /\[4,1\].*\[4,5\]/],
  ];
  for (const [meet, message] of refused) assert.throws(meet, { name: "RangeError", message });
});

Deno.test("tensors of two graphs do not mix", () => {
  const x = new Graph().input("x", [2]), y = new Graph().input("y", [2]);
  assert.throws(() => add(x, y), { name: "RangeError", message: /another graph/ });
});

Deno.test("a loss is a scalar and depends on what its gradient is asked for", () => {
  const graph = new Graph();
  const x = graph.input("x", [2], { differentiable: true });
  const y = graph.input("y", [2], { differentiable: true }), z = graph.input("z", [2]);
  assert.throws(() => gradients(mul(x, x), [x]), { name: "RangeError", message: /scalar.*\[2\]/ });
  assert.throws(() => gradients(sumAll(mul(x, z)), [y]), { message: /depend on "y"/ });
  assert.throws(() => gradients(sumAll(mul(x, z)), [z]), { message: /depend on "z"/ });
});

Deno.test("gradients of a tensor used in several places add up", async () => {
  // L = Σ (x² + 3x·x² + x) → 2x + 9x² + 1
  const graph = new Graph();
  const x = graph.input("x", [3], { differentiable: true });
  const s = square(x);
  const loss = sumAll(add(add(s, scale(mul(x, s), 3)), x));
  graph.output("loss", loss);
  graph.output("slope", gradients(loss, [x])[0]);
  assert.deepEqual(await run(graph, [1, -2, 0.5]), {
    loss: [1 + 3 + 1 + 4 - 24 - 2 + 0.25 + 0.375 + 0.5],
    slope: [12, 33, 4.25],
  });
});

Deno.test("parts of a split that nobody uses get zeros", async () => {
  const graph = new Graph();
  const x = graph.input("x", [6], { differentiable: true });
  const middle = split(x, 3, 0)[1];
  graph.output("slope", gradients(sumAll(square(middle)), [x])[0]);
  assert.deepEqual((await run(graph, [1, 2, 3, 4, 5, 6])).slope, [0, 0, 6, 8, 0, 0]);
});

Deno.test("a graph may hold several losses, and is built on after a gradient was refused", async () => {
  const graph = new Graph();
  const x = graph.input("x", [2], { differentiable: true });
  const free = graph.input("free", [], { differentiable: true });
  const first = sumAll(square(x));
  assert.throws(() => gradients(first, [free]));
  const second = mul(sumAll(x), first); // ∂ = Σx² + 2x Σx
  graph.output("first", gradients(first, [x])[0]);
  graph.output("second", gradients(second, [x])[0]);
  graph.output("both", gradients(add(first, second), [x])[0]);
  const program = await Program.compile(graph);
  const made = await program.run({ x: Float32Array.of(1, 3), free: Float32Array.of(0) });
  assert.deepEqual([...made.first], [2, 6]);
  assert.deepEqual([...made.second], [10 + 8, 10 + 24]);
  assert.deepEqual([...made.both], [20, 40]);
  await program.release();
});

Deno.test("no gradient flows to inputs that are not differentiable, and none is computed", () => {
  const nodes = (differentiable: boolean): number => {
    const graph = new Graph();
    const x = graph.input("x", [4, 3], { differentiable });
    const w = graph.input("w", [3, 2], { differentiable: true });
    gradients(sumAll(sum(linear(x, w), [0])), [w]);
    return graph.size;
  };
  assert.ok(nodes(false) < nodes(true));
});

Deno.test("constants of one key are stored once", () => {
  const graph = new Graph();
  let made = 0;
  const one = (): Tensor => graph.constant("k", [1], () => (made++, Float32Array.of(1)));
  assert.equal(one(), one());
  assert.equal(made, 1);
});
