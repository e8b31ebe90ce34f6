/**
 * The network of ICL-Router (prior-fitted): a transformer whose attention looks at queries alone, so all models of a
 * pool share its weights, and whose values carry what a record says of each model.
 *
 * No number it reads depends on the direction of a vector: pairs of queries come as cosines, as the likeness of what
 * known models score around them, and as the likeness of the tasks around them. So it reads embeddings of any width.
 * Without positions, the order of a record does not matter.
 * @module
 */
import type { Graph, Tensor } from "../nn/graph.ts";
import {
  add,
  concat,
  div,
  exp,
  expand,
  linear,
  log,
  matmul,
  mul,
  reshape,
  scale,
  shift,
  slice,
  square,
  sub,
  sum,
  transpose,
} from "../nn/ops.ts";
import { gelu, rmsNorm, tanh } from "../nn/layers.ts";
import { type Bound, normal, ones, Parameters, zeros } from "../nn/parameters.ts";
import type { Random } from "../base/random.ts";

/** Numbers a query brings of its own, whatever the model; see `surroundings.ts`. */
export const TOKEN = 6;
/** Numbers a query brings for one model. */
export const OWN = 7;
/** Sizes of the network: layers, heads of each, width of a value, of a token, of hidden layers. */
const LAYERS = 3, HEADS = 8, VALUE = 8, WIDTH = 32, HIDDEN = 64, PAIR = 5, PAIR_HIDDEN = 32;
/** Weight of "nothing near": what a head's mean is divided by holds at least this. */
const FLOOR = 0.02;

/** Sizes of one reading. */
export interface ReadingShape {
  /** Records read at once. */
  readonly models: number;
  /** Labelled queries of a record, filled up with masked ones. */
  readonly items: number;
  /** Queries to answer for. */
  readonly targets: number;
  /** Width of the embedding, number of known models, number of tasks. */
  readonly widths: readonly [number, number, number];
}

/** What a reading is fed: items first, then targets, in every array over queries. */
export interface ReadingFeeds extends Record<string, Float32Array> {
  /** Query vectors, less the mean cosine's share; [queries × D]. */
  vectors: Float32Array;
  /** How known models deviate around a query, of length ≤ 1; [queries × M]. */
  behaviour: Float32Array;
  /** Tasks around a query, of length 1; [queries × C]. */
  votes: Float32Array;
  /** Other numbers of a query; [queries × {@link TOKEN}]. */
  tokens: Float32Array;
  /** What a model's whole record says around a query; [models × queries × {@link OWN}]. */
  own: Float32Array;
  /** Mean cosine of two queries, and one over their deviation; [2]. */
  scale: Float32Array;
  /** Scores of the record, 0 where unknown; [models × items]. */
  labels: Float32Array;
  /** 1 where known; [models × items]. */
  known: Float32Array;
}

/** The initial weights. */
export function initialise(random: Random): Parameters {
  const parameters = new Parameters(random);
  const layer = (name: string, from: number, to: number, deviation = 1 / Math.sqrt(from)): void => {
    parameters.add(`${name}.weight`, [from, to], normal(deviation));
    parameters.add(`${name}.bias`, [to], zeros);
  };
  layer("pair.in", PAIR, PAIR_HIDDEN);
  layer("pair.out", PAIR_HIDDEN, LAYERS * HEADS, 2 / Math.sqrt(PAIR_HIDDEN));
  layer("token", TOKEN + OWN + 2, WIDTH);
  for (let i = 0; i < LAYERS; i++) {
    parameters.add(`layers.${i}.norm`, [WIDTH], ones);
    layer(`layers.${i}.value`, WIDTH, HEADS * VALUE);
    layer(`layers.${i}.in`, 2 * WIDTH + HEADS * (VALUE + 1) + 1 + TOKEN + OWN, HIDDEN);
    layer(`layers.${i}.out`, HIDDEN, WIDTH, 0.3 / Math.sqrt(HIDDEN));
  }
  parameters.add("norm", [WIDTH], ones);
  layer("answer", WIDTH, 1, 0.1);
  layer("level", TOKEN + OWN, 1, 0.1);
  return parameters;
}

/** Declares the inputs of a reading and computes the logits of P(right), [models × targets]. */
export function answerLogits(graph: Graph, parameter: Bound, shape: ReadingShape): Tensor {
  const { models: G, items: K, targets, widths: [D, M, C] } = shape, T = K + targets;
  const tokens = graph.input("tokens", [T, TOKEN]);
  const known = graph.input("known", [G, K]);
  const labels = graph.input("labels", [G, K]);
  const apply = (x: Tensor, name: string): Tensor =>
    linear(x, parameter(`${name}.weight`), parameter(`${name}.bias`));
  const pairs = pairFeatures(graph, tokens, K, [D, M, C]);
  const scores = apply(gelu(apply(pairs, "pair.in")), "pair.out");
  const weights = mul(
    exp(scale(tanh(scale(scores, 1 / 6)), 6)),
    others(graph, T, K),
  ); // [T × K × L·H]
  const attention = transpose(weights, [2, 0, 1]);

  const count = sum(known, [1]); // [G × 1]
  const length = scale(log(shift(count, 1)), 0.2);
  const column = (x: Tensor): Tensor => reshape(x, [G, 1, 1]);
  const everywhere = (x: Tensor): Tensor => expand(x, [G, T, x.shape[2]]);
  const own = concat(
    [everywhere(reshape(tokens, [1, T, TOKEN])), graph.input("own", [G, T, OWN])],
    2,
  );
  const seen = (x: Tensor): Tensor =>
    reshape(concat([x, zeroColumns(graph, G, targets)], 1), [G, T, 1]);
  const mask = reshape(known, [G, K, 1]);
  let h = apply(concat([seen(mul(labels, known)), seen(known), own], 2), "token");
  for (let i = 0; i < LAYERS; i++) {
    const name = `layers.${i}`, n = rmsNorm(h, parameter(`${name}.norm`));
    const items = slice(n, 1, 0, K);
    const values = reshape(apply(items, `${name}.value`), [G, K, HEADS, VALUE]);
    const weighed = attend(
      slice(attention, 0, i * HEADS, (i + 1) * HEADS),
      mul(
        concat([values, onesLike(graph, [G, K, HEADS, 1])], 3),
        reshape(known, [G, K, 1, 1]),
      ),
    ); // [G × T × H × VALUE + 1]
    const mass = shift(slice(weighed, 3, VALUE, VALUE + 1), FLOOR);
    const means = reshape(div(slice(weighed, 3, 0, VALUE), mass), [G, T, HEADS * VALUE]);
    const record = div(sum(mul(items, mask), [1]), shift(column(count), 1));
    const inputs = concat([
      n,
      means,
      reshape(scale(log(mass), 0.3), [G, T, HEADS]),
      everywhere(record),
      everywhere(column(length)),
      own,
    ], 2);
    h = add(h, apply(gelu(apply(inputs, `${name}.in`)), `${name}.out`));
  }
  const last = rmsNorm(slice(h, 1, K, T), parameter("norm"));
  const level = apply(slice(own, 1, K, T), "level");
  return reshape(add(apply(last, "answer"), level), [G, targets]);
}

/** What every query and every item have to do with one another, [T × K × PAIR]. */
function pairFeatures(
  graph: Graph,
  tokens: Tensor,
  K: number,
  [D, M, C]: ReadingShape["widths"],
): Tensor {
  const T = tokens.shape[0];
  const likeness = (name: string, width: number): Tensor => {
    const x = graph.input(name, [T, width]);
    return matmul(x, slice(x, 0, 0, K), { transposeB: true });
  };
  const factor = graph.input("scale", [2]);
  const part = (i: number): Tensor => reshape(slice(factor, 0, i, i + 1), [1, 1]);
  const cosine = scale(mul(sub(likeness("vectors", D), part(0)), part(1)), 1 / 3);
  // The first two numbers of a token: its nearest neighbour, on the scale of `cosine`; the pool's mean around it.
  const nearest = slice(tokens, 1, 0, 1), ease = slice(tokens, 1, 1, 2);
  const across = reshape(slice(ease, 0, 0, K), [1, K]);
  const features = [
    cosine,
    sub(expand(nearest, [T, K]), cosine),
    likeness("behaviour", M),
    scale(square(sub(expand(ease, [T, K]), across)), 0.5),
    likeness("votes", C),
  ];
  return concat(features.map((x) => reshape(x, [T, K, 1])), 2);
}

/** Weighted sums of the items' values for every query: [H × T × K] on [G × K × H × v], to [G × T × H × v]. */
function attend(weights: Tensor, values: Tensor): Tensor {
  const [G, K, H, v] = values.shape, T = weights.shape[1];
  const columns = reshape(transpose(values, [2, 1, 0, 3]), [H, K, G * v]);
  return transpose(reshape(matmul(weights, columns), [H, T, G, v]), [2, 1, 0, 3]);
}

/** 1, but 0 where an item would attend to itself: [T × K × 1]. */
function others(graph: Graph, T: number, K: number): Tensor {
  return graph.constant(`others ${T} ${K}`, [T, K, 1], () => {
    const mask = new Float32Array(T * K).fill(1);
    for (let k = 0; k < K; k++) mask[k * K + k] = 0;
    return mask;
  });
}

function zeroColumns(graph: Graph, rows: number, columns: number): Tensor {
  return graph.constant(
    `zeros ${rows} ${columns}`,
    [rows, columns],
    () => new Float32Array(rows * columns),
  );
}

function onesLike(graph: Graph, shape: readonly number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return graph.constant(`ones ${shape}`, shape, () => new Float32Array(size).fill(1));
}
