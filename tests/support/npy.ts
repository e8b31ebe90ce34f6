/** Arrays as `numpy.save` writes them. */
import { Buffer } from "node:buffer";

/** Rows of numbers, two columns unless `shape` says otherwise, format version 1. */
export function npy(
  values: ArrayLike<number>,
  { descr = "<f4", shape = `(${values.length / 2}, 2)`, order = "False" } = {},
): Uint8Array {
  const head = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;
  const padded = head.padEnd(Math.ceil((head.length + 11) / 64) * 64 - 11) + "\n";
  const length = new Uint8Array(new Uint16Array([padded.length]).buffer);
  const data = descr === "<f8" ? Float64Array.from(values) : Float32Array.from(values);
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    length,
    Buffer.from(padded),
    new Uint8Array(data.buffer),
  ]);
}
