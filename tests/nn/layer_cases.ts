/**
 * Softmax, attention, norms, losses, lookup and rotary positions, each beside its definition.
 * @module
 */
import * as layers from "../../src/nn/layers.ts";
import * as ops from "../../src/nn/ops.ts";
import { type Case, numbers } from "./differences.ts";
import * as naive from "./naive.ts";
import { map, type Nd, nd, zip } from "./naive.ts";

/** Heads of [1 × kvHeads × length × width] repeated, from the definition: query head h has that of ⌊h / (heads / kvHeads)⌋. */
function repeated(x: Nd, heads: number): Nd {
  const [batch, own, length, width] = x.shape;
  return nd([batch, heads, length, width], ([b, h, i, j]) => {
    const from = Math.floor(h / (heads / own));
    return x.data[((b * own + from) * length + i) * width + j];
  });
}

const seen = nd([3, 5], ([i, j]) => j <= i + 1 ? 0 : -1e9);

/** Cases of softmax. */
export const SOFTMAX: Case[] = [
  { of: "softmax", shapes: [[2, 3, 4]], build: layers.softmax, naive: naive.softmax },
  {
    of: "logSoftmax",
    shapes: [[2, 3, 4]],
    build: layers.logSoftmax,
    naive: (x) => map(naive.softmax(x), Math.log),
  },
  {
    of: "attention",
    shapes: [[2, 2, 3, 4], [2, 2, 5, 4], [2, 2, 5, 4]],
    build: (q, k, v) => layers.attention(q, k, v),
    naive: (q, k, v) => naive.attention(q, k, v),
  },
  {
    of: "attention",
    note: "some columns hidden",
    shapes: [[2, 3, 4], [2, 5, 4], [2, 5, 4]],
    build: (q, k, v) =>
      layers.attention(
        q,
        k,
        v,
        q.graph.constant("seen", [3, 5], () => Float32Array.from(seen.data)),
      ),
    naive: (q, k, v) => naive.attention(q, k, v, seen),
  },
  {
    of: "attention",
    note: "a learned bias as mask, shared by the batch",
    shapes: [[2, 3, 4], [2, 5, 4], [2, 5, 4], [3, 5]],
    build: layers.attention,
    naive: naive.attention,
  },
  {
    of: "repeatHeads",
    shapes: [[2, 2, 3, 2]],
    build: (x) => layers.repeatHeads(x, 6),
    naive: (x) => repeated(x, 6),
  },
  {
    of: "attention",
    note: "two query heads share each head of keys and values",
    shapes: [[1, 4, 3, 2], [1, 2, 5, 2], [1, 2, 5, 2]],
    build: (q, k, v) => layers.attention(q, k, v),
    naive: (q, k, v) => naive.attention(q, repeated(k, 4), repeated(v, 4)),
  },
  {
    of: "causalAttention",
    note: "two query heads share each head of keys and values",
    shapes: [[1, 4, 6, 2], [1, 2, 6, 2], [1, 2, 6, 2]],
    build: (q, k, v) => layers.causalAttention(q, k, v, 4),
    naive: (q, k, v) => naive.attention(q, repeated(k, 4), repeated(v, 4), naive.causalMask(6)),
  },
  ...[2, 3, 4, 6, 7, 128].map((block): Case => ({
    of: "causalAttention",
    note: `blocks of ${block}`,
    shapes: [[2, 6, 4], [2, 6, 4], [2, 6, 4]],
    build: (q, k, v) => layers.causalAttention(q, k, v, block),
    naive: (q, k, v) => naive.attention(q, k, v, naive.causalMask(6)),
  })),
];

/** Cases of norms. */
export const NORMS: Case[] = [
  {
    of: "layerNorm",
    shapes: [[2, 3, 4], [4], [4]],
    build: (x, gain, bias) => layers.layerNorm(x, gain, bias, 1e-3),
    naive: (x, gain, bias) => {
      const n = zip(naive.normalised(x, true, 1e-3), gain, (a, b) => a * b);
      return zip(n, bias, (a, b) => a + b);
    },
  },
  {
    of: "rmsNorm",
    shapes: [[2, 3, 4], [4]],
    build: (x, gain) => layers.rmsNorm(x, gain, 1e-3),
    naive: (x, gain) => zip(naive.normalised(x, false, 1e-3), gain, (a, b) => a * b),
  },
  {
    of: "unitLength",
    shapes: [[3, 4]],
    build: (x) => layers.unitLength(x, 1e-3),
    naive: (x) => map(naive.normalised(x, false, 1e-3 / 4), (n) => n / 2), // ‖x‖² = 4 · mean(x²)
  },
];

const TARGETS = [2, 0, 4, 2];
const rightLogs = (x: Nd): Nd =>
  nd([4, 1], ([row]) => -Math.log(naive.at(naive.softmax(x), [row, TARGETS[row]])));
const binary = (l: Nd, z: Nd): Nd => zip(l, z, (l, z) => Math.log(1 + Math.exp(l)) - z * l);

/** Cases of losses. */
export const LOSSES: Case[] = [
  {
    of: "crossEntropy",
    shapes: [[4, 5]],
    build: (x) => layers.crossEntropy(x, numbers(x.graph, [4, 1], TARGETS)),
    naive: (x) => naive.weighedMean(rightLogs(x)),
  },
  {
    of: "crossEntropy",
    note: "rows weighed",
    shapes: [[4, 5], [4, 1]],
    positive: true,
    build: (x, weights) => layers.crossEntropy(x, numbers(x.graph, [4, 1], TARGETS), weights),
    naive: (x, weights) => naive.weighedMean(rightLogs(x), weights),
  },
  {
    of: "binaryCrossEntropy",
    note: "soft labels",
    shapes: [[3, 4], [3, 4]],
    build: (l, z) => layers.binaryCrossEntropy(l, z),
    naive: (l, z) => naive.weighedMean(binary(l, z)),
  },
  {
    of: "binaryCrossEntropy",
    note: "outcomes weighed",
    shapes: [[3, 4], [3, 4], [3, 4]],
    positive: true,
    build: layers.binaryCrossEntropy,
    naive: (l, z, weights) => naive.weighedMean(binary(l, z), weights),
  },
  {
    of: "logisticLoss",
    shapes: [[3, 4], [3, 4]],
    positive: true,
    build: layers.logisticLoss,
    naive: (x, weights) => naive.weighedMean(map(x, (x) => Math.log(1 + Math.exp(x))), weights),
  },
  {
    of: "meanSquaredError",
    shapes: [[3, 4], [3, 4]],
    build: layers.meanSquaredError,
    naive: (x, y) => naive.weighedMean(zip(x, y, (a, b) => (a - b) ** 2)),
  },
];

const ROWS = [1, 4, 1, 0, 1, 4];

/** Cases of lookup. */
export const LOOKUP: Case[] = [
  {
    of: "lookup",
    note: "rows repeated, row 2 and 3 unused",
    shapes: [[5, 3]],
    build: (table) => ops.lookup(table, numbers(table.graph, [2, 3], ROWS)),
    naive: (table) => nd([2, 3, 3], ([i, j, k]) => naive.at(table, [ROWS[i * 3 + j], k])),
  },
];

/** Cases of rotary. */
export const ROTARY: Case[] = [
  {
    of: "rotary",
    shapes: [[2, 2, 3, 6]],
    build: (x) => layers.rotary(x),
    naive: (x) => naive.rotated(x, [0, 1, 2], 10_000),
  },
  {
    of: "rotary",
    note: "positions out of order, some twice",
    shapes: [[2, 4, 4]],
    build: (x) => layers.rotary(x, { positions: [7, 2, 2, 40], base: 100 }),
    naive: (x) => naive.rotated(x, [7, 2, 2, 40], 100),
  },
];
