/**
 * A folder with a BERT encoder of a few thousand random weights in the form in which such models are published:
 * `config.json`, `model.safetensors`, `tokenizer.json` (a WordPiece of letters and a few words).
 */
import { join } from "node:path";
import { random } from "../../src/base/random.ts";
import { importModel } from "../../src/lm/import.ts";
import { shapesOf } from "../../src/lm/presets.ts";
import { type StoredTensor, writeSafetensors } from "../../src/nn/safetensors.ts";
import { inFolder } from "../support/folder.ts";

const SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];
const LETTERS = [..."abcdefghijklmnopqrstuvwxyz0123456789.,?!'-+*=()"];
const WORDS = ["the", "alpha", "beta", "query", "of", "and", "question"];
const PIECES = [...SPECIALS, ...LETTERS, ...LETTERS.map((letter) => `##${letter}`), ...WORDS];

/** Two blocks of width 16. */
export const TINY_BERT: Readonly<Record<string, unknown>> = {
  model_type: "bert",
  architectures: ["BertModel"],
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  vocab_size: PIECES.length,
  max_position_embeddings: 64,
  type_vocab_size: 2,
  hidden_act: "gelu",
};

function wordPiece(pieces: readonly string[]): Record<string, unknown> {
  const special = (id: string): object => ({ SpecialToken: { id, type_id: 0 } });
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIALS.map((content, id) => ({
      ...{ id, content, special: true, single_word: false },
      ...{ lstrip: false, rstrip: false, normalized: false },
    })),
    normalizer: {
      type: "BertNormalizer",
      ...{ clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [special("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, special("[SEP]")],
      pair: [],
      special_tokens: Object.fromEntries(
        [2, 3].map((id) => [SPECIALS[id], { id: SPECIALS[id], ids: [id], tokens: [SPECIALS[id]] }]),
      ),
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      ...{ unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100 },
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
    },
  };
}

/**
 * Writes the encoder; the file of its weights may have another name.
 * @param words known whole, beside {@link WORDS}
 */
export async function writeEncoder(
  folder: string,
  file = "model.safetensors",
  words: readonly string[] = [],
): Promise<void> {
  const tensors = new Map<string, StoredTensor>(), pieces = [...PIECES, ...words];
  const config = { ...TINY_BERT, vocab_size: pieces.length };
  for (const [name, shape] of shapesOf(config)) {
    const stream = random(5, name), size = shape.reduce((a, b) => a * b, 1);
    const centre = name.includes("LayerNorm.weight") ? 1 : 0;
    const data = Float32Array.from({ length: size }, () => centre + 0.3 * stream.normal());
    tensors.set(name, { shape, data });
  }
  await Deno.mkdir(folder, { recursive: true });
  await writeSafetensors(join(folder, file), tensors);
  await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify(config));
  await Deno.writeTextFile(join(folder, "tokenizer.json"), JSON.stringify(wordPiece(pieces)));
}

/** A store in which the encoder is called `tiny`. */
export async function withTinyEncoder(use: (root: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    await writeEncoder(join(folder, "published"));
    await importModel(join(folder, "published"), { id: "tiny", root: join(folder, "store") });
    await use(join(folder, "store"));
  });
}
