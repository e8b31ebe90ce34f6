/** GGUF files for tests, written from the format's description, and models as llama.cpp would write them. */
import { encodeSafetensors, type StoredTensor } from "../../src/nn/safetensors.ts";
import { join } from "node:path";
import { type Config, tokenizerJson } from "./tiny_decoder.ts";

/** A tensor as bytes. */
export interface RawTensor {
  readonly name: string;
  /** Outermost dimension first. */
  readonly shape: readonly number[];
  /** Number of the type: 0 = F32, 1 = F16, 2 = Q4_0, 3 = Q4_1, 8 = Q8_0. */
  readonly type: number;
  readonly bytes: Uint8Array;
}

type Value = string | number | boolean | readonly string[] | readonly number[];

/** A file's bytes. Whole numbers become u32, others f32. */
export function encodeGguf(
  facts: Readonly<Record<string, Value>>,
  tensors: readonly RawTensor[],
  version = 3,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const number = (size: number, set: (view: DataView) => void): void => {
    const view = new DataView(new ArrayBuffer(size));
    set(view);
    parts.push(new Uint8Array(view.buffer));
  };
  const u32 = (x: number): void => number(4, (view) => view.setUint32(0, x, true));
  const u64 = (x: number): void => number(8, (view) => view.setBigUint64(0, BigInt(x), true));
  const text = (s: string): void => {
    const bytes = new TextEncoder().encode(s);
    u64(bytes.length);
    parts.push(bytes);
  };
  const scalar = (value: string | number | boolean, typed: boolean): void => {
    if (typeof value === "string") {
      if (typed) u32(8);
      text(value);
    } else if (typeof value === "boolean") {
      if (typed) u32(7);
      number(1, (view) => view.setUint8(0, value ? 1 : 0));
    } else if (Number.isInteger(value)) {
      if (typed) u32(4);
      u32(value);
    } else {
      if (typed) u32(6);
      number(4, (view) => view.setFloat32(0, value, true));
    }
  };
  parts.push(new TextEncoder().encode("GGUF"));
  u32(version);
  u64(tensors.length);
  u64(Object.keys(facts).length);
  for (const [key, value] of Object.entries(facts)) {
    text(key);
    if (Array.isArray(value)) {
      u32(9);
      u32(typeof value[0] === "string" ? 8 : 4);
      u64(value.length);
      for (const item of value) scalar(item, false);
    } else scalar(value as string | number | boolean, true);
  }
  let offset = 0;
  for (const { name, shape, type, bytes } of tensors) {
    text(name);
    u32(shape.length);
    for (const n of shape.toReversed()) u64(n);
    u32(type);
    u64(offset);
    offset += Math.ceil(bytes.length / 32) * 32;
  }
  const fill = (): void => {
    const length = parts.reduce((n, part) => n + part.length, 0);
    parts.push(new Uint8Array(Math.ceil(length / 32) * 32 - length));
  };
  fill();
  for (const { bytes } of tensors) {
    parts.push(bytes);
    fill();
  }
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** A tensor of float32 numbers. */
export function float32Tensor(name: string, { shape, data }: StoredTensor): RawTensor {
  return { name, shape, type: 0, bytes: new Uint8Array(data.slice().buffer) };
}

const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^model\.embed_tokens/, "token_embd"],
  [/^model\.norm/, "output_norm"],
  [/^lm_head/, "output"],
  [/^model\.layers\./, "blk."],
  [/input_layernorm/, "attn_norm"],
  [/self_attn\.([qkv])_proj/, "attn_$1"],
  [/self_attn\.([qk])_norm/, "attn_$1_norm"],
  [/self_attn\.o_proj/, "attn_output"],
  [/post_attention_layernorm/, "ffn_norm"],
  [/mlp\.(gate|up|down)_proj/, "ffn_$1"],
];

/** A model as llama.cpp's converter writes it: its names, and for Llama rotary pairs side by side. */
export function ggufOf(
  weights: ReadonlyMap<string, StoredTensor>,
  config: Config,
  change: Readonly<Record<string, Value>> = {},
): Uint8Array<ArrayBuffer> {
  const arch = String(config.model_type), heads = Number(config.num_attention_heads);
  const head = Number(config.head_dim ?? Number(config.hidden_size) / heads);
  const { model, added_tokens: added } = tokenizerJson() as {
    model: { vocab: Record<string, number>; merges: string[] };
    added_tokens: { content: string }[];
  };
  const tokens = [...Object.keys(model.vocab), ...added.map(({ content }) => content)];
  const facts: Record<string, Value> = {
    "general.architecture": arch,
    [`${arch}.embedding_length`]: Number(config.hidden_size),
    [`${arch}.feed_forward_length`]: Number(config.intermediate_size),
    [`${arch}.block_count`]: Number(config.num_hidden_layers),
    [`${arch}.attention.head_count`]: heads,
    [`${arch}.attention.head_count_kv`]: Number(config.num_key_value_heads),
    [`${arch}.attention.key_length`]: head,
    [`${arch}.attention.layer_norm_rms_epsilon`]: Number(config.rms_norm_eps),
    [`${arch}.rope.freq_base`]: Number(config.rope_theta),
    [`${arch}.context_length`]: Number(config.max_position_embeddings),
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "smollm",
    "tokenizer.ggml.tokens": tokens,
    "tokenizer.ggml.token_type": tokens.map((_, id) => id < tokens.length - added.length ? 1 : 3),
    "tokenizer.ggml.merges": model.merges,
    ...change,
  };
  const tensors = [...weights].map(([name, { shape, data }]) => {
    const own = NAMES.reduce((text, [from, to]) => text.replace(from, to), name);
    const turned = arch === "llama" && /_(q|k)\./.test(own);
    return float32Tensor(own, { shape, data: turned ? sideBySide(data, shape[0], head) : data });
  });
  return encodeGguf(facts, tensors);
}

/** llama.cpp's permutation: reshape(heads, 2, head/2, width), then the two middle axes exchanged. */
function sideBySide(data: Float32Array, rows: number, head: number): Float32Array {
  const width = data.length / rows, out: number[] = [];
  for (let h = 0; h < rows / head; h++) {
    for (let j = 0; j < head / 2; j++) {
      for (const s of [0, 1]) {
        const row = h * head + s * head / 2 + j;
        out.push(...data.subarray(row * width, (row + 1) * width));
      }
    }
  }
  return Float32Array.from(out);
}

/** Writes a model's folder with its tensors stored as they are in the map. */
export async function writeFolder(
  folder: string,
  weights: ReadonlyMap<string, StoredTensor>,
  config: Config,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeFile(join(folder, "model.safetensors"), encodeSafetensors(weights));
  await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify(config));
  await Deno.writeTextFile(join(folder, "tokenizer.json"), JSON.stringify(tokenizerJson()));
}
