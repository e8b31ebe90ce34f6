/**
 * Tensors in a safetensors file: named weights, their shapes and a few facts.
 *
 * Written as F32, names sorted, data aligned to 8 bytes: the same tensors give the same bytes. The facts of
 * a file written here hold `sha256`, the hash of everything else that it says, so damage anywhere is found
 * (damage to that key itself by readers that set `hashed`).
 * Read from F32, F16, BF16 and F64; all become float32. See safetensors_header.ts for the format.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { readBytes, writeAtomic } from "../base/files.ts";
import { sha256 } from "../base/hash.ts";
import {
  type Header,
  headerLength,
  headerText,
  LENGTH_BYTES,
  METADATA,
  parseHeader,
  sizeOf,
  type TensorEntry,
} from "./safetensors_header.ts";

/** A tensor as it is stored. */
export interface StoredTensor {
  /** Its shape; [] is a single number. */
  readonly shape: readonly number[];
  /** Row-major, as many numbers as the shape says. */
  readonly data: Float32Array;
}

/** What a file holds. */
export interface StoredTensors {
  /** By name, in the order of the file's header. */
  readonly tensors: Map<string, StoredTensor>;
  /** Free text facts, `sha256` among them if the file was written here. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** How strictly to read. */
export interface ReadOptions {
  /** Refuse NaN and infinities, also those made by narrowing F64 to float32 (default true). */
  readonly finite?: boolean;
  /** Refuse a whole file that states no `sha256`, as every file written here does (default false). */
  readonly hashed?: boolean;
}

/**
 * Writes tensors to a file, atomically; see {@link encodeSafetensors}.
 * @throws {DataError} naming the path and the tensor that holds NaN or an infinity
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeAtomic(path, encodeSafetensors(tensors, metadata, path));
}

/**
 * Reads a whole file.
 * @throws {DataError} naming the path and what is wrong, when it is missing or damaged in any way
 */
export async function readSafetensors(
  path: string,
  options: ReadOptions = {},
): Promise<StoredTensors> {
  return decodeSafetensors(await readBytes(path), path, options);
}

/**
 * The bytes of a file.
 * @param metadata facts to keep; `sha256` among them is replaced
 * @throws {DataError} naming `where` and the tensor, when it holds NaN or an infinity: a run that diverged
 *   must not replace its last good checkpoint
 * @throws {RangeError} on a name or shape that cannot be stored (a mistake in the caller)
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
  where = "tensors to write",
): Uint8Array {
  const entries = new Map<string, TensorEntry>();
  let at = 0;
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name)!;
    if (name === METADATA) throw new RangeError(`a tensor cannot be called ${METADATA}`);
    if (data.length !== sizeOf(shape)) {
      throw new RangeError(`"${name}": ${data.length} numbers for shape [${shape}]`);
    }
    checkFinite(data, `${where}: "${name}"`);
    entries.set(name, { dtype: "F32", shape, begin: at, end: at += data.byteLength });
  }
  const body = new Uint8Array(at);
  for (const [name, { begin }] of entries) body.set(bytesOf(tensors.get(name)!.data), begin);
  const header = encodeHeader({ entries, metadata: { ...metadata } }, body);
  const file = new Uint8Array(LENGTH_BYTES + header.length + body.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, LENGTH_BYTES);
  file.set(body, LENGTH_BYTES + header.length);
  return file;
}

/**
 * Tensors of a file's bytes.
 * @param where name of the file, for messages
 * @throws {DataError} naming `where`, the tensor and what is wrong
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  where: string,
  options: ReadOptions = {},
): StoredTensors {
  const start = LENGTH_BYTES + headerLength(bytes.subarray(0, LENGTH_BYTES), bytes.length, where);
  const body = bytes.subarray(start);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, start), body.length, where);
  const { sha256: stated } = header.metadata;
  if (stated === undefined && options.hashed) {
    throw new DataError(`${where}: states no sha256: damaged, or not written here`);
  }
  if (stated !== undefined && stated !== digest(header, body)) {
    throw new DataError(`${where}: damaged: its content does not have the sha256 that it states`);
  }
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of header.entries) {
    const own = body.subarray(entry.begin, entry.end);
    tensors.set(name, decodeTensor(entry, own, `${where}: "${name}"`, options));
  }
  return { tensors, metadata: header.metadata };
}

/**
 * One tensor from its own bytes.
 * @param where file and name, for messages
 * @throws {DataError} naming `where`, on integers or, unless `finite` is false, NaN and infinities
 */
export function decodeTensor(
  { dtype, shape }: TensorEntry,
  bytes: Uint8Array,
  where: string,
  { finite = true }: ReadOptions = {},
): StoredTensor {
  const widen = FLOATS.get(dtype);
  if (!widen) {
    throw new DataError(
      `${where}: dtype ${dtype}, expected one of ${[...FLOATS.keys()].join(", ")}`,
    );
  }
  // A copy, so that typed arrays are aligned and the file's buffer can go.
  const data = widen(bytes.slice().buffer);
  if (finite) checkFinite(data, where);
  return { shape, data };
}

/** The format is little-endian, and so is every machine Deno runs on. */
const FLOATS: ReadonlyMap<string, (raw: ArrayBuffer) => Float32Array> = new Map([
  ["F32", (raw) => new Float32Array(raw)],
  ["F16", (raw) => new Float32Array(new Float16Array(raw))],
  ["BF16", (raw) => fromUpperHalves(new Uint16Array(raw))],
  ["F64", (raw) => new Float32Array(new Float64Array(raw))],
]);

/** A bfloat16 is the upper half of a float32. */
function fromUpperHalves(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  return new Float32Array(bits.buffer);
}

function encodeHeader({ entries, metadata }: Header, body: Uint8Array): Uint8Array {
  const sha256 = digest({ entries, metadata }, body);
  const bytes = new TextEncoder().encode(
    headerText({ entries, metadata: { ...metadata, sha256 } }),
  );
  const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8).fill(" ".charCodeAt(0));
  padded.set(bytes);
  return padded;
}

/** Hash of all that a file says but the hash itself: the header's text without it, then the data's hash. */
function digest({ entries, metadata }: Header, body: Uint8Array): string {
  const { sha256: _, ...rest } = metadata;
  return sha256(headerText({ entries, metadata: rest }) + sha256(body));
}

function checkFinite(data: Float32Array, where: string): void {
  const bad = data.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    throw new DataError(`${where}: value ${bad} is ${data[bad]}, expected finite numbers`);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
