/**
 * A folder with a language model of a few thousand random weights in the form in which Llama and Qwen2 models
 * are published: `config.json`, `model.safetensors`, `tokenizer.json` (a byte-level BPE written by hand).
 */
import { join } from "node:path";
import { random } from "../../src/base/random.ts";
import { type StoredTensor, writeSafetensors } from "../../src/nn/safetensors.ts";
import { decoderShapes, readDecoderConfig } from "../../src/lm/config.ts";
import { PARAPHRASES, WORDING } from "../../src/icl/lm/prompts.ts";

/** Fields of config.json that differ from the default below. */
export type Config = Readonly<Record<string, unknown>>;

const SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|fim_pad|>"];

/** Some pieces, and every word of the prompts, so that these are no longer than with a real tokenizer. */
const MERGES = [
  ...new Set([
    ...["Y e", "Ye s", "N o", "t h", "th e", "Ġ the", "i n", "e r", "Ċ Ċ", "a l", "Ġ v"],
    ...[...Object.values(WORDING), ...PARAPHRASES].join(" ").match(/ ?\p{L}+/gu)!
      .flatMap((word) => spelled(word.replace(" ", "Ġ"))),
  ]),
];

/** Every word of the prompts whole whatever stands before it: a third of the tokens, for fits without number. */
export const WHOLE_WORDS: readonly string[] = [
  ...new Set([
    ...words(/ \p{L}+/gu).flatMap((word) => spelled(word.replace(" ", "Ġ"))),
    ...words(/(?<! )\b\p{L}+/gu).flatMap(spelled),
    ...["Ċ Ċ", "Y e", "Ye s", "N o"],
  ]),
];

/** What has this form in the sentences of the prompts, and in the names of those who say them. */
function words(form: RegExp): string[] {
  const roles = ["system", "user", "assistant"];
  return [...Object.values(WORDING), ...PARAPHRASES, ...roles].join("\n").match(form)!;
}

/** The merges that put a word together from the left, after the pieces above. */
function spelled(word: string): string[] {
  const letters = [...word];
  return letters.slice(1).map((letter, i) => `${letters.slice(0, i + 1).join("")} ${letter}`);
}

/** Bytes as GPT-2's byte-level tokenizers print them: printable ones as they are, the others from U+0100. */
function byteLetters(): string[] {
  const printable = (b: number): boolean => b >= 33 && b <= 126 || b >= 161 && b !== 173;
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCodePoint(printable(b) ? b : next++));
}

/** All pieces but the special ones; some come about in more than one way. */
function piecesOf(merges: readonly string[]): string[] {
  return [...new Set([...byteLetters(), ...merges.map((pair) => pair.replace(" ", ""))])];
}

/** A tokenizer with 256 bytes, merges, and special tokens. */
export function tokenizerJson(merges: readonly string[] = MERGES): Record<string, unknown> {
  const pieces = piecesOf(merges);
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIALS.map((content, i) => ({
      ...{ id: pieces.length + i, content, special: true, single_word: false },
      ...{ lstrip: false, rstrip: false, normalized: false },
    })),
    normalizer: { type: "NFC" },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        {
          type: "Split",
          pattern: { Regex: "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+|\\s+" },
          behavior: "Isolated",
          invert: false,
        },
        { ...byteLevel, use_regex: false },
      ],
    },
    post_processor: { ...byteLevel, use_regex: false },
    decoder: { ...byteLevel, use_regex: false },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
      merges,
    },
  };
}

/** Tokens of {@link tokenizerJson}. */
export const VOCABULARY = vocabularyOf(MERGES);

function vocabularyOf(merges: readonly string[]): number {
  return piecesOf(merges).length + SPECIALS.length;
}

/** Two layers of width 16, grouped heads. */
export const TINY: Config = {
  model_type: "qwen2",
  architectures: ["Qwen2ForCausalLM"],
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: VOCABULARY + 3, // tables are often padded
  max_position_embeddings: 512,
  hidden_act: "silu",
  rms_norm_eps: 1e-5,
  rope_theta: 1000,
  tie_word_embeddings: true,
  use_sliding_window: false,
  sliding_window: 512,
  bos_token_id: null,
  eos_token_id: null,
};

/** The same as a Llama: no biases, its own output matrix, heads wider than width / heads. */
export const TINY_LLAMA: Config = {
  ...TINY,
  model_type: "llama",
  architectures: ["LlamaForCausalLM"],
  tie_word_embeddings: false,
  head_dim: 6,
  sliding_window: undefined,
  use_sliding_window: undefined,
};

/** The same as a Qwen3: no biases, norms on queries and keys. */
export const TINY_QWEN3: Config = {
  ...TINY,
  model_type: "qwen3",
  architectures: ["Qwen3ForCausalLM"],
  head_dim: 8,
  attention_bias: false,
};

/**
 * Writes a model; returns its weights. `change` may damage them before they are stored.
 * @param merges of the tokenizer, from which the size of the vocabulary follows
 */
export async function writeDecoder(
  folder: string,
  config: Config = TINY,
  change: (tensors: Map<string, StoredTensor>) => void = () => {},
  deviation = 0.2,
  merges?: readonly string[],
): Promise<Map<string, StoredTensor>> {
  const write = (name: string, content: unknown): Promise<void> =>
    Deno.writeTextFile(join(folder, name), JSON.stringify(content));
  await write("config.json", merges ? { ...config, vocab_size: vocabularyOf(merges) } : config);
  await write("tokenizer.json", tokenizerJson(merges));
  const tensors = new Map<string, StoredTensor>();
  for (const [name, shape] of decoderShapes(await readDecoderConfig(join(folder, "config.json")))) {
    const stream = random(3, name), centre = name.includes("norm") ? 1 : 0;
    const size = shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: size }, () => centre + deviation * stream.normal());
    tensors.set(name, { shape, data });
  }
  change(tensors);
  await writeSafetensors(join(folder, "model.safetensors"), tensors);
  return tensors;
}
