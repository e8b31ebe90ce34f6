/**
 * A transformer of a few thousand parameters with every part that matters on a device: token table,
 * RMSNorm, rotary positions, grouped heads, biases, SwiGLU, causal attention, cross-entropy.
 * @module
 */
import { type Random, random } from "../../src/base/random.ts";
import type { Graph, Tensor } from "../../src/nn/graph.ts";
import { linear, lookup, reshape } from "../../src/nn/ops.ts";
import { causalAttention, crossEntropy } from "../../src/nn/layers.ts";
import { type Bound, normal, Parameters, zeros } from "../../src/nn/parameters.ts";
import type { Feeds } from "../../src/nn/program.ts";
import { addBlock, addNorm, block, type BlockShape, normalise } from "../../src/nn/transformer.ts";

/** Sizes of the transformer. */
export interface Sizes {
  /** Blocks. */
  readonly layers: number;
  /** Width of the residual stream. */
  readonly width: number;
  /** Query heads. */
  readonly heads: number;
  /** Width of the feed-forward part. */
  readonly hidden: number;
  /** Number of tokens there are. */
  readonly vocabulary: number;
  /** Sequences in a batch. */
  readonly batch: number;
  /** Tokens of a sequence. */
  readonly length: number;
}

/** Small enough for a graphics card made of software. */
export const TINY: Sizes = {
  ...{ layers: 2, width: 16, heads: 2, hidden: 24, vocabulary: 20 },
  ...{ batch: 2, length: 8 },
};

const shapeOf = ({ width, heads, hidden }: Sizes): BlockShape => (
  { width, heads, kvHeads: heads / 2, hidden, attentionBias: true }
);

/** Its parameters. */
export function parametersOf(sizes: Sizes, deviation = 0.2): Parameters {
  const parameters = new Parameters(random(1)), { width, vocabulary, layers } = sizes;
  parameters.add("embed", [vocabulary, width], normal(deviation));
  for (let i = 0; i < layers; i++) {
    addBlock(parameters, `layers.${i}`, shapeOf(sizes), { deviation, depth: layers });
  }
  addNorm(parameters, "norm", shapeOf(sizes));
  parameters.add("head.weight", [vocabulary, width], normal(deviation));
  parameters.add("head.bias", [vocabulary], zeros);
  return parameters;
}

/** Scores of the next token, [batch · length × vocabulary]. */
export function logits(graph: Graph, parameter: Bound, sizes: Sizes): Tensor {
  const { batch, length, width, layers } = sizes, shape = shapeOf(sizes);
  const ids = graph.input("ids", [batch, length], { type: "int64" });
  let x = lookup(parameter("embed"), ids);
  for (let i = 0; i < layers; i++) {
    x = block(x, parameter, `layers.${i}`, shape, (queries, { keys, values }) => {
      return causalAttention(queries, keys, values, Math.ceil(length / 2));
    });
  }
  const rows = reshape(normalise(x, parameter, "norm", shape), [batch * length, width]);
  return linear(rows, parameter("head.weight"), parameter("head.bias"), { transposeWeight: true });
}

/** The loss as a trainer wants it. */
export function lossOf(sizes: Sizes): (graph: Graph, parameter: Bound) => Tensor {
  return (graph, parameter) => {
    const rows = sizes.batch * sizes.length;
    const targets = graph.input("targets", [rows, 1], { type: "int64" });
    return crossEntropy(logits(graph, parameter, sizes), targets);
  };
}

/** Tokens and targets drawn alike. */
export function batchOf({ batch, length, vocabulary }: Sizes, stream: Random): Feeds {
  const draw = (): BigInt64Array =>
    BigInt64Array.from({ length: batch * length }, () => BigInt(stream.integer(vocabulary)));
  return { ids: draw(), targets: draw() };
}
