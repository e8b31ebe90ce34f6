/**
 * Any encoder of the model hub, or of a folder laid out like one, through transformers.js: it knows where
 * models are, their file variants (`dtype`), weights in files of their own, and the inputs that
 * decoders want besides tokens.
 *
 * Needs `--allow-read --allow-env --allow-ffi --allow-sys`, and for a model that is not on this machine
 * yet `--allow-net --allow-write`. Loaded only when asked for.
 * @module
 */
import { createHash } from "node:crypto";
import { basename, isAbsolute, resolve } from "node:path";
import { env, pipeline, Tensor } from "npm:@huggingface/transformers@4.3.1";
import { hashJson } from "../base/hash.ts";
import { exists, readJson } from "../base/files.ts";
import { CapabilityError, DataError } from "../base/errors.ts";
import { probeDevice } from "../onnx/device.ts";
import { type Batch, batchSize, embedTexts, type Encode } from "./encoder.ts";
import { DTYPE_SUFFIX, type HubModel } from "./models.ts";
import type { EmbeddingProvider } from "./provider.ts";

/** Raised when the same model would give other vectors. */
const VERSION = 1;

/** What is used of a transformers.js pipeline. */
interface Loaded {
  tokenizer: { encode(text: string, options: { add_special_tokens: boolean }): number[] };
  model: {
    (inputs: Record<string, Tensor>): Promise<Record<string, Tensor | undefined>>;
    config: { hidden_size?: number; n_embd?: number; d_model?: number };
  };
}

/**
 * Opens an encoder, downloading it into the store if need be.
 * @throws {CapabilityError} when it cannot be fetched or run; @throws {DataError} on a broken folder
 */
export async function openHub(model: HubModel): Promise<EmbeddingProvider> {
  const { pooling, prefix, dtype, revision, maxTokens, preparation, device } = model;
  const local = isAbsolute(model.model) || model.model.startsWith(".");
  const id = local ? resolve(model.model) : model.model;
  await probeDevice(device);
  const { tokenizer, model: network } = await load(model, id, local);
  const { hidden_size, n_embd, d_model } = network.config;
  const width = hidden_size ?? n_embd ?? d_model;
  if (!width) throw new DataError(`${id}/config.json: no "hidden_size"`);

  const folder = local ? id : `${model.store}/${id}${revision === "main" ? "" : `/${revision}`}`;
  const sha256 = await hashModel(`${folder}/onnx`, `model${DTYPE_SUFFIX[dtype]}.onnx`);
  const tokens = hashJson([
    await readJson(`${folder}/tokenizer.json`),
    await readJson(`${folder}/tokenizer_config.json`),
  ]);
  const encode: Encode = (text, special) =>
    tokenizer.encode(prefix + text, { add_special_tokens: special });
  const run = (batch: Batch): Promise<ArrayLike<number>> => runModel(network, batch, width);
  const batch = batchSize(dtype);
  const limits = { pooling, prefix, dtype, maxTokens, batch, device };
  return {
    name: model.name,
    key: hashJson({ provider: "hub", version: VERSION, sha256, tokens, ...limits }),
    width,
    preparation,
    facts: { model: local ? basename(id) : id, revision, sha256, ...limits },
    embed: (texts, onProgress) =>
      embedTexts(texts, encode, run, { width, pooling, maxTokens, batch }, onProgress),
  };
}

async function load(model: HubModel, id: string, local: boolean): Promise<Loaded> {
  const { dtype, device, revision, store } = model;
  if (local && !await exists(id)) throw new DataError(`${id}: no such folder`);
  env.allowRemoteModels = !local;
  env.cacheDir = store;
  // Deno has the browser's cache too; transformers.js would prefer it to the folder.
  env.useBrowserCache = false;
  // Otherwise a file missing from the store is first looked for inside the package.
  env.localModelPath = `${store}/`;
  try {
    const options = { dtype: dtype as "fp32", device, revision };
    return await pipeline("feature-extraction", id, options) as unknown as Loaded;
  } catch (error) {
    const reason = (error as Error).message;
    if (local) throw new DataError(`${id}: cannot be loaded (${reason})`);
    throw new CapabilityError(`hub model ${id} cannot be fetched or loaded: ${reason}`);
  }
}

async function runModel(
  network: Loaded["model"],
  { ids, mask, rows, length }: Batch,
  width: number,
): Promise<ArrayLike<number>> {
  const dims = [rows, length];
  // transformers.js adds what else the graph asks for: token types, positions, an empty KV cache.
  const output = await network({
    input_ids: new Tensor("int64", ids, dims),
    attention_mask: new Tensor("int64", mask, dims),
  });
  const states = output.last_hidden_state ?? output.token_embeddings;
  if (states?.dims.join() === [rows, length, width].join()) {
    return states.data as Float32Array;
  }
  throw new CapabilityError(
    `the model gives ${Object.keys(output).join(", ")}; expected token states ` +
      `[texts × tokens × ${width}] named last_hidden_state or token_embeddings`,
  );
}

/** One hash over the graph and its weight files, in order of name. */
async function hashModel(folder: string, file: string): Promise<string> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.name.startsWith(file)) names.push(entry.name);
  }
  if (!names.includes(file)) throw new DataError(`${folder}/${file}: missing`);
  const hash = createHash("sha256");
  for (const name of names.sort()) {
    using source = await Deno.open(`${folder}/${name}`);
    for await (const chunk of source.readable) hash.update(chunk);
  }
  return hash.digest("hex");
}
