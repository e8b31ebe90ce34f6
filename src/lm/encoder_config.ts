/**
 * What the `config.json` of a BERT encoder (MiniLM, gte, bge, e5) means, and its tensors.
 * @module
 */
import { fields } from "./config.ts";

/** Sizes of an encoder. */
export interface EncoderConfig {
  /** Width of the states. */
  readonly width: number;
  /** Attention heads. */
  readonly heads: number;
  /** Hidden width of the feed-forward part. */
  readonly hidden: number;
  /** Number of blocks. */
  readonly layers: number;
  /** Number of tokens. */
  readonly vocabulary: number;
  /** Most tokens of a text. */
  readonly longest: number;
  /** Kinds of segments; texts here are of the first. */
  readonly segments: number;
  /** ε of the normalisations. */
  readonly epsilon: number;
}

/**
 * Reads a configuration; `path` names it in messages.
 * @throws {DataError} naming file and field, when one is missing or makes no sense
 * @throws {CapabilityError} naming file and field, when the model computes something not built here
 */
export function encoderConfig(content: unknown, path: string): EncoderConfig {
  const { config, whole, positive, only } = fields(content, path);
  only("model_type", config.model_type, "bert");
  only("hidden_act", config.hidden_act ?? "gelu", "gelu");
  only(
    "position_embedding_type",
    config.position_embedding_type ?? "absolute",
    "absolute",
  );
  only("is_decoder", config.is_decoder ?? false, false);
  const width = whole("hidden_size"), heads = whole("num_attention_heads");
  only("hidden_size / num_attention_heads: remainder", width % heads, 0);
  return {
    ...{ width, heads, hidden: whole("intermediate_size"), layers: whole("num_hidden_layers") },
    vocabulary: whole("vocab_size"),
    longest: whole("max_position_embeddings", 512),
    segments: whole("type_vocab_size", 2),
    epsilon: positive(config.layer_norm_eps ?? 1e-12, "layer_norm_eps"),
  };
}

/** Names and shapes of the tensors, without the pooler, which nothing here uses. */
export function encoderShapes(config: EncoderConfig): Map<string, readonly number[]> {
  const { width, hidden } = config, shapes = new Map<string, readonly number[]>();
  const norm = (name: string): void => {
    shapes.set(`${name}.weight`, [width]).set(`${name}.bias`, [width]);
  };
  const matrix = (name: string, from: number, to: number): void => {
    shapes.set(`${name}.weight`, [to, from]).set(`${name}.bias`, [to]);
  };
  shapes.set("embeddings.word_embeddings.weight", [config.vocabulary, width]);
  shapes.set("embeddings.position_embeddings.weight", [config.longest, width]);
  shapes.set("embeddings.token_type_embeddings.weight", [config.segments, width]);
  norm("embeddings.LayerNorm");
  for (let i = 0; i < config.layers; i++) {
    const layer = `encoder.layer.${i}`;
    for (const name of ["query", "key", "value"]) {
      matrix(`${layer}.attention.self.${name}`, width, width);
    }
    matrix(`${layer}.attention.output.dense`, width, width);
    norm(`${layer}.attention.output.LayerNorm`);
    matrix(`${layer}.intermediate.dense`, width, hidden);
    matrix(`${layer}.output.dense`, hidden, width);
    norm(`${layer}.output.LayerNorm`);
  }
  return shapes;
}

/** Tensors of a published encoder that are not used here. */
export function isIdleInEncoder(name: string): boolean {
  return /^(pooler|cls)\.|\.position_ids$/.test(name);
}
