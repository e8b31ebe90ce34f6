/**
 * Llama and Qwen2 checkpoints as the {@link Backbone} of ICL-Router: a folder with `config.json`,
 * `tokenizer.json` and `model.safetensors` (or its index and shards), as models are published.
 *
 * Proven on models with random weights, against float64 loops and, once and by hand, against the transformers
 * library (5.23, logits within 3e-6; also at the sizes of Qwen2.5-0.5B in bfloat16). Published weights have not
 * been tried. All numbers become float32: four bytes a weight, and twelve more for each trained one (gradient
 * and moments).
 * @module
 */
import { join } from "node:path";
import { CapabilityError, DataError } from "../../base/errors.ts";
import { hashJson, sha256 } from "../../base/hash.ts";
import type { Random } from "../../base/random.ts";
import type { Tensor } from "../../nn/graph.ts";
import { linear, lookup } from "../../nn/ops.ts";
import { addAdapters, isAdapter, type LoraOptions, withAdapters } from "../../nn/lora.ts";
import { type Bound, Parameters, values } from "../../nn/parameters.ts";
import { readIndexed, type TensorFolder } from "../../nn/safetensors_folder.ts";
import { attention, causalAttention } from "../../nn/layers.ts";
import {
  block,
  type BlockShape,
  dense,
  type KeysValues,
  keysValues,
  normalise,
} from "../../nn/transformer.ts";
import type { Backbone, DecodeOptions } from "./backbone.ts";
import { openTokenizer, type TokenizerOptions } from "./tokenizer.ts";
import { readJson } from "../../base/files.ts";

/** What is trained of a language model: nothing, everything, or low-rank adapters of its blocks' matrices. */
export type Tuning = "frozen" | "full" | LoraOptions;

/** How a model is opened. */
export interface LlamaOptions extends TokenizerOptions {
  /** What is trained. */
  readonly tuning: Tuning;
  /** Names the streams that new parameters (adapters, a projector) start from. */
  readonly random: Random;
}

const TABLE = "model.embed_tokens.weight", HEAD = "lm_head.weight", NORM = "model.norm";

/**
 * Opens a model.
 * @throws {DataError} naming file and tensor or field, when something is missing, damaged, of another shape,
 *   or when there are tensors that the configuration does not explain
 * @throws {CapabilityError} when the model computes something not built here, see {@link readLlamaConfig}
 */
export async function openLlama(folder: string, options: LlamaOptions): Promise<Backbone> {
  const path = join(folder, "config.json"), config = await readLlamaConfig(path);
  const tokenizer = await openTokenizer(folder, options), { slot, yes, no, end } = tokenizer;
  if (Math.max(slot, yes, no, end) >= config.vocabulary) {
    throw new DataError(
      `${path}: vocab_size: ${config.vocabulary}, but the tokenizer's ids go beyond it ` +
        `(slot ${slot}, Yes ${yes}, No ${no}, end of turn ${end})`,
    );
  }
  const parameters = await loadWeights(await readIndexed(folder), folder, config, options.random);
  const vectors = [...parameters].filter(([, { shape }]) => shape.length === 1)
    .map(([, { data }]) => sha256(new Uint8Array(data.buffer)));
  const size = parameters.count, { tuning } = options;
  if (typeof tuning === "object") addAdapters(parameters, inBlocks(tuning));
  return {
    ...network(config, parameters, tuning),
    description: `${config.kind}, ${config.layers} layers of width ${config.block.width}, ` +
      `${(size / 1e6).toFixed(1)} M parameters, ${describeTuning(tuning)}`,
    fingerprint: hashJson({ config, tokenizer: tokenizer.hash, vectors }),
    tokenizer,
  };
}

/** The projections that LoRA adapts by default: all of attention and of the feed-forward part. */
export function everyProjection(name: string): boolean {
  return name.endsWith("_proj");
}

/** `full fine-tuning`, `LoRA of rank 16, α 32`. */
export function describeTuning(tuning: Tuning): string {
  if (tuning === "full") return "full fine-tuning";
  return tuning === "frozen" ? "frozen" : `LoRA of rank ${tuning.rank}, α ${tuning.alpha}`;
}

/** Adapters belong to the blocks: the table and the head are not applied as adaptable matrices. */
function inBlocks({ adapts, ...rest }: LoraOptions): LoraOptions {
  return { ...rest, adapts: (name) => name.startsWith("model.layers.") && adapts(name) };
}

function network(
  { block: shape, layers, vocabulary, longest, tied }: LlamaConfig,
  parameters: Parameters,
  tuning: Tuning,
): Omit<Backbone, "description" | "fingerprint" | "tokenizer"> {
  const { width, heads, headWidth } = shape, table = parameters.get(TABLE).data;
  const base = new Set([...parameters].map(([name]) => name).filter((name) => !isAdapter(name)));
  const trains = (name: string): boolean =>
    tuning === "full" ? base.has(name) : tuning !== "frozen" && isAdapter(name);
  const apply = typeof tuning === "object" ? withAdapters(tuning) : dense;
  const layer = (i: number): string => `model.layers.${i}`;

  const embed = (ids: readonly number[]): Float32Array => {
    const rows = new Float32Array(ids.length * width);
    ids.forEach((id, i) => {
      if (!(id >= 0 && id < vocabulary)) throw new RangeError(`token ${id} of ${vocabulary}`);
      rows.set(table.subarray(id * width, (id + 1) * width), i * width);
    });
    return rows;
  };
  const run = (
    parameter: Bound,
    rows: Tensor,
    count: number,
    { positions, mask, attend }: DecodeOptions,
  ): Tensor => {
    let x = rows;
    for (let i = 0; i < count; i++) {
      x = block(x, parameter, layer(i), shape, (q, own) => {
        if (attend) return attend(i, q, own);
        const { keys, values } = own;
        return mask ? attention(q, keys, values, mask) : causalAttention(q, keys, values);
      }, { positions, apply });
    }
    return x;
  };
  return {
    ...{ width, vocabulary, longest, layers, parameters, trains, embed },
    tokens: (graph, parameter, name, count) =>
      trains(TABLE)
        ? lookup(parameter(TABLE), graph.input(name, [count], { type: "int64" }))
        : graph.input(name, [count, width]),
    feed: (name, ids) => ({ [name]: trains(TABLE) ? BigInt64Array.from(ids, BigInt) : embed(ids) }),
    decode: (parameter, rows, options = {}) =>
      normalise(run(parameter, rows, layers, options), parameter, NORM, shape),
    remember: (parameter, rows) => {
      const memory: KeysValues[] = [], last = layers - 1;
      const x = run(parameter, rows, last, {
        attend: (_, q, own) => {
          memory.push(own);
          return causalAttention(q, own.keys, own.values);
        },
      });
      // What the last block makes of these rows is never looked at.
      const h = normalise(x, parameter, `${layer(last)}.input_layernorm`, shape);
      return [...memory, keysValues(h, parameter, layer(last), shape, { apply })];
    },
    memoryShape: (length) => [1, heads, length, headWidth],
    logits: (parameter, rows, ids) => {
      const head = parameter(tied ? TABLE : HEAD);
      const chosen = ids && rows.graph.constant(
        `token ids ${ids}`,
        [ids.length],
        () => BigInt64Array.from(ids, BigInt),
      );
      return linear(rows, chosen ? lookup(head, chosen) : head, undefined, {
        transposeWeight: true,
      });
    },
  };
}

/** Names and shapes of the tensors of a model, as its configuration has them. */
export function llamaShapes(config: LlamaConfig): Map<string, readonly number[]> {
  const { block: { width, heads, kvHeads, headWidth, hidden, attentionBias }, vocabulary } = config;
  const shapes = new Map<string, readonly number[]>([[TABLE, [vocabulary, width]]]);
  for (let i = 0; i < config.layers; i++) {
    const matrix = (name: string, from: number, to: number, bias = false): void => {
      shapes.set(`model.layers.${i}.${name}.weight`, [to, from]);
      if (bias) shapes.set(`model.layers.${i}.${name}.bias`, [to]);
    };
    shapes.set(`model.layers.${i}.input_layernorm.weight`, [width]);
    matrix("self_attn.q_proj", width, heads * headWidth, attentionBias);
    matrix("self_attn.k_proj", width, kvHeads * headWidth, attentionBias);
    matrix("self_attn.v_proj", width, kvHeads * headWidth, attentionBias);
    matrix("self_attn.o_proj", heads * headWidth, width);
    shapes.set(`model.layers.${i}.post_attention_layernorm.weight`, [width]);
    matrix("mlp.gate_proj", width, hidden);
    matrix("mlp.up_proj", width, hidden);
    matrix("mlp.down_proj", hidden, width);
  }
  shapes.set(`${NORM}.weight`, [width]);
  if (!config.tied) shapes.set(HEAD, [vocabulary, width]);
  return shapes;
}

/** Shapes are checked before the first weight is read, so that a wrong folder is refused at once. */
async function loadWeights(
  stored: TensorFolder,
  folder: string,
  config: LlamaConfig,
  random: Random,
): Promise<Parameters> {
  const shapes = llamaShapes(config);
  for (const [name, shape] of shapes) {
    const found = stored.entry(name).shape;
    if (found.join() !== shape.join()) {
      throw new DataError(
        `${folder}: "${name}": shape [${found}], config.json says [${shape}]`,
      );
    }
  }
  // Old files store the rotary frequencies, and some a second copy of a tied table.
  const idle = (name: string): boolean =>
    name.endsWith(".rotary_emb.inv_freq") || (config.tied && name === HEAD);
  const unknown = stored.names().find((name) => !shapes.has(name) && !idle(name));
  if (unknown !== undefined) {
    throw new DataError(`${folder}: "${unknown}" is no tensor of a ${config.kind} model`);
  }
  const parameters = new Parameters(random);
  for (const [name, shape] of shapes) {
    parameters.add(name, shape, values((await stored.read(name)).data));
  }
  return parameters;
}

/** What the weights of a model mean. */
export interface LlamaConfig {
  /** Which family. */
  readonly kind: "llama" | "qwen2";
  /** The blocks. */
  readonly block: BlockShape & { readonly kvHeads: number; readonly headWidth: number };
  /** How many of them. */
  readonly layers: number;
  /** Number of tokens. */
  readonly vocabulary: number;
  /** Most positions. */
  readonly longest: number;
  /** Whether the token table is the output matrix too. */
  readonly tied: boolean;
}

/**
 * Reads a `config.json`: sizes, and a refusal of everything that would be computed otherwise than here.
 * @throws {DataError} naming file and field, when one is missing or makes no sense
 * @throws {CapabilityError} naming file and field, when the model computes something not built here: scaled
 *   rotary angles, sliding windows, other attention or activation, further biases, quantised weights
 */
export async function readLlamaConfig(path: string): Promise<LlamaConfig> {
  const config = Object(await readJson(path)) as Record<string, unknown>;
  const whole = (field: string, fallback?: number): number => {
    const value = config[field] ?? fallback;
    if (Number.isInteger(value) && Number(value) > 0) return Number(value);
    throw new DataError(`${path}: ${field}: expected a whole number from 1, got ${show(value)}`);
  };
  const positive = (value: unknown, field: string): number => {
    if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
    throw new DataError(`${path}: ${field}: expected a number above 0, got ${show(value)}`);
  };
  const only = (field: string, value: unknown, ...supported: unknown[]): void => {
    if (supported.includes(value)) return;
    throw new CapabilityError(
      `${path}: ${field} is ${show(value)}; supported: ${supported.map(show).join(", ")}`,
    );
  };

  only("model_type", config.model_type, "llama", "qwen2");
  const kind = config.model_type as LlamaConfig["kind"];
  only("quantization_config", config.quantization_config ?? null, null);
  only("hidden_act", config.hidden_act ?? "silu", "silu");
  only(
    "attention_bias",
    config.attention_bias ?? false,
    false,
    ...(kind === "qwen2" ? [true] : []),
  );
  only("mlp_bias", config.mlp_bias ?? false, false);
  only("attention_dropout", config.attention_dropout ?? 0, 0);
  only("use_sliding_window", config.use_sliding_window ?? false, false);
  if (kind === "llama") only("sliding_window", config.sliding_window ?? null, null);
  for (const type of listOf(config.layer_types)) only("layer_types", type, "full_attention");
  // Since 2025 rope_theta and the kind of scaling may stand together in rope_parameters.
  const rope = Object(config.rope_parameters) as Record<string, unknown>;
  only("rope_parameters.rope_type", rope.rope_type ?? "default", "default");
  const scaling = config.rope_scaling as Record<string, unknown> | null | undefined;
  if (scaling) only("rope_scaling.rope_type", scaling.rope_type ?? scaling.type, "default");

  const width = whole("hidden_size"), heads = whole("num_attention_heads");
  const kvHeads = whole("num_key_value_heads", heads);
  if (heads % kvHeads !== 0) {
    throw new DataError(
      `${path}: num_key_value_heads: ${kvHeads} does not divide the ${heads} attention heads`,
    );
  }
  const headWidth = whole("head_dim", width / heads);
  if (headWidth % 2 !== 0) {
    throw new DataError(`${path}: head_dim: rotary positions need an even width, got ${headWidth}`);
  }
  return {
    kind,
    block: {
      ...{ width, heads, kvHeads, headWidth, hidden: whole("intermediate_size") },
      epsilon: positive(config.rms_norm_eps ?? 1e-6, "rms_norm_eps"),
      rotaryBase: positive(config.rope_theta ?? rope.rope_theta ?? 10_000, "rope_theta"),
      attentionBias: kind === "qwen2",
    },
    layers: whole("num_hidden_layers"),
    vocabulary: whole("vocab_size"),
    longest: whole("max_position_embeddings", kind === "llama" ? 2048 : 32768),
    tied: config.tie_word_embeddings === true,
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function show(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}
