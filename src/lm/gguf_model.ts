/**
 * A GGUF file as a model in the form of its publishers: configuration, tokenizer, and tensors under the names
 * and in the order of rows of the checkpoint. llama.cpp interleaves the rotary pairs of queries and keys of
 * Llama models; here they stand in halves again.
 * @module
 */
import { CapabilityError, DataError } from "../base/errors.ts";
import type { PlannedTensor } from "../nn/safetensors_stream.ts";
import { HEAD, NORM, TABLE } from "./config.ts";
import type { Fact, Gguf } from "./gguf.ts";

/** A model that can be written as a folder. */
export interface ModelParts {
  /** Content of `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Content of `tokenizer.json`. */
  readonly tokenizer: unknown;
  /** Its tensors. */
  readonly tensors: ReadonlyMap<string, PlannedTensor>;
}

/** Architectures by the name that GGUF and `config.json` both give them. */
const ARCHITECTURES = ["llama", "qwen2", "qwen3"];

/**
 * Translates a file.
 * @throws {DataError} naming file and fact or tensor, when one is missing or unexplained
 * @throws {CapabilityError} on another architecture, tokenizer or scaled rotary angles
 */
export function ggufModel(gguf: Gguf, where: string): ModelParts {
  const config = configOf(gguf, where);
  return { config, tokenizer: tokenizerOf(gguf, where), tensors: tensorsOf(gguf, config, where) };
}

function configOf(gguf: Gguf, where: string): ModelParts["config"] {
  const arch = choice(gguf, "general.architecture", ARCHITECTURES, where);
  const number = (key: string, fallback?: number): number => {
    const value = gguf.facts.get(`${arch}.${key}`) ?? fallback;
    if (typeof value === "number") return value;
    throw new DataError(`${where}: fact "${arch}.${key}": expected a number, got ${show(value)}`);
  };
  const scaling = gguf.facts.get(`${arch}.rope.scaling.type`) ?? "none";
  if (scaling !== "none") {
    throw new CapabilityError(
      `${where}: ${arch}.rope.scaling.type is "${scaling}"; supported: none`,
    );
  }
  const heads = number("attention.head_count"), width = number("embedding_length");
  const head = number("attention.key_length", width / heads);
  if (number("rope.dimension_count", head) !== head) {
    throw new CapabilityError(
      `${where}: only ${number("rope.dimension_count")} of ${head} are turned`,
    );
  }
  return {
    model_type: arch,
    hidden_act: "silu",
    hidden_size: width,
    intermediate_size: number("feed_forward_length"),
    num_hidden_layers: number("block_count"),
    num_attention_heads: heads,
    num_key_value_heads: number("attention.head_count_kv", heads),
    head_dim: head,
    vocab_size: gguf.shape("token_embd.weight")[0],
    max_position_embeddings: number("context_length"),
    rms_norm_eps: shortest(number("attention.layer_norm_rms_epsilon")),
    rope_theta: shortest(number("rope.freq_base", 10_000)),
    tie_word_embeddings: !gguf.names.includes("output.weight"),
  };
}

/** The shortest decimal that is the same float32: files hold 9.99999975e-6 for 1e-5. */
function shortest(x: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(x.toPrecision(digits));
    if (Math.fround(short) === x) return short;
  }
  return x;
}

const WHOLE: Readonly<Record<string, string>> = {
  "token_embd.weight": TABLE,
  "output.weight": HEAD,
  "output_norm.weight": `${NORM}.weight`,
};

const IN_BLOCK: Readonly<Record<string, string>> = {
  attn_norm: "input_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_q_norm: "self_attn.q_norm",
  attn_k_norm: "self_attn.k_norm",
  attn_output: "self_attn.o_proj",
  ffn_norm: "post_attention_layernorm",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj",
};

function tensorsOf(
  gguf: Gguf,
  config: ModelParts["config"],
  where: string,
): Map<string, PlannedTensor> {
  const head = Number(config.head_dim), tensors = new Map<string, PlannedTensor>();
  for (const name of gguf.names) {
    const [, block, part, kind] = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name) ?? [];
    const own = WHOLE[name] ??
      (Object.hasOwn(IN_BLOCK, part ?? "")
        ? `model.layers.${block}.${IN_BLOCK[part]}.${kind}`
        : null);
    if (own === null) {
      throw new DataError(
        `${where}: tensor "${name}": expected one of a ${config.model_type} model`,
      );
    }
    const interleaved = config.model_type === "llama" && (part === "attn_q" || part === "attn_k");
    tensors.set(own, {
      shape: gguf.shape(name),
      read: async () => {
        const { shape, data } = await gguf.read(name);
        return interleaved ? inHalves(data, shape[0], head) : data;
      },
    });
  }
  return tensors;
}

/** Row s · head/2 + j of every head from row 2 j + s. */
function inHalves(data: Float32Array, rows: number, head: number): Float32Array {
  const width = data.length / rows, out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const at = row % head, j = at >> 1, s = at & 1;
    out.set(data.subarray(row * width, (row + 1) * width), (row - at + s * head / 2 + j) * width);
  }
  return out;
}

const BYTE_LEVEL = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
const ENDS = { ...BYTE_LEVEL, use_regex: false };
const QWEN = [
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)",
  "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+",
  "\\p{N}",
  " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*",
  "\\s*[\\r\\n]+",
  "\\s+(?!\\S)",
  "\\s+",
].join("|");

/** How texts are cut before the merges, by the name that llama.cpp gives it. */
const CUTS: Readonly<Record<string, { normalizer: unknown; pre_tokenizer: unknown }>> = {
  "gpt-2": { normalizer: null, pre_tokenizer: { ...BYTE_LEVEL, use_regex: true } },
  smollm: {
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [{ type: "Digits", individual_digits: true }, {
        ...BYTE_LEVEL,
        use_regex: true,
      }],
    },
  },
  qwen2: {
    normalizer: { type: "NFC" },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: QWEN }, behavior: "Isolated", invert: false },
        ENDS,
      ],
    },
  },
};

/** Kinds of tokens that are no plain text: control tokens, and those the publisher added. */
const CONTROL = 3, ADDED = 4;

function tokenizerOf(gguf: Gguf, where: string): unknown {
  const list = (key: string): readonly Fact[] => {
    const value = gguf.facts.get(`tokenizer.ggml.${key}`);
    if (Array.isArray(value)) return value;
    throw new DataError(
      `${where}: fact "tokenizer.ggml.${key}": expected a list, got ${show(value)}`,
    );
  };
  choice(gguf, "tokenizer.ggml.model", ["gpt2"], where);
  if (gguf.facts.get("tokenizer.ggml.add_bos_token") === true) {
    throw new CapabilityError(`${where}: tokenizer.ggml.add_bos_token is true; supported: false`);
  }
  const cut = CUTS[choice(gguf, "tokenizer.ggml.pre", Object.keys(CUTS), where)];
  const tokens = list("tokens").map(String), kinds = list("token_type");
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: tokens.flatMap((content, id) =>
      kinds[id] === CONTROL || kinds[id] === ADDED
        ? [{
          ...{ id, content, special: kinds[id] === CONTROL, single_word: false },
          ...{ lstrip: false, rstrip: false, normalized: false },
        }]
        : []
    ),
    ...cut,
    post_processor: null,
    decoder: { ...ENDS, use_regex: true },
    model: {
      ...{ type: "BPE", dropout: null, unk_token: null, fuse_unk: false, byte_fallback: false },
      ...{ continuing_subword_prefix: null, end_of_word_suffix: null },
      vocab: Object.fromEntries(tokens.map((content, id) => [content, id])),
      merges: list("merges"),
    },
  };
}

function choice(gguf: Gguf, key: string, known: readonly string[], where: string): string {
  const value = gguf.facts.get(key);
  if (typeof value === "string" && known.includes(value)) return value;
  throw new CapabilityError(`${where}: ${key} is ${show(value)}; supported: ${known.join(", ")}`);
}

function show(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value).slice(0, 60);
}
