/**
 * Encoders as ONNX files, run by onnxruntime-node with a tokenizer in TypeScript: the npm presets and any
 * folder with `tokenizer.json`, `tokenizer_config.json` and `onnx/model.onnx`.
 *
 * Texts are cut after 256 tokens, sorted by length, run in batches of 8 and pooled under the attention
 * mask. An int8 model quantises its activations over the whole batch, so the same text would get other
 * numbers beside other texts: such a file runs one text at a time.
 *
 * Needs `--allow-read --allow-ffi`; imports onnxruntime-node, so it is loaded only when asked for.
 * @module
 */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { Tokenizer } from "@huggingface/tokenizers";
import { hashJson, sha256 } from "../base/hash.ts";
import { readBytes, readJson } from "../base/files.ts";
import { CapabilityError, DataError } from "../base/errors.ts";
import { matrix, row } from "../linalg/matrix.ts";
import { probeDevice } from "./device.ts";
import { batchesByLength, pool } from "./pooling.ts";
import type { Pooling } from "./presets.ts";
import type { Device, EmbeddingProvider, Preparation } from "./provider.ts";

/** Raised when the same model would give other vectors. */
const VERSION = 1;

/** Which model to run and how. */
export interface OnnxModel {
  /** Provider name, as on the command line. */
  readonly name: string;
  /** Folder with the tokenizer and the model. */
  readonly folder: string;
  /** Model file inside the folder. */
  readonly file: string;
  /** How token states become one vector. */
  readonly pooling: Pooling;
  /** Tokens kept of a text, special ones included. */
  readonly maxTokens: number;
  /** What must be fitted on training texts. */
  readonly preparation: Preparation;
  /** Where to run. */
  readonly device: Device;
  /** Refuses a model file with another hash. */
  readonly sha256?: string;
  /** Carried into the provider's facts: model, licence, precision. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/**
 * Opens an encoder. The model file is read and hashed at once; the session is made by the first `embed`,
 * so vectors already in the cache cost no session.
 * @throws {DataError} when a file is missing or damaged, or has another hash than the pinned one
 */
export async function openOnnx(model: OnnxModel): Promise<EmbeddingProvider> {
  const { folder, file, pooling, maxTokens, preparation, device } = model;
  const path = `${folder}/${file}`;
  const bytes = await readBytes(path);
  const hash = sha256(bytes);
  if (model.sha256 !== undefined && hash !== model.sha256) {
    throw new DataError(`${path}: sha256 is ${hash}, expected ${model.sha256}`);
  }
  const config = await readJson(`${folder}/config.json`) as { hidden_size?: number };
  const width = config.hidden_size;
  if (!Number.isInteger(width) || width === undefined || width < 1) {
    throw new DataError(
      `${folder}/config.json: "hidden_size" is ${width}, expected a whole number`,
    );
  }
  const tokenizer = await readJson(`${folder}/tokenizer.json`) as object;
  const tokenizerConfig = await readJson(`${folder}/tokenizer_config.json`) as object;
  const encode = encoder(new Tokenizer(tokenizer, tokenizerConfig), maxTokens);
  const batch = /int8|quantized|q8|q4/.test(file) ? 1 : 8;

  let opened: Promise<InferenceSession> | undefined;
  const session = (): Promise<InferenceSession> => opened ??= openSession(bytes, device);
  const limits = { pooling, maxTokens, batch: `by length, ${batch}`, device };
  return {
    name: model.name,
    key: hashJson({ provider: "onnx", version: VERSION, sha256: hash, tokenizer, ...limits }),
    width,
    preparation,
    facts: { ...model.facts, sha256: hash, ...limits },
    embed: async (texts, onProgress) => {
      const running = await session();
      const tokens = texts.map(encode);
      const out = matrix(texts.length, width);
      let done = 0;
      for (const members of batchesByLength(tokens.map((ids) => ids.length), batch)) {
        const input = pad(members.map((i) => tokens[i]));
        const states = await run(running, input);
        const states3 = { states, mask: input.mask, length: input.length, width };
        members.forEach((i, place) => pool(states3, place, pooling, row(out, i)));
        onProgress?.(done += members.length, texts.length);
      }
      return out;
    },
  };
}

/** Text → token ids with the special tokens, cut from the end of the text to the limit. */
function encoder(tokenizer: Tokenizer, maxTokens: number): (text: string) => number[] {
  // How many special tokens close a sequence shows on a one-word probe.
  const whole = tokenizer.encode("a").ids;
  const body = tokenizer.encode("a", { add_special_tokens: false }).ids;
  const closing = whole.length - body.length - whole.indexOf(body[0]);
  return (text) => {
    const ids = tokenizer.encode(text).ids;
    if (ids.length <= maxTokens) return ids;
    return [...ids.slice(0, maxTokens - closing), ...ids.slice(ids.length - closing)];
  };
}

interface Padded {
  ids: BigInt64Array;
  mask: BigInt64Array;
  rows: number;
  length: number;
}

/** Pads on the right with id 0; masked positions never reach a vector. */
function pad(sequences: readonly number[][]): Padded {
  const rows = sequences.length;
  const length = Math.max(...sequences.map((s) => s.length));
  const ids = new BigInt64Array(rows * length);
  const mask = new BigInt64Array(rows * length);
  sequences.forEach((sequence, i) =>
    sequence.forEach((id, t) => {
      ids[i * length + t] = BigInt(id);
      mask[i * length + t] = 1n;
    })
  );
  return { ids, mask, rows, length };
}

async function openSession(bytes: Uint8Array, device: Device): Promise<InferenceSession> {
  await probeDevice(device);
  return await InferenceSession.create(bytes, {
    executionProviders: [device],
    logSeverityLevel: 3,
  });
}

async function run(session: InferenceSession, input: Padded): Promise<Float32Array> {
  const dims = [input.rows, input.length];
  const known: Record<string, () => BigInt64Array> = {
    input_ids: () => input.ids,
    attention_mask: () => input.mask,
    token_type_ids: () => new BigInt64Array(input.ids.length),
    position_ids: () => BigInt64Array.from(input.ids, (_, at) => BigInt(at % input.length)),
  };
  const feeds = Object.fromEntries(session.inputNames.map((name) => {
    if (!(name in known)) {
      throw new CapabilityError(
        `the model wants the input "${name}"; known are ${Object.keys(known).join(", ")}`,
      );
    }
    return [name, new Tensor("int64", known[name](), dims)];
  }));
  const output = await session.run(feeds);
  const states = output.last_hidden_state ?? output.token_embeddings;
  if (states === undefined || states.type !== "float32" || states.dims.length !== 3) {
    throw new CapabilityError(
      `the model gives ${session.outputNames.join(", ")}; expected float32 token states named ` +
        "last_hidden_state or token_embeddings",
    );
  }
  return states.data as Float32Array;
}
