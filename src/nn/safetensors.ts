/**
 * Tensors in a safetensors file: named weights, their shapes and a few facts.
 *
 * A file is: the header's length (unsigned 64-bit, little-endian), the header (JSON, padded with spaces), the
 * data. The header maps each name to {dtype, shape, data_offsets: [begin, end]}, counted in bytes from the start
 * of the data, and `__metadata__` to an object of strings. The data hold no holes and no overlaps. Source: the
 * "Format" section of the safetensors project's README.
 *
 * Written as F32, names sorted, data aligned to 8 bytes: the same tensors give the same bytes. The facts of
 * a file written here hold `sha256`, the hash of everything else that it says, so damage anywhere is found
 * (damage to that key itself by readers that set `hashed`).
 * Read from F32, F16, BF16 and F64; all become float32.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { readBytes, writeAtomic } from "../base/files.ts";
import { sha256 } from "../base/hash.ts";
import { isObject } from "../base/json.ts";
import { sizeOf } from "./graph.ts";

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

/** Where one tensor lies and what it is. */
export interface TensorEntry {
  /** Kind of its numbers, as the format names it: F32, BF16, I64, … */
  readonly dtype: string;
  /** Its shape; [] is a single number. */
  readonly shape: readonly number[];
  /** First byte, counted from the start of the data. */
  readonly begin: number;
  /** The byte after its last. */
  readonly end: number;
}

/** A checked header. */
export interface Header {
  /** By name, in the order of the file's header. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** Free text facts; {} where the file has none. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** How strictly to read. */
export interface ReadOptions {
  /** Refuse NaN and infinities, also those made by narrowing F64 to float32 (default true). */
  readonly finite?: boolean;
  /** Refuse a whole file that states no `sha256`, as every file written here does (default false). */
  readonly hashed?: boolean;
}

/** Key of the header that is not a tensor. */
export const METADATA = "__metadata__";

/** Bytes of a file before its header. */
export const LENGTH_BYTES = 8;

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

function encodeHeader(header: Header, body: Uint8Array): Uint8Array {
  return headerWith(header, digest(header, body));
}

/** The bytes of a header that states a hash, padded to eight. */
export function headerWith({ entries, metadata }: Header, sha256: string): Uint8Array {
  const bytes = new TextEncoder().encode(
    headerText({ entries, metadata: { ...metadata, sha256 } }),
  );
  const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8).fill(" ".charCodeAt(0));
  padded.set(bytes);
  return padded;
}

function digest(header: Header, body: Uint8Array): string {
  return contentHash(header, sha256(body));
}

/** Hash of all that a file says but the hash itself: the header's text without it, then the data's hash. */
export function contentHash({ entries, metadata }: Header, bodyHash: string): string {
  const { sha256: _, ...rest } = metadata;
  return sha256(headerText({ entries, metadata: rest }) + bodyHash);
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

const BYTES: ReadonlyMap<unknown, number> = new Map(Object.entries({
  ...{ BOOL: 1, U8: 1, I8: 1, F8_E4M3: 1, F8_E5M2: 1 },
  ...{ U16: 2, I16: 2, F16: 2, BF16: 2 },
  ...{ U32: 4, I32: 4, F32: 4 },
  ...{ U64: 8, I64: 8, F64: 8 },
}));

/**
 * Length of the header in bytes, from the file's first eight.
 * @throws {DataError} naming `where`, when the file is too short for its header
 */
export function headerLength(start: Uint8Array, fileBytes: number, where: string): number {
  if (start.length < LENGTH_BYTES) {
    throw new DataError(
      `${where}: expected ${LENGTH_BYTES} bytes for the header's length, got ${start.length}`,
    );
  }
  const view = new DataView(start.buffer, start.byteOffset, LENGTH_BYTES);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(fileBytes - LENGTH_BYTES)) {
    throw new DataError(
      `${where}: header of ${length} bytes in a file of ${fileBytes}: cut short, or not safetensors`,
    );
  }
  return Number(length);
}

/**
 * Parses a header and checks that its tensors fill the data exactly.
 * @param bytes the header's JSON, padding included
 * @param dataBytes bytes of the file after the header
 * @throws {DataError} naming `where`, the tensor and what is wrong with it
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number, where: string): Header {
  const header = parseJson(bytes, where);
  const entries = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(header)) {
    if (name !== METADATA) entries.set(name, checkEntry(value, `${where}: "${name}"`));
  }
  checkCover(entries, dataBytes, where);
  return { entries, metadata: checkMetadata(header[METADATA], where) };
}

/** The JSON of a header, unpadded, names sorted: equal content gives equal text. */
export function headerText({ entries, metadata }: Header): string {
  const tensors = Array.from(entries, ([name, { dtype, shape, begin, end }]): [string, string] => [
    name,
    JSON.stringify({ dtype, shape, data_offsets: [begin, end] }),
  ]);
  const facts = Object.entries(metadata).map(([key, text]): [string, string] => [
    key,
    JSON.stringify(text),
  ]);
  return sortedObject([[METADATA, sortedObject(facts)], ...tensors]);
}

/** JSON of an object, from keys and values in JSON; an object of ours would put keys such as "0" first. */
function sortedObject(members: [string, string][]): string {
  const sorted = members.sort(([a], [b]) => a < b ? -1 : 1);
  return `{${sorted.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join()}}`;
}

function parseJson(bytes: Uint8Array, where: string): Record<string, unknown> {
  let value: unknown, text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(`${where}: header is not JSON (${(error as Error).message})`);
  }
  if (!isObject(value)) throw new DataError(`${where}: header: expected a JSON object`);
  const twice = repeatedKey(text);
  if (twice !== undefined) throw new DataError(`${where}: header names ${twice} twice`);
  return value;
}

/** The first key that stands twice in one object of a valid JSON text; `JSON.parse` keeps only the last. */
function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, colon] of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(token.slice(0, -colon.length)), keys = open.at(-1)!;
      if (keys.has(key)) return JSON.stringify(key);
      keys.add(key);
    }
  }
}

function checkEntry(value: unknown, where: string): TensorEntry {
  if (!isObject(value)) throw new DataError(`${where}: expected {dtype, shape, data_offsets}`);
  const { dtype, shape, data_offsets: offsets } = value;
  const bytes = BYTES.get(dtype);
  if (bytes === undefined) throw new DataError(`${where}: unknown dtype ${JSON.stringify(dtype)}`);
  if (!isCounts(shape)) {
    throw new DataError(`${where}: shape: expected whole numbers, got ${JSON.stringify(shape)}`);
  }
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw new DataError(
      `${where}: data_offsets: expected [begin, end], got ${JSON.stringify(offsets)}`,
    );
  }
  const [begin, end] = offsets;
  if (sizeOf(shape) * bytes !== end - begin) {
    throw new DataError(
      `${where}: ${dtype} of shape [${shape}] is ${sizeOf(shape) * bytes} bytes, ` +
        `but its data_offsets hold ${end - begin}`,
    );
  }
  return { dtype: dtype as string, shape, begin, end };
}

function checkCover(
  entries: ReadonlyMap<string, TensorEntry>,
  dataBytes: number,
  where: string,
): void {
  const inOrder = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const [name, { begin, end }] of inOrder) {
    if (begin !== at) {
      const what = begin < at ? "overlaps the tensor before it" : "leaves a hole before it";
      throw new DataError(`${where}: "${name}" ${what}: begins at ${begin}, expected ${at}`);
    }
    at = end;
    if (end > dataBytes) {
      throw new DataError(
        `${where}: "${name}" ends at ${end}, but the data are ${dataBytes} bytes`,
      );
    }
  }
  if (at !== dataBytes) {
    throw new DataError(`${where}: ${dataBytes - at} bytes after the last tensor, expected none`);
  }
}

function checkMetadata(value: unknown = {}, where: string): Record<string, string> {
  if (!isObject(value) || !Object.values(value).every((text) => typeof text === "string")) {
    throw new DataError(`${where}: ${METADATA}: expected an object of strings`);
  }
  return value as Record<string, string>;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
