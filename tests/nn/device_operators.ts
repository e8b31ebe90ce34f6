/**
 * Every operator of the engine, small, for comparing devices with each other: shapes of the inputs and
 * what is computed of them. Inputs are drawn from ½ … 1½ or around zero.
 * @module
 */
import * as ops from "../../src/nn/ops.ts";
import {
  attention,
  binaryCrossEntropy,
  causalAttention,
  crossEntropy,
  Dropout,
  gelu,
  geluErf,
  layerNorm,
  logisticLoss,
  logSoftmax,
  meanSquaredError,
  relu,
  rmsNorm,
  rotary,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh,
  unitLength,
} from "../../src/nn/layers.ts";
import type { Graph, Tensor } from "../../src/nn/graph.ts";
import {
  addLinear,
  concat,
  linear,
  lookup,
  matmul,
  pad,
  reshape,
  slice,
  split,
  transpose,
} from "../../src/nn/ops.ts";

/** An operator on inputs of given shapes. */
export interface Operator {
  /** Shapes of the differentiable inputs. */
  readonly shapes: readonly (readonly number[])[];
  /** Whether the inputs are to be positive, for logarithm, root and quotient. */
  readonly positive?: boolean;
  /** What is computed. */
  readonly build: (...inputs: Tensor[]) => Tensor;
}

const { add, sub, mul, div, negate, exp, log, sqrt, square, sum, mean, sumAll, expand } = ops;
const { scale, shift, sumTo } = ops;
const matrix = [[3, 4]], pair = [[3, 4], [3, 4]], batch = [[2, 3, 4]];
const heads = [[2, 2, 6, 4], [2, 2, 6, 4], [2, 2, 6, 4]];

function numbers(graph: Graph, values: readonly number[], shape: readonly number[]): Tensor {
  return graph.constant(`rows ${values}`, shape, () => BigInt64Array.from(values, BigInt));
}

/** By name. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  ...unary({ negate, exp, square, sumAll }, matrix),
  ...unary({ log, sqrt }, matrix, true),
  ...unary({ relu, sigmoid, tanh, softplus, silu, gelu, geluErf }, matrix),
  ...unary({ softmax, logSoftmax, unitLength }, batch),
  "add": { shapes: pair, build: add },
  "add, broadcast": { shapes: [[2, 3, 4], [4]], build: add },
  "sub, broadcast": { shapes: [[2, 3, 4], [3, 1]], build: sub },
  "mul, broadcast": { shapes: [[3, 1], [1, 4]], build: mul },
  "div, broadcast": { shapes: [[2, 3, 4], [3, 4]], positive: true, build: div },
  "scale": { shapes: matrix, build: (x) => scale(x, -2.5) },
  "shift": { shapes: matrix, build: (x) => shift(x, -2.5) },
  "sum": { shapes: batch, build: (x) => sum(x, [1]) },
  "sum, axes gone": { shapes: batch, build: (x) => sum(x, [0, -1], { keep: false }) },
  "mean": { shapes: batch, build: (x) => mean(x, [-1]) },
  "expand": { shapes: [[3, 1]], build: (x) => expand(x, [2, 3, 4]) },
  "sumTo": { shapes: batch, build: (x) => sumTo(x, [3, 1]) },
  "reshape": { shapes: batch, build: (x) => reshape(x, [4, 6]) },
  "transpose": { shapes: batch, build: (x) => transpose(x, [2, 0, 1]) },
  "slice": { shapes: batch, build: (x) => slice(x, 1, 1, 3) },
  "pad": { shapes: batch, build: (x) => pad(x, 1, 1, 2) },
  "split": { shapes: batch, build: (x) => sub(...split(x, 2, -1) as [Tensor, Tensor]) },
  "concat": { shapes: [[2, 3], [2, 1], [2, 2]], build: (...parts) => concat(parts, 1) },
  "concat of many": {
    shapes: Array.from({ length: 20 }, () => [1, 3]),
    build: (...parts) => concat(parts, 0),
  },
  ...Object.fromEntries(
    [false, true].flatMap((a) =>
      [false, true].flatMap((b) =>
        [[], [2]].map((lead): [string, Operator] => [
          `matmul${a ? ", first turned" : ""}${b ? ", second turned" : ""}${
            lead.length ? ", 2" : ""
          }`,
          {
            shapes: [[...lead, ...(a ? [4, 3] : [3, 4])], [...lead, ...(b ? [5, 4] : [4, 5])]],
            build: (x, y) => matmul(x, y, { transposeA: a, transposeB: b, factor: 0.5 }),
          },
        ])
      )
    ),
  ),
  "linear": { shapes: [[2, 3, 4], [4, 5], [5]], build: (x, w, b) => linear(x, w, b) },
  "addLinear": {
    shapes: [[2, 3, 5], [2, 3, 4], [5, 4]],
    build: (base, x, w) => addLinear(base, x, w, 0.5),
  },
  "linear, weight turned": {
    shapes: [[2, 3, 4], [5, 4]],
    build: (x, w) => linear(x, w, undefined, { transposeWeight: true }),
  },
  "layerNorm": { shapes: [[2, 3, 4], [4], [4]], build: (x, g, b) => layerNorm(x, g, b) },
  "rmsNorm": { shapes: [[2, 3, 4], [4]], build: (x, g) => rmsNorm(x, g) },
  "rotary": {
    shapes: heads.slice(0, 1),
    build: (x) => rotary(x, { positions: [0, 1, 2, 5, 6, 9] }),
  },
  "attention": { shapes: heads, build: (q, k, v) => attention(q, k, v) },
  "causalAttention": { shapes: heads, build: (q, k, v) => causalAttention(q, k, v, 4) },
  "lookup, rows met twice": {
    shapes: [[5, 3]],
    build: (table) => lookup(table, numbers(table.graph, [4, 0, 4, 4, 2, 0], [2, 3])),
  },
  "crossEntropy": {
    shapes: [[4, 5]],
    build: (x) => crossEntropy(x, numbers(x.graph, [1, 4, 0, 4], [4, 1])),
  },
  "crossEntropy, weighted": {
    shapes: [[4, 5]],
    build: (x) => {
      const weights = x.graph.constant("weights", [4, 1], () => Float32Array.of(1, 0, 2, 0.5));
      return crossEntropy(x, numbers(x.graph, [1, 4, 0, 4], [4, 1]), weights);
    },
  },
  "binaryCrossEntropy": {
    shapes: matrix,
    build: (x) =>
      binaryCrossEntropy(x, scale(ops.constantOnes(x.graph, [3, 4]), 0.3), shift(scale(x, 0), 2)),
  },
  "logisticLoss": {
    shapes: matrix,
    build: (x) => logisticLoss(x, shift(scale(x, 0), 2)),
  },
  "meanSquaredError": { shapes: pair, build: meanSquaredError },
  "dropout": { shapes: batch, build: (x) => new Dropout(x.graph, 0.25).apply(x, "here") },
};

function unary(
  functions: Readonly<Record<string, (x: Tensor) => Tensor>>,
  shapes: readonly (readonly number[])[],
  positive = false,
): Record<string, Operator> {
  return Object.fromEntries(
    Object.entries(functions).map(([name, build]) => [name, { shapes, positive, build }]),
  );
}
