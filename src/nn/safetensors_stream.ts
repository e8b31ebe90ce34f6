/**
 * Big safetensors files, written and checked without ever being in memory whole: a tensor at a time.
 * @module
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { DataError } from "../base/errors.ts";
import { whole } from "../base/files.ts";
import { sizeOf } from "./graph.ts";
import {
  contentHash,
  type Header,
  headerLength,
  headerWith,
  LENGTH_BYTES,
  parseHeader,
  type TensorEntry,
} from "./safetensors.ts";

/** How numbers are stored. */
export type StoredAs = "float32" | "float16";

/** A tensor that is yet to be made. */
export interface PlannedTensor {
  /** Its shape. */
  readonly shape: readonly number[];
  /** Makes its numbers, row-major, as many as the shape says. */
  readonly read: () => Promise<Float32Array>;
}

/**
 * Writes tensors, names ascending, whole or not at all. The file states its `sha256` as every file of
 * `safetensors.ts` does: with float32 both give the same bytes.
 * @returns that hash
 * @throws {DataError} naming path and tensor, when it holds NaN or an infinity, also one made by float16
 */
export function streamSafetensors(
  path: string,
  tensors: ReadonlyMap<string, PlannedTensor>,
  options: { readonly dtype?: StoredAs; readonly metadata?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  return whole(stream(path, tensors, options));
}

async function stream(
  path: string,
  tensors: ReadonlyMap<string, PlannedTensor>,
  { dtype = "float32", metadata = {} }: Parameters<typeof streamSafetensors>[2] = {},
): Promise<string> {
  const header = headerOf(tensors, dtype, metadata);
  await Deno.mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    using file = await Deno.open(temporary, { write: true, createNew: true });
    // The hash of the data is known at the end only; a header with any hash is as long.
    await writeHeader(file, headerWith(header, "0".repeat(64)));
    const hash = createHash("sha256");
    for (const name of header.entries.keys()) {
      const { shape, read } = tensors.get(name)!, numbers = await read();
      if (numbers.length !== sizeOf(shape)) {
        throw new RangeError(`"${name}": ${numbers.length} numbers for shape [${shape}]`);
      }
      const bytes = bytesOf(dtype === "float16" ? new Float16Array(numbers) : numbers);
      const stored = dtype === "float16" ? new Float16Array(bytes.buffer) : numbers;
      const bad = stored.findIndex((x) => !Number.isFinite(x));
      if (bad >= 0) {
        throw new DataError(
          `${path}: "${name}": value ${bad}, ${numbers[bad]}, is ${stored[bad]} as ${dtype}`,
        );
      }
      hash.update(bytes);
      await writeAll(file, bytes);
    }
    const stated = contentHash(header, hash.digest("hex"));
    await file.seek(0, Deno.SeekMode.Start);
    await writeHeader(file, headerWith(header, stated));
    await file.syncData();
    await Deno.rename(temporary, path);
    return stated;
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

/**
 * Reads a whole file and checks it against the hash that it states.
 * @returns that hash
 * @throws {DataError} naming the path, when it is missing, damaged, or states none
 */
export async function verifySafetensors(path: string): Promise<string> {
  const { header, dataStart, size } = await openHeader(path);
  const { sha256: stated } = header.metadata;
  if (stated === undefined) throw new DataError(`${path}: states no sha256: not written here`);
  using file = await Deno.open(path);
  await file.seek(dataStart, Deno.SeekMode.Start);
  const hash = createHash("sha256"), piece = new Uint8Array(1 << 20);
  for (let at = dataStart; at < size;) {
    const read = await file.read(piece);
    if (read === null) throw new DataError(`${path}: ends at byte ${at}, expected ${size}`);
    hash.update(piece.subarray(0, read));
    at += read;
  }
  if (contentHash(header, hash.digest("hex")) === stated) return stated;
  throw new DataError(`${path}: damaged: its content does not have the sha256 that it states`);
}

/**
 * The hash that a file states, without reading more than its header.
 * @throws {DataError} naming the path, when it is missing, damaged, or states none
 */
export async function statedHash(path: string): Promise<string> {
  const { header: { metadata } } = await openHeader(path);
  if (metadata.sha256 !== undefined) return metadata.sha256;
  throw new DataError(`${path}: states no sha256: not written here`);
}

async function openHeader(
  path: string,
): Promise<{ header: Header; dataStart: number; size: number }> {
  try {
    using file = await Deno.open(path);
    const { size } = await file.stat(), first = new Uint8Array(LENGTH_BYTES);
    const read = await file.read(first) ?? 0;
    const length = headerLength(first.subarray(0, read), size, path);
    const bytes = new Uint8Array(length), dataStart = LENGTH_BYTES + length;
    for (let at = 0; at < length;) at += await file.read(bytes.subarray(at)) ?? length;
    return { header: parseHeader(bytes, size - dataStart, path), dataStart, size };
  } catch (error) {
    if (error instanceof DataError || error instanceof Deno.errors.NotCapable) throw error;
    throw new DataError(`${path}: cannot be read (${(error as Error).message})`);
  }
}

function headerOf(
  tensors: ReadonlyMap<string, PlannedTensor>,
  dtype: StoredAs,
  metadata: Readonly<Record<string, string>>,
): Header {
  const entries = new Map<string, TensorEntry>(), bytes = dtype === "float16" ? 2 : 4;
  let at = 0;
  for (const name of [...tensors.keys()].sort()) {
    const { shape } = tensors.get(name)!, begin = at;
    entries.set(name, {
      ...{ dtype: dtype === "float16" ? "F16" : "F32", shape, begin },
      end: at += sizeOf(shape) * bytes,
    });
  }
  return { entries, metadata };
}

async function writeHeader(file: Deno.FsFile, header: Uint8Array): Promise<void> {
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  await writeAll(file, length);
  await writeAll(file, header);
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

function bytesOf(
  { buffer, byteOffset, byteLength }: Float32Array | Float16Array,
): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
