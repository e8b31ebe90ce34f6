/**
 * Tensors of a big model, read one at a time: a folder with `model.safetensors`, or with
 * `model.safetensors.index.json` and the shards that it names.
 *
 * Only the headers are read up front, then the bytes of each tensor asked for. So a `sha256` in the facts,
 * which covers whole files, is not checked here; `readSafetensors` does.
 * @module
 */
import { basename, join } from "node:path";
import { DataError } from "../base/errors.ts";
import { exists, readJson } from "../base/files.ts";
import {
  decodeTensor,
  type Header,
  headerLength,
  LENGTH_BYTES,
  parseHeader,
  type ReadOptions,
  type StoredTensor,
  type TensorEntry,
} from "./safetensors.ts";

/** A model's tensors, not yet read. */
export interface TensorFolder {
  /** Names, sorted. */
  names(): readonly string[];
  /**
   * Dtype and shape of a tensor, without reading it.
   * @throws {DataError} when the folder has no such tensor
   */
  entry(name: string): TensorEntry;
  /**
   * Reads one tensor as float32.
   * @throws {DataError} when the folder has no such tensor, or it is damaged or not of floats
   */
  read(name: string, options?: ReadOptions): Promise<StoredTensor>;
}

/** Where a tensor lies: its file, where the data of the file start, its entry. */
interface Place {
  readonly path: string;
  readonly dataStart: number;
  readonly entry: TensorEntry;
}

/**
 * Opens a model's folder: the one file of its tensors if it is there, else its index and shards.
 * @param file that one file's name
 * @throws {DataError} naming the file, when one is missing or damaged, or a shard lacks a listed tensor
 */
export async function readIndexed(
  folder: string,
  file = "model.safetensors",
): Promise<TensorFolder> {
  const whole = join(folder, file);
  const places = await exists(whole) ? await placesOf(whole) : await shardedPlaces(folder);
  const place = (name: string): Place => {
    const found = places.get(name);
    if (!found) throw new DataError(`${folder}: has no tensor "${name}"`);
    return found;
  };
  const sorted = [...places.keys()].sort();
  return {
    names: () => sorted,
    entry: (name) => place(name).entry,
    read: async (name, options) => {
      const { path, dataStart, entry } = place(name);
      using file = await open(path);
      const bytes = await readRange(file, dataStart + entry.begin, entry.end - entry.begin, path);
      return decodeTensor(entry, bytes, `${path}: "${name}"`, options);
    },
  };
}

async function shardedPlaces(folder: string): Promise<Map<string, Place>> {
  const index = join(folder, "model.safetensors.index.json");
  const { weight_map: map } = Object(await readJson(index)) as { weight_map?: unknown };
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw new DataError(`${index}: weight_map: expected an object of tensor name to file`);
  }
  const shards = new Map<string, Map<string, Place>>(), places = new Map<string, Place>();
  for (const [name, file] of Object.entries(map)) {
    if (typeof file !== "string" || basename(file) !== file || !file.endsWith(".safetensors")) {
      throw new DataError(
        `${index}: "${name}": expected a .safetensors file beside it, got ${JSON.stringify(file)}`,
      );
    }
    if (!shards.has(file)) shards.set(file, await placesOf(join(folder, file)));
    const found = shards.get(file)!.get(name);
    if (!found) throw new DataError(`${index}: "${name}" is said to be in ${file}, but is not`);
    places.set(name, found);
  }
  return places;
}

async function placesOf(path: string): Promise<Map<string, Place>> {
  using file = await open(path);
  const { size } = await file.stat();
  const first = await readRange(file, 0, Math.min(LENGTH_BYTES, size), path);
  const length = headerLength(first, size, path);
  const dataStart = LENGTH_BYTES + length;
  const bytes = await readRange(file, LENGTH_BYTES, length, path);
  const { entries }: Header = parseHeader(bytes, size - dataStart, path);
  return new Map(Array.from(entries, ([name, entry]) => [name, { path, dataStart, entry }]));
}

async function open(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new DataError(`${path}: cannot be read (${(error as Error).message})`);
  }
}

async function readRange(
  file: Deno.FsFile,
  start: number,
  length: number,
  path: string,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await file.seek(start, Deno.SeekMode.Start);
  for (let at = 0; at < length;) {
    const read = await file.read(bytes.subarray(at));
    if (read === null) {
      throw new DataError(`${path}: ends at byte ${start + at}, expected ${start + length}`);
    }
    at += read;
  }
  return bytes;
}
