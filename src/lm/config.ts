/**
 * What the `config.json` of a decoder means: sizes, the names and shapes of its tensors, and a refusal of
 * everything that would be computed otherwise than here.
 * @module
 */
import { CapabilityError, DataError } from "../base/errors.ts";
import { readJson } from "../base/files.ts";
import type { BlockShape } from "../nn/transformer.ts";

/** The token table, the output matrix of models that have their own, and the last normalisation. */
export const TABLE = "model.embed_tokens.weight", HEAD = "lm_head.weight", NORM = "model.norm";

/** What the weights of a model mean. */
export interface DecoderConfig {
  /** Which family. */
  readonly kind: "llama" | "qwen2" | "qwen3";
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
export async function readDecoderConfig(path: string): Promise<DecoderConfig> {
  return decoderConfig(await readJson(path), path);
}

/** {@link readDecoderConfig} of the content of a file, which `path` names in messages. */
export function decoderConfig(content: unknown, path: string): DecoderConfig {
  const { config, whole, positive, only } = fields(content, path);
  only("model_type", config.model_type, "llama", "qwen2", "qwen3");
  const kind = config.model_type as DecoderConfig["kind"];
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
      headNorm: kind === "qwen3",
    },
    layers: whole("num_hidden_layers"),
    vocabulary: whole("vocab_size"),
    longest: whole("max_position_embeddings", kind === "llama" ? 2048 : 32768),
    tied: config.tie_word_embeddings === true,
  };
}

/** The fields of a configuration, and what may be asked of them. */
export interface Fields {
  /** All of them. */
  readonly config: Readonly<Record<string, unknown>>;
  /** A whole number from 1. @throws {DataError} */
  whole(field: string, fallback?: number): number;
  /** A number above 0. @throws {DataError} */
  positive(value: unknown, field: string): number;
  /** Refuses what is not built here. @throws {CapabilityError} */
  only(field: string, value: unknown, ...supported: unknown[]): void;
}

/** Reads fields of a configuration; messages name file and field. */
export function fields(content: unknown, path: string): Fields {
  const config = Object(content) as Record<string, unknown>;
  return {
    config,
    whole: (field, fallback) => {
      const value = config[field] ?? fallback;
      if (Number.isInteger(value) && Number(value) > 0) return Number(value);
      throw new DataError(`${path}: ${field}: expected a whole number from 1, got ${show(value)}`);
    },
    positive: (value, field) => {
      if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
      throw new DataError(`${path}: ${field}: expected a number above 0, got ${show(value)}`);
    },
    only: (field, value, ...supported) => {
      if (supported.includes(value)) return;
      throw new CapabilityError(
        `${path}: ${field} is ${show(value)}; supported: ${supported.map(show).join(", ")}`,
      );
    },
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function show(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}

/** Names and shapes of the tensors of a model, as its configuration has them. */
export function decoderShapes(config: DecoderConfig): Map<string, readonly number[]> {
  const {
    block: { width, heads, kvHeads, headWidth, hidden, attentionBias, headNorm },
    vocabulary,
  } = config;
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
    if (headNorm) {
      for (const letter of ["q", "k"]) {
        shapes.set(`model.layers.${i}.self_attn.${letter}_norm.weight`, [headWidth]);
      }
    }
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
