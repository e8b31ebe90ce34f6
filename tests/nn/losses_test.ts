import assert from "node:assert/strict";
import { gradients } from "../../src/nn/ops.ts";
import { Graph, type Tensor } from "../../src/nn/graph.ts";
import { binaryCrossEntropy, crossEntropy, logisticLoss } from "../../src/nn/layers.ts";
import { Program } from "../../src/nn/program.ts";
import { near, numbers } from "./differences.ts";

/** Loss and gradient of logits of a shape. */
async function evaluate(
  shape: readonly number[],
  logits: readonly number[],
  loss: (logits: Tensor) => Tensor,
): Promise<{ loss: number; slope: number[] }> {
  const graph = new Graph(), x = graph.input("x", shape, { differentiable: true });
  const value = loss(x);
  graph.output("loss", value);
  graph.output("slope", gradients(value, [x])[0]);
  const program = await Program.compile(graph);
  const made = await program.run({ x: Float32Array.from(logits) });
  await program.release();
  return { loss: made.loss[0], slope: [...made.slope] };
}

const constant = (x: Tensor, name: string, values: readonly number[]): Tensor =>
  x.graph.constant(name, x.shape, () => Float32Array.from(values));

Deno.test("binary cross-entropy by hand, and without overflow", async () => {
  const half = await evaluate([1], [0], (x) => binaryCrossEntropy(x, constant(x, "z", [0.25])));
  near([half.loss, ...half.slope], [Math.LN2, 0.25], "at zero", 1e-6);
  // Wrong by 200 and 300 nats, and right twice: a mean of 125.
  const far = await evaluate(
    [4],
    [200, -300, 200, -300],
    (x) => binaryCrossEntropy(x, constant(x, "z", [0, 1, 1, 0])),
  );
  assert.equal(far.loss, 125);
  assert.deepEqual(far.slope, [0.25, -0.25, 0, 0]);
});

Deno.test("logistic loss by hand, without overflow, pairs of weight zero left out", async () => {
  const { loss, slope } = await evaluate(
    [4],
    [0, 200, -200, 7],
    (x) => logisticLoss(x, constant(x, "w", [2, 1, 1, 0])),
  );
  near([loss], [(2 * Math.LN2 + 200) / 4], "loss", 1e-5);
  near(slope, [0.25, 0.25, 0, 0], "gradient", 1e-6);
});

Deno.test("an outcome of weight zero counts neither in the sum nor in the mean", async () => {
  const { loss, slope } = await evaluate(
    [3],
    [0, 5, 0],
    (x) => binaryCrossEntropy(x, constant(x, "z", [1, 0, 0]), constant(x, "w", [1, 0, 3])),
  );
  near([loss], [Math.LN2], "loss", 1e-6);
  near(slope, [-0.125, 0, 0.375], "gradient", 1e-6);
});

Deno.test("cross-entropy by hand, and without overflow", async () => {
  // ln softmax of (ln 1, ln 2, ln 5) = ln (1/8, 2/8, 5/8)
  const logits = [0, Math.LN2, Math.log(5)];
  const small = await evaluate(
    [1, 3],
    logits,
    (x) => crossEntropy(x, numbers(x.graph, [1, 1], [2])),
  );
  near([small.loss], [Math.log(8 / 5)], "loss", 1e-6);
  near(small.slope, [0.125, 0.25, -0.375], "gradient", 1e-6);
  const far = await evaluate(
    [2, 2],
    [1000, 0, 1000, 0],
    (x) => crossEntropy(x, numbers(x.graph, [2, 1], [1, 0])),
  );
  assert.equal(far.loss, 500);
  assert.deepEqual(far.slope, [0.5, -0.5, 0, 0]);
});
