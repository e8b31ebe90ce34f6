/**
 * The network of ICL-Router (table): a small transformer, trained from scratch, that reads a model's record and a
 * query as vectors (icl-router.md §6, tier T).
 *
 * A record is K tokens [v_k + label_k] in no order; a target is three tokens behind it, [QUERY] [v] [ANSWER + v]. The
 * two logits at [ANSWER + v] say whether the model will solve the query. As the specification has it, a labelled
 * query is two tokens, [v_k][label_k], and positions count: that is a variant.
 * @module
 */
import type { Tensor } from "../nn/graph.ts";
import { add, concat, expand, linear, lookup, mul, reshape, slice, sub } from "../nn/ops.ts";
import { causalAttention, rmsNorm, silu } from "../nn/layers.ts";
import { type Bound, normal, ones, Parameters } from "../nn/parameters.ts";
import {
  addBlock,
  addNorm,
  afterAttention,
  block,
  type BlockOptions,
  type BlockShape,
  type KeysValues,
  keysValues,
  normalise,
  project as projectHeads,
} from "../nn/transformer.ts";
import type { Random } from "../base/random.ts";
import { type AnswerNetwork, NOT_TOLD } from "./answer_network.ts";
import { sharedPrefixAttention } from "./shared_prefix.ts";

/** Sizes of a network. */
export interface NetworkShape {
  /** Width of the query vectors it reads. */
  readonly input: number;
  /** Width of the transformer. */
  readonly width: number;
  /** Decoder blocks. */
  readonly layers: number;
  /** Attention heads. */
  readonly heads: number;
  /** Byte-pair vocabulary of stage 1, specials included. */
  readonly vocabulary: number;
  /** One bias-free layer in place of the gated residual projector. */
  readonly linearProjector?: boolean;
  /** A labelled query is two tokens, slot and label, and positions count (a variant); one, in no order, if absent. */
  readonly twoTokens?: boolean;
  /** Models known by an embedding of their own in place of their record (a control): how many. */
  readonly identities?: number;
}

/**
 * The block of a network: RMSNorm, SwiGLU twice as wide as the residual stream, rotary positions of what has an order.
 * @param ordered whether it has, as texts do
 */
export function blockOf(
  { width, heads, twoTokens = false }: NetworkShape,
  ordered = twoTokens,
): BlockShape {
  return { width, heads, hidden: 2 * width, ...(ordered ? {} : { rotaryBase: null }) };
}

/** Tokens of a target: [QUERY] [v] [ANSWER + v]. */
export const TARGET_TOKENS = 3;

/** A small transformer with its sizes. */
export interface TableNetwork extends AnswerNetwork {
  /** Its sizes. */
  readonly shape: NetworkShape;
}

/** Weights of a shape as a network that stage 2 trains and the reader runs. */
export function tableNetwork(parameters: Parameters, shape: NetworkShape): TableNetwork {
  const { input, layers, heads, width, twoTokens, identities } = shape;
  return {
    ...{ parameters, shape, input, layers, width },
    byName: identities !== undefined,
    recordLength: (K) => twoTokens ? 2 * K : K,
    memoryShape: (length) => [1, heads, length, width / heads],
    group: (_, { length }, decay) => ({ decay: length > 1 ? decay : 0 }),
    read: (parameter, vectors, labels, options) =>
      encodeRecords(parameter, shape, vectors, labels, options),
    readNames: (parameter, models, options) => encodeIdentities(parameter, shape, models, options),
    answer: (parameter, vectors, memory, options) =>
      answerLogits(parameter, shape, vectors, memory, options),
    states: (parameter, vectors, memory, options) =>
      answerStates(parameter, shape, vectors, memory, options),
    head: headLogits,
  };
}

/** The initial weights. */
export function initialise(shape: NetworkShape, random: Random): Parameters {
  const { width, layers, input, vocabulary, linearProjector, identities } = shape;
  const deviation = 1 / Math.sqrt(width); // variance 1 in, variance 1 out
  const parameters = new Parameters(random);
  addProjector(parameters, "projector", input, width, { linear: linearProjector });
  parameters.add("label_table", [NOT_TOLD + 1, width], normal(deviation));
  parameters.add("query_marker", [width], normal(deviation));
  parameters.add("answer_marker", [width], normal(deviation));
  for (let i = 0; i < layers; i++) {
    addBlock(parameters, `layers.${i}`, blockOf(shape), { deviation, depth: layers });
    if (!shape.twoTokens) startNear(parameters, `layers.${i}.self_attn`);
  }
  addNorm(parameters, "norm", { width });
  parameters.add("answer_head", [2, width], normal(deviation));
  parameters.add("token_table", [vocabulary, width], normal(deviation));
  if (identities) parameters.add("identity_table", [identities, width], normal(deviation));
  return parameters;
}

/**
 * Keys start as twice the queries, so that a token looks at those like it from the first step on. Where there is
 * little to learn from, it does not learn to from unlike starts, and records say no more than the models' means.
 */
function startNear(parameters: Parameters, prefix: string): void {
  const [q, k] = ["q", "k"].map((letter) => parameters.get(`${prefix}.${letter}_proj.weight`).data);
  q.forEach((value, i) => k[i] = 2 * value);
}

/**
 * The keys and values that targets attend to, one pair a layer, from the records of G models on the same
 * K queries. The last block's own attention is never looked at, so it is not computed.
 *
 * @param vectors query vectors of the record [K × input]
 * @param labels int64 [G × K], 1 = solved, 0 = not, {@link NOT_TOLD}
 */
export function encodeRecords(
  parameter: Bound,
  shape: NetworkShape,
  vectors: Tensor,
  labels: Tensor,
  options: BlockOptions = {},
): KeysValues[] {
  const [models, K] = labels.shape, { width } = shape;
  const slots = expand(reshape(project(parameter, "projector", vectors), [1, K, width]), [
    models,
    K,
    width,
  ]);
  const answers = lookup(parameter("label_table"), labels);
  if (!shape.twoTokens) return encodePrefix(parameter, shape, add(slots, answers), options);
  const apart = [slots, answers].map((x) => reshape(x, [models, K, 1, width]));
  return encodePrefix(parameter, shape, reshape(concat(apart, 2), [models, 2 * K, width]), options);
}

/** The control that knows models by name: each model's prefix is one learned token. @param models int64 [G × 1] */
export function encodeIdentities(
  parameter: Bound,
  shape: NetworkShape,
  models: Tensor,
  options: BlockOptions = {},
): KeysValues[] {
  const token = lookup(parameter("identity_table"), models);
  return encodePrefix(parameter, shape, token, options);
}

function encodePrefix(
  parameter: Bound,
  shape: NetworkShape,
  prefix: Tensor,
  options: BlockOptions,
): KeysValues[] {
  const made: KeysValues[] = [], inner = blockOf(shape);
  let x = prefix;
  for (let i = 0; i < shape.layers; i++) {
    const name = `layers.${i}`;
    if (i === shape.layers - 1) {
      const h = normalise(x, parameter, `${name}.input_layernorm`, inner);
      made.push(keysValues(h, parameter, name, inner, options));
      break;
    }
    const named = renamed(options, "record");
    x = block(x, parameter, name, inner, (q, own) => {
      made.push(own);
      return causalAttention(q, own.keys, own.values);
    }, named);
  }
  return made;
}

/**
 * ℓ = logit(solved) − logit(not solved) of every target for every model, [G × B].
 *
 * @param vectors query vectors of the targets [B × input]
 * @param prefixes of {@link encodeRecords}, one a layer
 */
export function answerLogits(
  parameter: Bound,
  shape: NetworkShape,
  vectors: Tensor,
  prefixes: readonly KeysValues[],
  options: BlockOptions = {},
): Tensor {
  const h = answerStates(parameter, shape, vectors, prefixes, options);
  return reshape(headLogits(parameter, h), [prefixes[0].keys.shape[0], vectors.shape[0]]);
}

function headLogits(parameter: Bound, states: Tensor): Tensor {
  const logits = linear(states, parameter("answer_head"), undefined, { transposeWeight: true });
  const [no, yes] = [0, 1].map((j) => slice(logits, 1, j, j + 1));
  return sub(yes, no);
}

/** What the head reads at [ANSWER] of every target for every model, normalised: [G·B × width]. */
export function answerStates(
  parameter: Bound,
  shape: NetworkShape,
  vectors: Tensor,
  prefixes: readonly KeysValues[],
  options: BlockOptions = {},
): Tensor {
  const { width, layers, heads } = shape, inner = blockOf(shape);
  const [models, , start] = prefixes[0].keys.shape, B = vectors.shape[0];
  const marker = (name: string): Tensor =>
    expand(reshape(parameter(name), [1, 1, width]), [B, 1, width]);
  const slots = reshape(project(parameter, "projector", vectors), [B, 1, width]);
  // [ANSWER] carries the vector as well: through attention alone it would have a share of one in 2K.
  const asked = add(marker("answer_marker"), slots);
  const tokens = concat([marker("query_marker"), slots, asked], 1);
  let x = expand(reshape(tokens, [1, B * TARGET_TOKENS, width]), [
    models,
    B * TARGET_TOKENS,
    width,
  ]);
  const positions = Array.from({ length: B * TARGET_TOKENS }, (_, i) => start + i % TARGET_TOKENS);
  const named = { ...renamed(options, "target"), positions };
  for (let i = 0; i < layers - 1; i++) {
    const attend = (q: Tensor, own: KeysValues): Tensor =>
      sharedPrefixAttention(q, prefixes[i], own, B);
    x = block(x, parameter, `layers.${i}`, inner, attend, named);
  }
  // Of the last block only [ANSWER] is looked at, so only it asks.
  const name = `layers.${layers - 1}`;
  const answers = (z: Tensor): Tensor => {
    const apart = reshape(z, [models, B, TARGET_TOKENS, width]);
    return reshape(slice(apart, 2, TARGET_TOKENS - 1, TARGET_TOKENS), [models, B, width]);
  };
  const n = normalise(x, parameter, `${name}.input_layernorm`, inner);
  const own = keysValues(n, parameter, name, inner, named);
  const q = projectHeads(answers(n), parameter, `${name}.self_attn.q_proj`, heads, inner, {
    ...named,
    positions: Array.from({ length: B }, () => start + TARGET_TOKENS - 1),
  });
  const seen = sharedPrefixAttention(q, prefixes[layers - 1], own, B);
  const last = afterAttention(answers(x), seen, parameter, name, inner, named);
  return normalise(reshape(last, [models * B, width]), parameter, "norm", inner);
}

/**
 * Next-token logits of stage 1, [B·(T+1) × vocabulary]: row t of a text predicts its token t from the slot
 * and the tokens before it.
 *
 * @param vectors [B × input]
 * @param tokens int64 [B × T]
 */
export function reconstructionLogits(
  parameter: Bound,
  shape: NetworkShape,
  vectors: Tensor,
  tokens: Tensor,
  options: BlockOptions = {},
): Tensor {
  const [B, T] = tokens.shape, { width, layers } = shape, inner = blockOf(shape, true);
  const table = parameter("token_table");
  const slot = reshape(project(parameter, "projector", vectors), [B, 1, width]);
  let x = concat([slot, lookup(table, tokens)], 1);
  for (let i = 0; i < layers; i++) {
    x = block(
      x,
      parameter,
      `layers.${i}`,
      inner,
      (q, own) => causalAttention(q, own.keys, own.values),
      renamed(options, "text"),
    );
  }
  const h = normalise(reshape(x, [B * (T + 1), width]), parameter, "norm", inner);
  return linear(h, table, undefined, { transposeWeight: true });
}

/** Dropout sites of the record, the targets and the texts go by different names. */
function renamed({ drop, ...rest }: BlockOptions, stream: string): BlockOptions {
  return drop ? { ...rest, drop: (x, name) => drop(x, `${stream} ${name}`) } : rest;
}

/** Adds the projector's parameters under a prefix; `linear`: one bias-free layer after the norm, no more. */
export function addProjector(
  parameters: Parameters,
  prefix: string,
  from: number,
  to: number,
  { linear = false }: { readonly linear?: boolean } = {},
): void {
  parameters.add(`${prefix}.norm.weight`, [from], ones);
  parameters.add(`${prefix}.in_proj.weight`, [to, from], normal(1 / Math.sqrt(from)));
  if (linear) return;
  for (const name of ["gate_proj", "up_proj", "down_proj"]) {
    parameters.add(`${prefix}.${name}.weight`, [to, to], normal(0.02));
  }
}

/**
 * The projector g, from query vectors [rows × from] to the width of the network [rows × to] (icl-router.md §2):
 * u = W_in · RMSNorm(x), g(x) = u + W_down( SiLU(W_gate u) ⊙ W_up u ), or u alone, as the parameters have it; no
 * biases. RMSNorm rescales the vector, so it does not matter whether the embedding was normalised before.
 */
export function project(parameter: Bound, prefix: string, vectors: Tensor): Tensor {
  const apply = (x: Tensor, name: string): Tensor =>
    linear(x, parameter(`${prefix}.${name}.weight`), undefined, { transposeWeight: true });
  const u = apply(rmsNorm(vectors, parameter(`${prefix}.norm.weight`)), "in_proj");
  if (!parameter.has(`${prefix}.down_proj.weight`)) return u;
  return add(u, apply(mul(silu(apply(u, "gate_proj")), apply(u, "up_proj")), "down_proj"));
}
