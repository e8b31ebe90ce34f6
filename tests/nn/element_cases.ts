/**
 * Operators of arithmetic, shapes, products and activations, each beside its definition.
 * @module
 */
import * as layers from "../../src/nn/layers.ts";
import * as ops from "../../src/nn/ops.ts";
import { random } from "../../src/base/random.ts";
import type { Tensor } from "../../src/nn/graph.ts";
import type { Case } from "./differences.ts";
import * as naive from "./naive.ts";
import { map, type Nd, nd, zip } from "./naive.ts";

type Shape = readonly number[];

/** Two random shapes that broadcast: axes of one, and axes left out, on either side. */
function broadcastPair(draw: number): [Shape, Shape] {
  const stream = random(1, "shapes", draw);
  const full = Array.from({ length: 1 + stream.integer(4) }, () => 1 + stream.integer(4));
  const thinned = (): Shape =>
    full.map((n) => stream.integer(3) === 0 ? 1 : n).slice(stream.integer(full.length + 1));
  const a = thinned(), b = thinned();
  return [a, b];
}

const pairs: [Shape, Shape][] = [
  [[3, 4], [3, 4]],
  [[2, 3, 4], [4]],
  [[2, 1, 4], [3, 1]],
  [[2, 3], []],
  [[1], [5, 1]],
  ...Array.from({ length: 4 }, (_, i) => broadcastPair(i)),
];

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Elementwise functions of one tensor. */
function elementwise(
  of: string,
  build: (x: Tensor) => Tensor,
  f: (x: number) => number,
  positive = false,
): Case[] {
  return ([[3, 4], []] as Shape[]).map((shape) => ({
    of,
    shapes: [shape],
    positive,
    build,
    naive: (x) => map(x, f),
  }));
}

/** Elementwise functions of two tensors that broadcast. */
function broadcasting(
  of: string,
  build: (a: Tensor, b: Tensor) => Tensor,
  f: (a: number, b: number) => number,
): Case[] {
  return pairs.map((shapes) => ({
    of,
    shapes,
    positive: of === "div",
    build,
    naive: (a, b) => zip(a, b, f),
  }));
}

const { add, sub, mul, div, scale, shift, negate, exp, log, sqrt, square } = ops;
const { sum, mean, sumAll, expand, sumTo } = ops;
const all = (x: Nd): number[] => x.shape.map((_, i) => i);

/** Cases of arithmetic. */
export const ARITHMETIC: Case[] = [
  ...broadcasting("add", add, (a, b) => a + b),
  ...broadcasting("sub", sub, (a, b) => a - b),
  ...broadcasting("mul", mul, (a, b) => a * b),
  ...broadcasting("div", div, (a, b) => a / b),
  ...elementwise("scale", (x) => scale(x, -2.5), (x) => -2.5 * x),
  ...elementwise("shift", (x) => shift(x, 0.75), (x) => x + 0.75),
  ...elementwise("negate", negate, (x) => -x),
  ...elementwise("exp", exp, Math.exp),
  ...elementwise("log", log, Math.log, true),
  ...elementwise("sqrt", sqrt, Math.sqrt, true),
  ...elementwise("square", square, (x) => x * x),
  {
    of: "sum",
    shapes: [[2, 3, 4]],
    build: (x) => sum(x, [1, -1]),
    naive: (x) => naive.total(x, [1, 2]),
  },
  {
    of: "sum",
    note: "axes go",
    shapes: [[2, 3, 4]],
    build: (x) => sum(x, [0, 2], { keep: false }),
    naive: (x) => naive.shaped(naive.total(x, [0, 2]), [3]),
  },
  {
    of: "mean",
    shapes: [[2, 3, 4]],
    build: (x) => mean(x, [-2], { keep: false }),
    naive: (x) => map(naive.shaped(naive.total(x, [1]), [2, 4]), (s) => s / 3),
  },
  {
    of: "sumAll",
    shapes: [[2, 3]],
    build: sumAll,
    naive: (x) => naive.shaped(naive.total(x, all(x)), []),
  },
  {
    of: "expand",
    shapes: [[3, 1]],
    build: (x) => expand(x, [2, 3, 4]),
    naive: (x) => nd([2, 3, 4], (index) => naive.at(x, index)),
  },
  ...([[[4], [0, 1]], [[1, 4], [0, 1]], [[3, 1], [0, 2]], [[], [0, 1, 2]]] as const).map((
    [to, axes],
  ): Case => ({
    of: "sumTo",
    note: `to [${to}]`,
    shapes: [[2, 3, 4]],
    build: (x) => sumTo(x, to),
    naive: (x) => naive.shaped(naive.total(x, axes), to),
  })),
];

/** Cases of shapes. */
export const SHAPES: Case[] = [
  {
    of: "reshape",
    shapes: [[2, 6]],
    build: (x) => ops.reshape(x, [3, 1, 4]),
    naive: (x) => naive.shaped(x, [3, 1, 4]),
  },
  {
    of: "transpose",
    shapes: [[2, 3, 4]],
    build: (x) => ops.transpose(x, [2, 0, 1]),
    naive: (x) => naive.turned(x, [2, 0, 1]),
  },
  {
    of: "slice",
    shapes: [[2, 5, 3]],
    build: (x) => ops.slice(x, -2, 1, 4),
    naive: (x) => naive.range(x, 1, 1, 4),
  },
  {
    of: "pad",
    shapes: [[2, 2, 3]],
    build: (x) => ops.pad(x, 1, 2, 1),
    naive: (x) => naive.range(x, 1, -2, 3),
  },
  {
    of: "pad",
    note: "an axis from the end",
    shapes: [[2, 3]],
    build: (x) => ops.pad(x, -1, 0, 2),
    naive: (x) => naive.range(x, 1, 0, 5),
  },
  {
    of: "split",
    note: "one part unused",
    shapes: [[2, 6]],
    build: (x) => {
      const [first, , last] = ops.split(x, 3, -1);
      return mul(first, last);
    },
    naive: (x) => zip(naive.range(x, 1, 0, 2), naive.range(x, 1, 4, 6), (a, b) => a * b),
  },
  {
    of: "concat",
    shapes: [[2, 3, 2], [2, 1, 2]],
    build: (a, b) => ops.concat([a, b], -2),
    naive: (a, b) => naive.joined(a, b, 1),
  },
  {
    of: "concat",
    note: "a tensor and itself",
    shapes: [[2, 3]],
    build: (x) => ops.concat([x, x], 0),
    naive: (x) => naive.joined(x, x, 0),
  },
];

/** Cases of products. */
export const PRODUCTS: Case[] = [
  ...[false, true].flatMap((transposeA) =>
    [false, true].flatMap((transposeB) =>
      ([[], [2], [2, 2]] as Shape[]).map((batch): Case => ({
        of: "matmul",
        note: `${transposeA ? "aᵀ" : "a"} ${transposeB ? "bᵀ" : "b"}`,
        shapes: [
          [...batch, ...(transposeA ? [4, 3] : [3, 4])],
          [...batch, ...(transposeB ? [5, 4] : [4, 5])],
        ],
        build: (a, b) => ops.matmul(a, b, { transposeA, transposeB, factor: 0.3 }),
        naive: (a, b) =>
          map(
            naive.product(
              transposeA ? naive.matricesTurned(a) : a,
              transposeB ? naive.matricesTurned(b) : b,
            ),
            (x) => 0.3 * x,
          ),
      }))
    )
  ),
  ...[false, true].map((transposeWeight): Case => ({
    of: "linear",
    note: transposeWeight ? "Wᵀ" : "W",
    shapes: [[2, 3, 4], transposeWeight ? [5, 4] : [4, 5], [5]],
    build: (x, w, b) => ops.linear(x, w, b, { transposeWeight }),
    naive: (x, w, b) => {
      const rows = naive.shaped(x, [6, 4]);
      const y = naive.product(rows, transposeWeight ? naive.matricesTurned(w) : w);
      return zip(naive.shaped(y, [2, 3, 5]), b, (p, q) => p + q);
    },
  })),
  {
    of: "addLinear",
    shapes: [[2, 3, 5], [2, 3, 4], [5, 4]],
    build: (base, x, w) => ops.addLinear(base, x, w, 0.3),
    naive: (base, x, w) => {
      const y = naive.product(naive.shaped(x, [6, 4]), naive.matricesTurned(w));
      return zip(base, naive.shaped(y, [2, 3, 5]), (p, q) => p + 0.3 * q);
    },
  },
];

/** Cases of activations. */
export const ACTIVATIONS: Case[] = [
  ...elementwise("relu", layers.relu, (x) => Math.max(x, 0)),
  ...elementwise("sigmoid", layers.sigmoid, sigmoid),
  ...elementwise("tanh", layers.tanh, Math.tanh),
  ...elementwise("softplus", layers.softplus, (x) => Math.log(1 + Math.exp(x))),
  ...elementwise("silu", layers.silu, (x) => x * sigmoid(x)),
  ...elementwise(
    "gelu",
    layers.gelu,
    (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  ),
  ...elementwise("geluErf", layers.geluErf, (x) => 0.5 * x * (1 + erf(x / Math.SQRT2))),
];

/** Taylor's series, good for the small numbers here. */
function erf(x: number): number {
  let term = x, sum = x;
  for (let n = 1; n < 60; n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}
