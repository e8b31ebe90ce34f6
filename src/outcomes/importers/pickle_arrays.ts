/**
 * numpy's arrays, element types and ranges as a pickle writes them, made of plain values.
 * @module
 */
import { DataError } from "../../base/errors.ts";

/** Makes a value from the arguments that a pickle gives. */
export interface Constructor {
  /** The value. @throws {DataError} naming `where`, for arguments of another form */
  make(args: unknown[], where: string): unknown;
}

/** An object that a pickle makes first and fills afterwards. */
export abstract class Shell {
  /** Takes the state that a pickle gives. @throws {DataError} for one of another form */
  abstract fill(state: unknown, where: string): void;
}

/** Type of an array's elements: kind (b, i, u, f, U, O) and size. */
export class DType extends Shell {
  /** Big end first. */
  big = false;

  /** A type, small end first until filled. */
  constructor(
    /** As numpy's letters. */
    readonly kind: string,
    /** Bytes of a number, characters of a text. */
    readonly size: number,
  ) {
    super();
  }

  /** Takes the state that a pickle gives. @throws {DataError} for one of another form */
  fill(state: unknown, where: string): void {
    const order = Array.isArray(state) ? state[1] : undefined;
    if (order !== "<" && order !== ">" && order !== "|") fail(where, "an element type", state);
    this.big = order === ">";
  }
}

/** A numpy array: elements in C order (the last index runs fastest). */
export class NdArray extends Shell {
  /** Lengths of its axes. */
  shape: readonly number[] = [0];
  /** Numbers, booleans, texts, or whatever an array of objects holds. */
  values: readonly unknown[] = [];

  /** Takes the state that a pickle gives. @throws {DataError} for one of another form */
  fill(state: unknown, where: string): void {
    const [version, shape, dtype, columnsFirst, data] = Array.isArray(state) ? state : [];
    if (version !== 1 || !(dtype instanceof DType)) fail(where, "an array", state);
    this.set(dtype as DType, shape, columnsFirst === true, data, where);
  }

  /** Sets shape and elements. @throws {DataError} where they do not fit */
  set(dtype: DType, shape: unknown, columnsFirst: boolean, data: unknown, where: string): this {
    const lengths = Array.isArray(shape) ? [...shape] : [];
    const isLength = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) >= 0;
    if (!Array.isArray(shape) || !lengths.every(isLength)) fail(where, "a shape", shape);
    const size = lengths.reduce((product, n) => product * n, 1);
    const values = data instanceof Uint8Array
      ? numbers(dtype, data, where)
      : dtype.kind === "O" && Array.isArray(data)
      ? data
      : fail(where, "elements", data);
    if (values.length !== size) fail(where, `${size} elements`, values.length);
    this.shape = lengths;
    this.values = columnsFirst && lengths.length > 1 ? inRows(values, lengths) : values;
    return this;
  }
}

/** Elements in Fortran order (the first index runs fastest) in C order. */
function inRows(values: readonly unknown[], shape: readonly number[]): unknown[] {
  const index = shape.map(() => 0), steps = shape.map((_, i) => product(shape.slice(0, i)));
  return values.map(() => {
    const value = values[index.reduce((sum, n, i) => sum + n * steps[i], 0)];
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) {
      index[axis] = 0;
    }
    return value;
  });
}

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

type Reader = (view: DataView, at: number, little: boolean) => unknown;

const whole = (value: bigint): number | bigint => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

/** By kind and size. */
const READERS: Readonly<Record<string, Reader>> = {
  b1: (view, at) => view.getUint8(at) !== 0,
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => whole(view.getBigInt64(at, little)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => whole(view.getBigUint64(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
};

/** Elements of an array from its bytes. @throws {DataError} for bytes that do not fit */
export function numbers(dtype: DType, bytes: Uint8Array, where: string): unknown[] {
  const { kind, size, big } = dtype;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = kind === "U" ? fixedText(size) : READERS[kind + size];
  const width = kind === "U" ? 4 * size : size;
  if (!read) fail(where, "elements that are numbers, booleans or texts", kind + size);
  if (width === 0 || bytes.length % width !== 0) {
    fail(where, `elements of ${width} bytes`, "others");
  }
  return Array.from({ length: bytes.length / width }, (_, i) => read(view, i * width, !big));
}

/** Texts of at most so many characters, four bytes each, filled up with zeros. */
function fixedText(characters: number): Reader {
  return (view, at, little) => {
    let text = "";
    for (let i = 0; i < characters; i++) {
      const code = view.getUint32(at + 4 * i, little);
      if (code !== 0) text += String.fromCodePoint(code);
    }
    return text;
  };
}

/** More rows than any table here has; a range is cheap to write and dear to expand. */
const LONGEST_RANGE = 50_000_000;

/** A range of whole numbers. */
export class Slice {
  /** A range. */
  constructor(
    /** First. */
    readonly start: number,
    /** Behind the last. */
    readonly stop: number,
    /** Between two; not 0. */
    readonly step: number,
  ) {}

  /** Its numbers. @throws {DataError} for more than any table has */
  expanded(where: string): number[] {
    const length = Math.max(0, Math.ceil((this.stop - this.start) / this.step));
    if (length > LONGEST_RANGE) fail(where, "a shorter range", length);
    return Array.from({ length }, (_, i) => this.start + i * this.step);
  }
}

/** Ends with what was expected of a pickle. */
export function fail(where: string, expected: string, got: unknown): never {
  const shown = got instanceof Shell || got instanceof Map ? "something else" : String(got);
  throw new DataError(`${where}: expected ${expected}, got ${shown.slice(0, 60)}`);
}
