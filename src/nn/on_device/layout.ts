/**
 * Many parameters as one matrix: each starts on a row of its own, its last row is filled up with zeros.
 * @module
 */
import { sizeOf, type Tensor } from "../graph.ts";
import { concat, pad, reshape, slice } from "../ops.ts";

/** Where a parameter lies. */
export interface Place {
  /** Its dimensions. */
  readonly shape: readonly number[];
  /** Number of its values. */
  readonly size: number;
  /** First row. */
  readonly start: number;
  /** Row after the last. */
  readonly end: number;
}

/** Places of named parameters in one matrix. */
export interface Layout {
  /** Rows and columns of the matrix. */
  readonly shape: readonly [rows: number, width: number];
  /** By name, in the order of the rows. */
  readonly places: ReadonlyMap<string, Place>;
}

/**
 * Lays parameters out one after the other.
 * @throws {RangeError} when there are none
 */
export function layoutOf(
  shapes: Iterable<readonly [name: string, shape: readonly number[]]>,
  width = 256,
): Layout {
  const places = new Map<string, Place>();
  let rows = 0;
  for (const [name, shape] of shapes) {
    const size = sizeOf(shape), start = rows;
    rows += Math.ceil(size / width);
    places.set(name, { shape, size, start, end: rows });
  }
  if (rows === 0) throw new RangeError("there is no parameter to lay out");
  return { shape: [rows, width], places };
}

/** The matrix, from the parameters' values; zeros where there are none. */
export function pack(
  { shape: [rows, width], places }: Layout,
  values: (name: string) => Float32Array | undefined,
): Float32Array {
  const packed = new Float32Array(rows * width);
  for (const [name, { start }] of places) packed.set(values(name) ?? [], start * width);
  return packed;
}

/** The parameters' values as views into the matrix. */
export function unpack(
  { shape: [, width], places }: Layout,
  packed: Float32Array,
): Map<string, Float32Array> {
  return new Map([...places].map(([name, { start, size }]) => [
    name,
    packed.subarray(start * width, start * width + size),
  ]));
}

/** One number a parameter, repeated for each of its rows. */
export function columnOf(
  { shape: [rows], places }: Layout,
  value: (name: string, shape: readonly number[]) => number,
): Float32Array {
  const column = new Float32Array(rows);
  for (const [name, { shape, start, end }] of places) column.fill(value(name, shape), start, end);
  return column;
}

/** A parameter cut out of the matrix. */
export function cut({ shape: [, width], places }: Layout, matrix: Tensor, name: string): Tensor {
  const { shape, size, start, end } = places.get(name)!;
  const values = reshape(slice(matrix, 0, start, end), [(end - start) * width]);
  return reshape(slice(values, 0, 0, size), shape);
}

/** The matrix, from one tensor a parameter in the order of the layout. */
export function join({ shape: [, width], places }: Layout, tensors: readonly Tensor[]): Tensor {
  const parts = [...places.values()].map(({ size, start, end }, i) => {
    const filled = (end - start) * width;
    return reshape(pad(reshape(tensors[i], [size]), 0, 0, filled - size), [end - start, width]);
  });
  return concat(parts, 0);
}
