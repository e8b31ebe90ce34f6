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
  constantOnes,
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
  const { models: G, items: K, targets } = shape, T = K + targets;
  const rows = declareRows(graph, shape, T), own = declareOwn(graph, rows, G);
  const { labels, known } = declareRecord(graph, shape);
  const attention = mul(weightsOf(graph, parameter, rows, firstOf(rows, K)), others(graph, T, K));
  const seen = (x: Tensor): Tensor =>
    reshape(concat([x, zeroColumns(graph, G, targets)], 1), [G, T, 1]);
  const start = [seen(mul(labels, known)), seen(known)];
  const hear = (i: number, n: Tensor): Heard => heardOf(parameter, i, slice(n, 1, 0, K), known);
  const h = layers(parameter, { start, own, attention, known }, hear);
  return answers(parameter, slice(h, 1, K, T), slice(own, 1, K, T));
}

/**
 * The half of {@link answerLogits} without targets: declares the inputs of items alone, and puts out what targets hear of
 * them in every layer.
 */
export function listen(graph: Graph, parameter: Bound, shape: ReadingShape): void {
  const { models: G, items: K } = shape, { labels, known } = declareRecord(graph, shape);
  const rows = declareRows(graph, shape, K), own = declareOwn(graph, rows, G);
  const attention = mul(weightsOf(graph, parameter, rows, rows), others(graph, K, K));
  const start = [mul(labels, known), known].map((x) => reshape(x, [G, K, 1]));
  layers(parameter, { start, own, attention, known }, (i, n) => {
    const heard = heardOf(parameter, i, n, known);
    for (const [name, value] of Object.entries(heard)) graph.output(`${name} ${i}`, value);
    return heard;
  });
}

/** The other half: logits of targets by what {@link listen} put out, fed under the same names. */
export function logitsHearing(graph: Graph, parameter: Bound, shape: ReadingShape): Tensor {
  const { models: G, items: K, targets: B } = shape, known = graph.input("known", [G, K]);
  const rows = declareRows(graph, shape, B), own = declareOwn(graph, rows, G);
  const attention = weightsOf(graph, parameter, rows, declareRows(graph, shape, K, "item "));
  const nothing = reshape(zeroColumns(graph, G, B), [G, B, 1]);
  const h = layers(parameter, { start: [nothing, nothing], own, attention, known }, (i) => ({
    values: graph.input(`values ${i}`, [HEADS, K, G * (VALUE + 1)]),
    record: graph.input(`record ${i}`, [G, 1, WIDTH]),
  }));
  return answers(parameter, h, own);
}

/** What is known of some queries, whatever the model; as {@link ReadingFeeds} has it. */
type Rows = Readonly<Record<"tokens" | "vectors" | "behaviour" | "votes", Tensor>>;

function declareRows(graph: Graph, { widths: [D, M, C] }: ReadingShape, T: number, of = ""): Rows {
  const input = (name: string, width: number): Tensor => graph.input(of + name, [T, width]);
  return {
    tokens: input("tokens", TOKEN),
    vectors: input("vectors", D),
    behaviour: input("behaviour", M),
    votes: input("votes", C),
  };
}

/** Tokens, and what models' whole records say, [G × T × TOKEN + OWN]. */
function declareOwn(graph: Graph, { tokens }: Rows, G: number): Tensor {
  const T = tokens.shape[0], everywhere = expand(reshape(tokens, [1, T, TOKEN]), [G, T, TOKEN]);
  return concat([everywhere, graph.input("own", [G, T, OWN])], 2);
}

function declareRecord(
  graph: Graph,
  { models: G, items: K }: ReadingShape,
): { labels: Tensor; known: Tensor } {
  return { known: graph.input("known", [G, K]), labels: graph.input("labels", [G, K]) };
}

/** The first K rows. */
function firstOf(rows: Rows, K: number): Rows {
  return Object.fromEntries(
    Object.entries(rows).map(([name, x]) => [name, slice(x, 0, 0, K)]),
  ) as Rows;
}

function apply(parameter: Bound, x: Tensor, name: string): Tensor {
  return linear(x, parameter(`${name}.weight`), parameter(`${name}.bias`));
}

/** Weights of every item for every query, [T × K × layers·heads]. */
function weightsOf(graph: Graph, parameter: Bound, rows: Rows, items: Rows): Tensor {
  const pairs = pairFeatures(graph, rows, items);
  const scores = apply(parameter, gelu(apply(parameter, pairs, "pair.in")), "pair.out");
  return exp(scale(tanh(scale(scores, 1 / 6)), 6));
}

/** What queries hear of items in a layer. */
interface Heard extends Record<string, Tensor> {
  /** Values of the items, and a one beside each; 0 where a model has no score. [heads × K × G · (VALUE + 1)] */
  readonly values: Tensor;
  /** Their mean, [G × 1 × WIDTH]. */
  readonly record: Tensor;
}

/** @param items states of the items, normalised, [G × K × WIDTH] */
function heardOf(parameter: Bound, layer: number, items: Tensor, known: Tensor): Heard {
  const [G, K] = known.shape, { graph } = items;
  const values = reshape(apply(parameter, items, `layers.${layer}.value`), [G, K, HEADS, VALUE]);
  const masked = mul(
    concat([values, constantOnes(graph, [G, K, HEADS, 1])], 3),
    reshape(known, [G, K, 1, 1]),
  );
  const count = reshape(sum(known, [1]), [G, 1, 1]);
  return {
    values: reshape(transpose(masked, [2, 1, 0, 3]), [HEADS, K, G * (VALUE + 1)]),
    record: div(sum(mul(items, reshape(known, [G, K, 1])), [1]), shift(count, 1)),
  };
}

/** What the layers start from. */
interface Start {
  /** Score and whether there is one, of every model and query; 0 for targets. [G × T × 1] each */
  readonly start: readonly Tensor[];
  /** As {@link declareOwn}. */
  readonly own: Tensor;
  /** As {@link weightsOf}. */
  readonly attention: Tensor;
  /** [G × K] */
  readonly known: Tensor;
}

/** States of all queries after the last layer, [G × T × WIDTH]. */
function layers(
  parameter: Bound,
  { start, own, attention, known }: Start,
  hear: (layer: number, states: Tensor) => Heard,
): Tensor {
  const [G, T] = own.shape, weights = transpose(attention, [2, 0, 1]);
  const length = scale(log(shift(sum(known, [1]), 1)), 0.2);
  const everywhere = (x: Tensor): Tensor => expand(x, [G, T, x.shape[2]]);
  let h = apply(parameter, concat([...start, own], 2), "token");
  for (let i = 0; i < LAYERS; i++) {
    const name = `layers.${i}`, n = rmsNorm(h, parameter(`${name}.norm`));
    const { values, record } = hear(i, n);
    const weighed = attend(slice(weights, 0, i * HEADS, (i + 1) * HEADS), values, G);
    // Without its last axis of one, over which the runtime would go number by number.
    const mass = shift(reshape(slice(weighed, 3, VALUE, VALUE + 1), [G, T, HEADS]), FLOOR);
    const means = div(slice(weighed, 3, 0, VALUE), reshape(mass, [G, T, HEADS, 1]));
    const inputs = concat([
      n,
      reshape(means, [G, T, HEADS * VALUE]),
      scale(log(mass), 0.3),
      everywhere(record),
      everywhere(reshape(length, [G, 1, 1])),
      own,
    ], 2);
    h = add(h, apply(parameter, gelu(apply(parameter, inputs, `${name}.in`)), `${name}.out`));
  }
  return h;
}

/** Logits [G × targets] of the targets' states and what is known of them. */
function answers(parameter: Bound, h: Tensor, own: Tensor): Tensor {
  const level = apply(parameter, own, "level"), last = rmsNorm(h, parameter("norm"));
  return reshape(add(apply(parameter, last, "answer"), level), own.shape.slice(0, 2));
}

/** What every query and every item have to do with one another, [T × K × PAIR]. */
function pairFeatures(graph: Graph, rows: Rows, items: Rows): Tensor {
  const T = rows.tokens.shape[0], K = items.tokens.shape[0];
  const likeness = (name: keyof Rows): Tensor =>
    matmul(rows[name], items[name], { transposeB: true });
  const factor = graph.input("scale", [2]);
  const part = (i: number): Tensor => reshape(slice(factor, 0, i, i + 1), [1, 1]);
  const cosine = scale(mul(sub(likeness("vectors"), part(0)), part(1)), 1 / 3);
  // The first two numbers of a token: its nearest neighbour, on the scale of `cosine`; the pool's mean around it.
  const nearest = slice(rows.tokens, 1, 0, 1), ease = slice(rows.tokens, 1, 1, 2);
  const across = reshape(slice(items.tokens, 1, 1, 2), [1, K]);
  const features = [
    cosine,
    sub(expand(nearest, [T, K]), cosine),
    likeness("behaviour"),
    scale(square(sub(expand(ease, [T, K]), across)), 0.5),
    likeness("votes"),
  ];
  return concat(features.map((x) => reshape(x, [T, K, 1])), 2);
}

/** Weighted sums of the items' values for every query: [H × T × K] on [H × K × G·v], to [G × T × H × v]. */
function attend(weights: Tensor, values: Tensor, G: number): Tensor {
  const [H, T] = weights.shape, v = values.shape[2] / G;
  return transpose(reshape(matmul(weights, values), [H, T, G, v]), [2, 1, 0, 3]);
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
