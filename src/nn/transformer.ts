/**
 * A pre-norm decoder block, in the variants that matter here: RMSNorm or LayerNorm, SwiGLU or GELU, rotary
 * positions or none, grouped key-value heads, biases, low-rank adapters.
 *
 * Parameters are named, and their matrices lie [out × in], as in the checkpoints of Llama, Qwen2 and Qwen3.
 * @module
 */
import type { Graph, Tensor } from "./graph.ts";
import { add, linear, mul, reshape, transpose } from "./ops.ts";
import { gelu, layerNorm, rmsNorm, rotary, silu } from "./layers.ts";
import {
  type Bound,
  type Initialiser,
  normal,
  ones,
  type Parameters,
  zeros,
} from "./parameters.ts";

/** Sizes and kinds of a decoder block. */
export interface BlockShape {
  /** Width of the residual stream. */
  readonly width: number;
  /** Query heads. */
  readonly heads: number;
  /** Key-value heads, each shared by heads / kvHeads query heads. Default: as many as heads. */
  readonly kvHeads?: number;
  /** Width of one head. Default width / heads. */
  readonly headWidth?: number;
  /** Hidden width of the feed-forward part. */
  readonly hidden: number;
  /** Which normalisation. Default `rms`. */
  readonly norm?: "rms" | "layer";
  /** Its ε. Default 1e-6 for `rms`, 1e-5 for `layer`. */
  readonly epsilon?: number;
  /** Which feed-forward part. Default `swiglu`. */
  readonly feedForward?: "swiglu" | "gelu";
  /** Base of the rotary angles; null = no rotary positions. Default 10,000. */
  readonly rotaryBase?: number | null;
  /** Biases on queries, keys and values (Qwen2). Default false. */
  readonly attentionBias?: boolean;
  /** RMSNorm of every head's queries and keys before they are turned (Qwen3). Default false. */
  readonly headNorm?: boolean;
}

/** Keys and values of a block [batch × kvHeads × length × headWidth], turned to their positions. */
export interface KeysValues {
  /** Keys. */
  readonly keys: Tensor;
  /** Values. */
  readonly values: Tensor;
}

/** Declares keys and values as outputs of a graph, by the names of {@link memoryInputs}. */
export function memoryOutputs(graph: Graph, memory: readonly KeysValues[]): void {
  memory.forEach(({ keys, values }, i) => {
    graph.output(`keys ${i}`, keys);
    graph.output(`values ${i}`, values);
  });
}

/** Declares keys and values as inputs of a graph, one pair a layer. */
export function memoryInputs(
  graph: Graph,
  layers: number,
  shape: readonly number[],
): KeysValues[] {
  return Array.from({ length: layers }, (_, i) => ({
    keys: graph.input(`keys ${i}`, shape),
    values: graph.input(`values ${i}`, shape),
  }));
}

/** Adds the parameters of a block under a prefix, in the names of Llama and Qwen2 checkpoints. */
export function addBlock(
  parameters: Parameters,
  prefix: string,
  shape: BlockShape,
  { deviation = 0.02, depth = 1 }: { readonly deviation?: number; readonly depth?: number } = {},
): void {
  const { width, hidden, heads, kvHeads = heads, headWidth = width / heads } = shape;
  // What is added to the residual stream starts smaller in deeper stacks, as in GPT-2.
  const last: Initialiser = normal(deviation / Math.sqrt(2 * depth));
  const matrix = (name: string, from: number, to: number, start = normal(deviation)): void =>
    parameters.add(`${prefix}.${name}.weight`, [to, from], start);
  addNorm(parameters, `${prefix}.input_layernorm`, shape);
  for (const [name, count] of [["q", heads], ["k", kvHeads], ["v", kvHeads]] as const) {
    matrix(`self_attn.${name}_proj`, width, count * headWidth);
    if (shape.attentionBias) {
      parameters.add(`${prefix}.self_attn.${name}_proj.bias`, [count * headWidth], zeros);
    }
  }
  if (shape.headNorm) {
    for (const letter of ["q", "k"]) {
      parameters.add(`${prefix}.self_attn.${letter}_norm.weight`, [headWidth], ones);
    }
  }
  matrix("self_attn.o_proj", heads * headWidth, width, last);
  addNorm(parameters, `${prefix}.post_attention_layernorm`, shape);
  if (shape.feedForward !== "gelu") matrix("mlp.gate_proj", width, hidden);
  matrix("mlp.up_proj", width, hidden);
  matrix("mlp.down_proj", hidden, width, last);
}

/** Adds the gain (and bias) of a normalisation. */
export function addNorm(
  parameters: Parameters,
  prefix: string,
  { width, norm = "rms" }: Pick<BlockShape, "width" | "norm">,
): void {
  parameters.add(`${prefix}.weight`, [width], ones);
  if (norm === "layer") parameters.add(`${prefix}.bias`, [width], zeros);
}

/** A normalisation with its parameters. */
export function normalise(
  x: Tensor,
  parameter: Bound,
  prefix: string,
  { norm = "rms", epsilon }: Pick<BlockShape, "norm" | "epsilon">,
): Tensor {
  const gain = parameter(`${prefix}.weight`);
  return norm === "rms"
    ? rmsNorm(x, gain, epsilon)
    : layerNorm(x, gain, parameter(`${prefix}.bias`), epsilon);
}

/** How a weight is applied; replaced to add adapters. */
export type Apply = (x: Tensor, parameter: Bound, name: string, bias: boolean) => Tensor;

/** x Wᵀ (+ b): weights lie as in checkpoints, [out × in]. */
export function dense(x: Tensor, parameter: Bound, name: string, bias: boolean): Tensor {
  return linear(x, parameter(`${name}.weight`), bias ? parameter(`${name}.bias`) : undefined, {
    transposeWeight: true,
  });
}

/** What one pass through a block may choose. */
export interface BlockOptions {
  /** Positions of the rows, for rotary angles; 0, 1, 2 … if absent. */
  readonly positions?: readonly number[];
  /** How weights are applied. Default {@link dense}. */
  readonly apply?: Apply;
  /** What is done to a branch before it joins the residual stream: dropout. `name` tells branches apart. */
  readonly drop?: (branch: Tensor, name: string) => Tensor;
}

/**
 * One decoder block: h = x + attention(norm(x)), y = h + feedForward(norm(h)).
 *
 * @param x [batch × length × width]
 * @param attend attention of queries [batch × heads × length × headWidth] over keys and values, which it repeats
 *   for the query heads that share them; it decides who sees whom, and may bring in keys and values from elsewhere
 */
export function block(
  x: Tensor,
  parameter: Bound,
  prefix: string,
  shape: BlockShape,
  attend: (queries: Tensor, own: KeysValues) => Tensor,
  options: BlockOptions = {},
): Tensor {
  const h = normalise(x, parameter, `${prefix}.input_layernorm`, shape);
  const queries = project(h, parameter, `${prefix}.self_attn.q_proj`, shape.heads, shape, options);
  const seen = attend(queries, keysValues(h, parameter, prefix, shape, options));
  return afterAttention(x, seen, parameter, prefix, shape, options);
}

/** The keys and values a block makes of its normalised input, one a key-value head. */
export function keysValues(
  h: Tensor,
  parameter: Bound,
  prefix: string,
  shape: BlockShape,
  options: BlockOptions = {},
): KeysValues {
  const { heads, kvHeads = heads } = shape;
  const made = (letter: "k" | "v"): Tensor =>
    project(h, parameter, `${prefix}.self_attn.${letter}_proj`, kvHeads, shape, {
      ...options,
      turned: letter === "k",
    });
  return { keys: made("k"), values: made("v") };
}

/** The rest of a block, once attention has been computed: [batch × heads × length × headWidth]. */
export function afterAttention(
  x: Tensor,
  seen: Tensor,
  parameter: Bound,
  prefix: string,
  shape: BlockShape,
  { apply = dense, drop = (branch): Tensor => branch }: BlockOptions = {},
): Tensor {
  const [batch, heads, length, headWidth] = seen.shape;
  const joined = reshape(transpose(seen, [0, 2, 1, 3]), [batch, length, heads * headWidth]);
  const attended = apply(joined, parameter, `${prefix}.self_attn.o_proj`, false);
  const h = add(x, drop(attended, `${prefix}.self_attn`));
  const n = normalise(h, parameter, `${prefix}.post_attention_layernorm`, shape);
  const up = apply(n, parameter, `${prefix}.mlp.up_proj`, false);
  const hidden = shape.feedForward === "gelu"
    ? gelu(up)
    : mul(silu(apply(n, parameter, `${prefix}.mlp.gate_proj`, false)), up);
  return add(h, drop(apply(hidden, parameter, `${prefix}.mlp.down_proj`, false), `${prefix}.mlp`));
}

/** x W cut into heads [batch × heads × length × headWidth], turned to its positions unless told not to. */
export function project(
  x: Tensor,
  parameter: Bound,
  name: string,
  heads: number,
  { rotaryBase = 10_000, attentionBias = false, headNorm = false, epsilon }: BlockShape,
  { apply = dense, positions, turned = true }: BlockOptions & { readonly turned?: boolean } = {},
): Tensor {
  const [batch, length] = x.shape;
  const y = apply(x, parameter, name, attentionBias);
  const cut = transpose(reshape(y, [batch, length, heads, y.shape[2] / heads]), [0, 2, 1, 3]);
  if (!turned) return cut; // values
  const gain = headNorm && parameter(`${name.replace(/_proj$/, "_norm")}.weight`);
  const normed = gain ? rmsNorm(cut, gain, epsilon) : cut;
  return rotaryBase === null ? normed : rotary(normed, { positions, base: rotaryBase });
}
