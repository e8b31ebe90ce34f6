/**
 * GGUF files, versions 2 and 3, little-endian: facts, then the places of tensors, then their numbers.
 * Source: the format's page in the ggml project.
 *
 * Every error names the file, the byte and what was expected there. Tensors may not overlap nor leave the file.
 * @module
 */
import { CapabilityError, DataError } from "../base/errors.ts";
import { sizeOf } from "../nn/graph.ts";
import type { StoredTensor } from "../nn/safetensors.ts";
import { NUMBER_TYPES, type NumberType } from "./quantised.ts";
import type { ByteSource } from "./source.ts";

/** A fact of a file; whole numbers of 64 bits become numbers. */
export type Fact = number | boolean | string | readonly Fact[];

/** A file whose header has been read. */
export interface Gguf {
  /** Facts by key, `general.architecture` among them. */
  readonly facts: ReadonlyMap<string, Fact>;
  /** Names of the tensors, in the order of the file. */
  readonly names: readonly string[];
  /** Shape, outermost dimension first: [rows × columns] for a matrix. @throws {DataError} without such a tensor */
  shape(name: string): readonly number[];
  /** What its numbers are stored as: F32, Q4_1, … @throws {DataError} without such a tensor */
  type(name: string): string;
  /**
   * A tensor as float32.
   * @throws {DataError} when there is none of that name, it is cut short, or holds NaN or infinities
   */
  read(name: string): Promise<StoredTensor>;
}

interface Place {
  readonly shape: readonly number[];
  readonly type: NumberType;
  readonly start: number;
  readonly bytes: number;
}

/** Bytes of a header that are read at first; four times as many when it is longer. */
const HEAD = 16 * 2 ** 20;

/**
 * Reads a file's header.
 * @throws {DataError} when it is not GGUF, cut short or damaged
 * @throws {CapabilityError} when it is of another version, or a tensor is of a type that is not read here
 */
export async function readGguf(source: ByteSource): Promise<Gguf> {
  for (let length = HEAD;; length *= 4) {
    const bytes = await source.read(0, Math.min(length, source.size));
    const made = parse(new Cursor(bytes, source), source);
    if (made !== null) return made;
  }
}

/** Null when the header goes on behind the bytes that have been read. */
function parse(cursor: Cursor, source: ByteSource): Gguf | null {
  try {
    const facts = readHead(cursor);
    const places = readPlaces(cursor, facts);
    return opened(facts, places, source);
  } catch (error) {
    if (error instanceof NeedsMore) return null;
    throw error;
  }
}

function opened(
  { facts }: Head,
  places: ReadonlyMap<string, Place>,
  source: ByteSource,
): Gguf {
  const place = (name: string): Place => {
    const found = places.get(name);
    if (!found) throw new DataError(`${source.where}: has no tensor "${name}"`);
    return found;
  };
  return {
    facts,
    names: [...places.keys()],
    shape: (name) => place(name).shape,
    type: (name) => place(name).type.name,
    read: async (name) => {
      const { shape, type, start, bytes } = place(name);
      const data = type.decode(await source.read(start, bytes));
      const bad = data.findIndex((x) => !Number.isFinite(x));
      if (bad < 0) return { shape, data };
      const at = start + Math.floor(bad / type.values) * type.bytes;
      throw new DataError(
        `${source.where}: at byte ${at}: "${name}": value ${bad} is ${
          data[bad]
        }, expected finite numbers`,
      );
    },
  };
}

interface Head {
  readonly tensors: number;
  readonly facts: ReadonlyMap<string, Fact>;
}

function readHead(cursor: Cursor): Head {
  const magic = String.fromCharCode(...cursor.bytes.subarray(0, 4));
  if (magic !== "GGUF") cursor.fail(0, `expected "GGUF", got ${JSON.stringify(magic)}`);
  cursor.at = 4;
  const version = cursor.u32();
  if (version !== 2 && version !== 3) {
    throw new CapabilityError(`${cursor.where}: GGUF version ${version}; supported: 2, 3`);
  }
  const tensors = cursor.count("number of tensors"), keys = cursor.count("number of facts");
  const facts = new Map<string, Fact>();
  for (let i = 0; i < keys; i++) {
    const start = cursor.at, key = cursor.text();
    if (facts.has(key)) cursor.fail(start, `fact "${key}" stands there twice`);
    facts.set(key, cursor.value(cursor.u32()));
  }
  return { tensors, facts };
}

function readPlaces(cursor: Cursor, { tensors, facts }: Head): Map<string, Place> {
  const found: { name: string; at: number; offset: number; place: Omit<Place, "start"> }[] = [];
  for (let i = 0; i < tensors; i++) {
    const at = cursor.at, name = cursor.text(), dimensions = cursor.u32();
    if (dimensions < 1 || dimensions > 4) {
      cursor.fail(at, `"${name}": expected 1 to 4 dimensions, got ${dimensions}`);
    }
    const shape = Array.from({ length: dimensions }, () => cursor.count("dimension")).reverse();
    const number = cursor.u32(), type = NUMBER_TYPES.get(number), offset = cursor.count("offset");
    if (!type) {
      const known = Array.from(NUMBER_TYPES.values(), ({ name }) => name).join(", ");
      throw new CapabilityError(
        `${cursor.where}: "${name}" is of ggml type ${number}; supported: ${known}`,
      );
    }
    if (shape.at(-1)! % type.values !== 0) {
      cursor.fail(at, `"${name}": rows of ${shape.at(-1)}, expected a multiple of ${type.values}`);
    }
    const bytes = sizeOf(shape) / type.values * type.bytes;
    found.push({ name, at, offset, place: { shape, type, bytes } });
  }
  const alignment = Number(facts.get("general.alignment") ?? 32);
  const first = Math.ceil(cursor.at / alignment) * alignment;
  const places = new Map<string, Place>();
  let end = first;
  for (const { name, at, offset, place } of found.sort((a, b) => a.offset - b.offset)) {
    const start = first + offset;
    if (places.has(name)) cursor.fail(at, `tensor "${name}" stands there twice`);
    if (start < end || offset % alignment !== 0) {
      cursor.fail(at, `"${name}": offset ${offset} lies inside another tensor or is not aligned`);
    }
    end = start + place.bytes;
    if (end > cursor.size) {
      throw new DataError(
        `${cursor.where}: ends at byte ${cursor.size}, expected ${end} for "${name}": cut short`,
      );
    }
    places.set(name, { ...place, start });
  }
  return places;
}

/** The header is longer than the bytes that were read of it. */
class NeedsMore extends Error {}

/** Reads a header from its start. */
class Cursor {
  at = 0;
  readonly where: string;
  readonly size: number;
  readonly #view: DataView;

  constructor(readonly bytes: Uint8Array<ArrayBuffer>, { where, size }: ByteSource) {
    this.where = where;
    this.size = size;
    this.#view = new DataView(bytes.buffer);
  }

  fail(at: number, what: string): never {
    throw new DataError(`${this.where}: at byte ${at}: ${what}: damaged, or not GGUF`);
  }

  /** Steps over some bytes; gives where they start. */
  #step(length: number): number {
    const start = this.at, end = start + length;
    if (end > this.size) {
      throw new DataError(
        `${this.where}: ends at byte ${this.size}, expected ${end} in the header: cut short`,
      );
    }
    if (end > this.bytes.length) throw new NeedsMore();
    this.at = end;
    return start;
  }

  u32(): number {
    return this.#view.getUint32(this.#step(4), true);
  }

  /** A whole number of 64 bits that has to be a size of something in the file. */
  count(what: string): number {
    const start = this.#step(8), value = this.#view.getBigUint64(start, true);
    if (value > BigInt(2 ** 48)) this.fail(start, `${what}: ${value} is more than a file can hold`);
    return Number(value);
  }

  text(): string {
    const start = this.at, length = this.count("length of a text");
    const from = this.#step(length);
    try {
      return UTF8.decode(this.bytes.subarray(from, this.at));
    } catch {
      return this.fail(start, "expected text in UTF-8");
    }
  }

  value(type: number): Fact {
    if (type === 8) return this.text();
    if (type === 9) return this.#list();
    const read = FACTS.get(type);
    if (read) return read.of(this.#view, this.#step(read.bytes));
    return this.fail(this.at - 4, `type ${type} of a fact, expected 0 to 12`);
  }

  #list(): Fact[] {
    const type = this.u32(), start = this.at, length = this.count("length of a list");
    if (length > this.size) this.fail(start, `list of ${length}`);
    const out: Fact[] = [];
    for (let i = 0; i < length; i++) out.push(this.value(type));
    return out;
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

type ReadFact = { bytes: number; of: (view: DataView, at: number) => Fact };

/** Facts of a fixed size, by the number of their type. */
const FACTS: ReadonlyMap<number, ReadFact> = new Map<number, ReadFact>([
  [0, { bytes: 1, of: (view, at) => view.getUint8(at) }],
  [1, { bytes: 1, of: (view, at) => view.getInt8(at) }],
  [2, { bytes: 2, of: (view, at) => view.getUint16(at, true) }],
  [3, { bytes: 2, of: (view, at) => view.getInt16(at, true) }],
  [4, { bytes: 4, of: (view, at) => view.getUint32(at, true) }],
  [5, { bytes: 4, of: (view, at) => view.getInt32(at, true) }],
  [6, { bytes: 4, of: (view, at) => view.getFloat32(at, true) }],
  [7, { bytes: 1, of: (view, at) => view.getUint8(at) !== 0 }],
  [10, { bytes: 8, of: (view, at) => Number(view.getBigUint64(at, true)) }],
  [11, { bytes: 8, of: (view, at) => Number(view.getBigInt64(at, true)) }],
  [12, { bytes: 8, of: (view, at) => view.getFloat64(at, true) }],
]);
