/**
 * Hand-written models for tests: the smallest ONNX writer that onnxruntime accepts, and a folder with a
 * tiny encoder (word vectors plus their masked mean) and its WordPiece tokenizer.
 * @module
 */
type Bytes = Uint8Array;
const text = new TextEncoder();

function concat(parts: readonly Bytes[]): Bytes {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function varint(value: number | bigint): Bytes {
  let rest = BigInt.asUintN(64, BigInt(value));
  const out: number[] = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    out.push(rest ? low | 128 : low);
  } while (rest);
  return Uint8Array.from(out);
}

const int = (field: number, v: number | bigint): Bytes => concat([varint(field << 3), varint(v)]);
const bytes = (field: number, v: Bytes): Bytes =>
  concat([varint(field << 3 | 2), varint(v.length), v]);
const string = (field: number, v: string): Bytes => bytes(field, text.encode(v));

/** ONNX element types. */
export const FLOAT = 1, INT64 = 7;

/** An initializer. */
export function tensor(name: string, dims: number[], data: Float32Array | BigInt64Array): Bytes {
  return concat([
    ...dims.map((d) => int(1, d)),
    int(2, data instanceof Float32Array ? FLOAT : INT64),
    string(8, name),
    bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]);
}

/** A node; attributes are integers. */
export function node(
  op: string,
  inputs: string[],
  outputs: string[],
  attributes: Record<string, number> = {},
): Bytes {
  return concat([
    ...inputs.map((i) => string(1, i)),
    ...outputs.map((o) => string(2, o)),
    string(4, op),
    ...Object.entries(attributes).map(([name, v]) =>
      bytes(5, concat([string(1, name), int(3, v), int(20, 2)]))
    ),
  ]);
}

/** An input or output; named dimensions are free. */
export function value(name: string, type: number, dims: (number | string)[]): Bytes {
  const shape = dims.map((d) => bytes(1, typeof d === "number" ? int(1, d) : string(2, d)));
  const tensorType = concat([int(1, type), bytes(2, concat(shape))]);
  return concat([string(1, name), bytes(2, bytes(1, tensorType))]);
}

/** A model of IR version 8 and opset 17. */
export function model(graph: {
  nodes: Bytes[];
  constants?: Bytes[];
  inputs: Bytes[];
  outputs: Bytes[];
}): Bytes {
  return concat([
    int(1, 8),
    string(2, "tiny"),
    bytes(
      7,
      concat([
        ...graph.nodes.map((n) => bytes(1, n)),
        string(2, "g"),
        ...(graph.constants ?? []).map((n) => bytes(5, n)),
        ...graph.inputs.map((n) => bytes(11, n)),
        ...graph.outputs.map((n) => bytes(12, n)),
      ]),
    ),
    bytes(8, concat([string(1, ""), int(2, 17)])),
  ]);
}

/** `y = -x` for one float. */
export function negateModel(): Bytes {
  const [x, y] = ["x", "y"].map((name) => value(name, FLOAT, [1]));
  return model({ nodes: [node("Neg", ["x"], ["y"])], inputs: [x], outputs: [y] });
}

/** Vocabulary of the tiny encoder. */
export const TINY_VOCABULARY = [
  ...["[PAD]", "[UNK]", "[CLS]", "[SEP]"],
  ...["the", "cat", "dog", "sat", "ran", "##s", "two", "plus", "?", "."],
];
/** Vector of each word: 3 wide, chosen by hand. */
export const TINY_VECTORS = TINY_VOCABULARY.map((_, i) => [i, (i * i) % 7, (3 * i) % 5 - 2]);

/**
 * Writes the tiny encoder as a model folder. The state of a token is its word vector plus the masked mean
 * of all word vectors, so a wrong mask, padding included or a wrong token order shows in every pooling.
 */
export async function writeTinyEncoder(folder: string): Promise<void> {
  const words = Float32Array.from(TINY_VECTORS.flat());
  const ids = ["input_ids", "attention_mask", "token_type_ids"];
  const graph = model({
    nodes: [
      node("Gather", ["words", "input_ids"], ["word"]),
      node("Cast", ["attention_mask"], ["mask"], { to: FLOAT }),
      node("Unsqueeze", ["mask", "last"], ["column"]),
      node("Mul", ["word", "column"], ["kept"]),
      node("ReduceSum", ["kept", "tokens"], ["sum"], { keepdims: 1 }),
      node("ReduceSum", ["column", "tokens"], ["count"], { keepdims: 1 }),
      node("Div", ["sum", "count"], ["mean"]),
      node("Add", ["word", "mean"], ["last_hidden_state"]),
    ],
    constants: [
      tensor("words", [TINY_VOCABULARY.length, 3], words),
      tensor("last", [1], BigInt64Array.of(2n)),
      tensor("tokens", [1], BigInt64Array.of(1n)),
    ],
    inputs: ids.map((name) => value(name, INT64, ["batch", "tokens"])),
    outputs: [value("last_hidden_state", FLOAT, ["batch", "tokens", 3])],
  });
  await writeFolder(folder, graph, { model_type: "bert", hidden_size: 3, pad_token_id: 0 });
}

/**
 * Writes a tiny causal model, dressed as Qwen3: the state of a token is the sum of the word vectors up to
 * it plus its position, so the last token depends on the whole text and on where it stands.
 */
export async function writeTinyDecoder(folder: string): Promise<void> {
  const graph = model({
    nodes: [
      node("Gather", ["words", "input_ids"], ["word"]),
      node("CumSum", ["word", "axis"], ["sum"]),
      node("Cast", ["position_ids"], ["position"], { to: FLOAT }),
      node("Unsqueeze", ["position", "last"], ["column"]),
      node("Add", ["sum", "column"], ["last_hidden_state"]),
    ],
    constants: [
      tensor("words", [TINY_VOCABULARY.length, 3], Float32Array.from(TINY_VECTORS.flat())),
      tensor("axis", [], BigInt64Array.of(1n)),
      tensor("last", [1], BigInt64Array.of(2n)),
    ],
    inputs: ["input_ids", "attention_mask", "position_ids"]
      .map((name) => value(name, INT64, ["batch", "tokens"])),
    outputs: [value("last_hidden_state", FLOAT, ["batch", "tokens", 3])],
  });
  const heads = { num_hidden_layers: 1, num_attention_heads: 1, num_key_value_heads: 1 };
  await writeFolder(folder, graph, { model_type: "qwen3", hidden_size: 3, head_dim: 3, ...heads });
}

async function writeFolder(folder: string, graph: Bytes, config: unknown): Promise<void> {
  await Deno.mkdir(`${folder}/onnx`, { recursive: true });
  await Deno.writeFile(`${folder}/onnx/model.onnx`, graph);
  const json = (name: string, content: unknown): Promise<void> =>
    Deno.writeTextFile(`${folder}/${name}`, JSON.stringify(content));
  await json("config.json", config);
  await json("tokenizer_config.json", {
    tokenizer_class: "BertTokenizer",
    do_lower_case: true,
    model_max_length: 64,
    pad_token: "[PAD]",
  });
  await json("tokenizer.json", TINY_TOKENIZER);
}

/** Runs with the tiny encoder in a folder that is removed afterwards. */
export function withTinyEncoder(use: (folder: string) => Promise<void>): Promise<void> {
  return withFolder(writeTinyEncoder, use);
}

/** The same with the tiny causal model. */
export function withTinyDecoder(use: (folder: string) => Promise<void>): Promise<void> {
  return withFolder(writeTinyDecoder, use);
}

async function withFolder(
  write: (folder: string) => Promise<void>,
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await write(folder);
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];
const TINY_TOKENIZER = {
  version: "1.0",
  added_tokens: special.map((content, id) => ({
    ...{ id, content, special: true, single_word: false },
    ...{ lstrip: false, rstrip: false, normalized: false },
  })),
  normalizer: {
    ...{ type: "BertNormalizer", clean_text: true, handle_chinese_chars: true },
    ...{ strip_accents: null, lowercase: true },
  },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: {
    type: "TemplateProcessing",
    single: [token("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, token("[SEP]")],
    pair: [],
    special_tokens: Object.fromEntries(
      ["[CLS]", "[SEP]"].map((id) => [
        id,
        { id, ids: [TINY_VOCABULARY.indexOf(id)], tokens: [id] },
      ]),
    ),
  },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    ...{ type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##" },
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(TINY_VOCABULARY.map((piece, id) => [piece, id])),
  },
};

function token(id: string): unknown {
  return { SpecialToken: { id, type_id: 0 } };
}
