/**
 * Numbers as GGUF files store them, made float32: F32, F16 and blocks of 32 values with a scale.
 *
 * | type | bytes a block | value |
 * | --- | --- | --- |
 * | Q8_0 | f16 d, 32 int8 q | d · q |
 * | Q4_0 | f16 d, 16 bytes | d · (q − 8) |
 * | Q4_1 | f16 d, f16 m, 16 bytes | d · q + m, rounded to float32 after the product and after the sum |
 *
 * The low halves of the 16 bytes are the first 16 values of a block, the high halves the others.
 * Source: `ggml-quants.c` of the ggml project.
 * @module
 */

/** Values a block. */
const BLOCK = 32;

/** A type of numbers. */
export interface NumberType {
  /** Its name in ggml. */
  readonly name: string;
  /** Values that are stored together; a row of a tensor is a whole number of them. */
  readonly values: number;
  /** Bytes of so many values. */
  readonly bytes: number;
  /** Makes them float32. */
  readonly decode: (bytes: Uint8Array<ArrayBuffer>) => Float32Array;
}

/** The types that are read here, by their number in a file. */
export const NUMBER_TYPES: ReadonlyMap<number, NumberType> = new Map([
  [0, { name: "F32", values: 1, bytes: 4, decode: ({ buffer }) => new Float32Array(buffer) }],
  [1, {
    ...{ name: "F16", values: 1, bytes: 2 },
    decode: ({ buffer }) => new Float32Array(new Float16Array(buffer)),
  }],
  [2, { name: "Q4_0", values: BLOCK, bytes: 18, decode: (bytes) => nibbles(bytes, 18, false) }],
  [3, { name: "Q4_1", values: BLOCK, bytes: 20, decode: (bytes) => nibbles(bytes, 20, true) }],
  [8, { name: "Q8_0", values: BLOCK, bytes: 34, decode: signed }],
]);

function signed(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset), blocks = bytes.length / 34;
  const out = new Float32Array(blocks * BLOCK);
  for (let b = 0; b < blocks; b++) {
    const at = b * 34, d = view.getFloat16(at, true);
    for (let i = 0; i < BLOCK; i++) out[b * BLOCK + i] = d * view.getInt8(at + 2 + i);
  }
  return out;
}

function nibbles(bytes: Uint8Array, size: number, minimum: boolean): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset), blocks = bytes.length / size;
  const out = new Float32Array(blocks * BLOCK), half = BLOCK / 2;
  for (let b = 0; b < blocks; b++) {
    const at = b * size, d = view.getFloat16(at, true), first = at + size - half;
    const m = minimum ? view.getFloat16(at + 2, true) : 0, zero = minimum ? 0 : 8;
    for (let i = 0; i < half; i++) {
      const q = bytes[first + i], to = b * BLOCK + i;
      out[to] = Math.fround(d * ((q & 15) - zero)) + m;
      out[to + half] = Math.fround(d * ((q >> 4) - zero)) + m;
    }
  }
  return out;
}
