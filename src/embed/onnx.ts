/**
 * Encoders as ONNX files, run by onnxruntime-node with a tokenizer in TypeScript: the npm presets and any
 * folder with `config.json`, `tokenizer.json`, `tokenizer_config.json` and `onnx/model.onnx`.
 *
 * Needs `--allow-read --allow-ffi`; imports onnxruntime-node, so it is loaded only when asked for.
 * @module
 */
import { Tensor } from "onnxruntime-node";
import { Tokenizer } from "@huggingface/tokenizers";
import { hashJson, sha256 } from "../base/hash.ts";
import { readBytes, readJson } from "../base/files.ts";
import { CapabilityError, DataError } from "../base/errors.ts";
import { probeDevice } from "../onnx/device.ts";
import { openSession, type Session } from "../onnx/session.ts";
import { type Batch, batchSize, embedTexts, type Encode } from "./encoder.ts";
import type { OnnxModel } from "./models.ts";
import type { Device, EmbeddingProvider } from "./provider.ts";

/** Raised when the same model would give other vectors. */
const VERSION = 1;

/** Embedding runs before the harness's workers start, so no job competes with it. */
const ALL_CORES = 0;

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
  const width = await readWidth(`${folder}/config.json`);
  const tokenizerJson = await readJson(`${folder}/tokenizer.json`) as object;
  const tokenizerConfig = await readJson(`${folder}/tokenizer_config.json`) as object;
  const tokenizer = new Tokenizer(tokenizerJson, tokenizerConfig);
  const encode: Encode = (text, special) =>
    tokenizer.encode(text, { add_special_tokens: special }).ids;

  let session: Promise<Session> | undefined;
  const batch = batchSize(file);
  const limits = { pooling, maxTokens, batch, device };
  const tokens = hashJson([tokenizerJson, tokenizerConfig]);
  return {
    name: model.name,
    key: hashJson({ provider: "onnx", version: VERSION, sha256: hash, tokens, ...limits }),
    width,
    preparation,
    facts: { ...model.facts, sha256: hash, ...limits },
    embed: async (texts, onProgress) => {
      const running = await (session ??= open(bytes, device));
      const run = (input: Batch): Promise<Float32Array> => runSession(running, input, width);
      return embedTexts(texts, encode, run, { width, pooling, maxTokens, batch }, onProgress);
    },
  };
}

async function readWidth(path: string): Promise<number> {
  const config = await readJson(path) as Record<string, unknown>;
  // The same number under the names of BERT, GPT-2 and T5 style configurations.
  const width = config.hidden_size ?? config.n_embd ?? config.d_model;
  if (Number.isInteger(width) && Number(width) > 0) return Number(width);
  throw new DataError(`${path}: "hidden_size" is ${width}, expected a whole number above 0`);
}

async function open(bytes: Uint8Array, device: Device): Promise<Session> {
  await probeDevice(device);
  return await openSession(bytes, { device, threads: ALL_CORES });
}

/**
 * Outputs stay where onnxruntime puts them by default, in main memory: a tensor left on the GPU cannot
 * be read back (1.30 ends the whole process), so `preferredOutputLocation` is never set.
 */
async function runSession(
  session: Session,
  batch: Batch,
  width: number,
): Promise<Float32Array> {
  const { ids, mask, rows, length } = batch;
  const known: Readonly<Record<string, () => BigInt64Array>> = {
    input_ids: () => ids,
    attention_mask: () => mask,
    token_type_ids: () => new BigInt64Array(ids.length),
    position_ids: () => BigInt64Array.from(ids, (_, at) => BigInt(at % length)),
  };
  const feeds = Object.fromEntries(session.inputNames.map((name) => {
    if (Object.hasOwn(known, name)) {
      return [name, new Tensor("int64", known[name](), [rows, length])];
    }
    const names = Object.keys(known).join(", ");
    throw new CapabilityError(`the model wants the input "${name}"; known are ${names}`);
  }));
  const output = await session.run(feeds);
  const states = output.last_hidden_state ?? output.token_embeddings;
  if (states?.type === "float32" && states.dims.join() === [rows, length, width].join()) {
    return states.data as Float32Array;
  }
  throw new CapabilityError(
    `the model gives ${session.outputNames.join(", ")}; expected float32 token states ` +
      `[texts × tokens × ${width}] named last_hidden_state or token_embeddings`,
  );
}
