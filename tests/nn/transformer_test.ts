/**
 * A whole decoder against an independent engine: the same transformer written with JAX primitives, with
 * JAX's own derivatives. What the tests of single operators cannot see is how the parts are put together.
 * @module
 */
import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import { gradients, linear, lookup, reshape } from "../../src/nn/ops.ts";
import { Graph } from "../../src/nn/graph.ts";
import { causalAttention, crossEntropy } from "../../src/nn/layers.ts";
import { bind, normal, Parameters } from "../../src/nn/parameters.ts";
import { Program } from "../../src/nn/program.ts";
import { addBlock, addNorm, block, type BlockShape, normalise } from "../../src/nn/transformer.ts";
import { near } from "./differences.ts";
import { jaxDecoder } from "./jax_decoder.ts";

const BATCH = 2, LENGTH = 6, VOCABULARY = 9, LAYERS = 2, ROWS = BATCH * LENGTH;

const VARIANTS: Record<string, BlockShape> = {
  "RMSNorm, SwiGLU, rotary, grouped heads, biases": {
    width: 8,
    heads: 4,
    kvHeads: 2,
    headWidth: 6, // heads · headWidth need not be the width
    hidden: 10,
    attentionBias: true,
    rotaryBase: 100,
  },
  "LayerNorm, GELU, no positions": {
    width: 8,
    heads: 2,
    hidden: 12,
    norm: "layer",
    feedForward: "gelu",
    rotaryBase: null,
  },
};

/** Parameters that are nowhere zero or one, so that no gain or bias can be left out unseen. */
function start(shape: BlockShape): Parameters {
  const parameters = new Parameters(random(3, "start"));
  parameters.add("table", [VOCABULARY, shape.width], normal(0.5));
  for (let i = 0; i < LAYERS; i++) addBlock(parameters, `layers.${i}`, shape);
  addNorm(parameters, "norm", shape);
  for (const [name, { data }] of parameters) {
    const stream = random(4, name), gain = /norm.*weight$/.test(name);
    for (let i = 0; i < data.length; i++) data[i] = (gain ? 1 : 0) + 0.4 * stream.normal();
  }
  return parameters;
}

for (const [variant, shape] of Object.entries(VARIANTS)) {
  Deno.test(`decoder with ${variant}: loss and gradients equal JAX's`, async () => {
    const stream = random(5, "tokens");
    const drawn = (n: number): number[] =>
      Array.from({ length: n }, () => stream.integer(VOCABULARY));
    const tokens = drawn(ROWS), targets = drawn(ROWS);
    const rowWeights = targets.map((_, i) => i % 5 === 0 ? 0 : 1 + i % 2);
    const parameters = start(shape);

    const expected = await jaxDecoder(parameters, shape, {
      batch: BATCH,
      length: LENGTH,
      layers: LAYERS,
      tokens,
      targets,
      rowWeights,
    });
    assert.deepEqual(
      [...expected.gradients.keys()].toSorted(),
      [...parameters].map(([name]) => name).toSorted(),
    );

    for (const fused of [true, false]) {
      const graph = new Graph({ fused }), parameter = bind(graph, parameters);
      let x = lookup(parameter("table"), graph.input("tokens", [BATCH, LENGTH], { type: "int64" }));
      for (let i = 0; i < LAYERS; i++) {
        x = block(x, parameter, `layers.${i}`, shape, (queries, { keys, values }) => {
          return causalAttention(queries, keys, values, 4);
        });
      }
      const rows = reshape(normalise(x, parameter, "norm", shape), [ROWS, shape.width]);
      const loss = crossEntropy(
        linear(rows, parameter("table"), undefined, { transposeWeight: true }),
        graph.input("targets", [ROWS, 1], { type: "int64" }),
        graph.input("weights", [ROWS, 1]),
      );
      const names = [...parameter.used.keys()];
      graph.output("loss", loss);
      gradients(loss, [...parameter.used.values()]).forEach((g, i) => {
        graph.output(`gradient of ${names[i]}`, g);
      });
      const program = await Program.compile(graph);
      const made = await program.run({
        ...parameter.feeds,
        tokens: BigInt64Array.from(tokens, BigInt),
        targets: BigInt64Array.from(targets, BigInt),
        weights: Float32Array.from(rowWeights),
      });
      near(made.loss, [expected.loss], "loss", 1e-5);
      for (const [name, gradient] of expected.gradients) {
        near(made[`gradient of ${name}`], gradient, `fused ${fused}: gradient of ${name}`);
      }
      await program.release();
    }
  });
}
