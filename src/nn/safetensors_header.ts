/**
 * The header of a safetensors file: which tensor lies where.
 *
 * A file is: the header's length (unsigned 64-bit, little-endian), the header (JSON, padded with spaces),
 * the data. The header maps each name to {dtype, shape, data_offsets: [begin, end]}, counted in bytes from
 * the start of the data, and `__metadata__` to an object of strings. The data hold no holes and no overlaps.
 * Source: the "Format" section of the safetensors project's README.
 * @module
 */
import { DataError } from "../base/errors.ts";

/** Key of the header that is not a tensor. */
export const METADATA = "__metadata__";

/** Bytes of a file before its header. */
export const LENGTH_BYTES = 8;

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

/** Numbers in a tensor of this shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
