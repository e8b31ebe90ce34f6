/**
 * Data for the page: a JSON value and typed arrays as one gzipped block in base64, taken apart again by
 * `client/unpack.js` when the reader first needs it.
 *
 * Unpacked: `u32` length of the header (little endian), the header (JSON: `meta`, and of every array its
 * type, offset and length), then, from the next multiple of 8, the arrays, each at a multiple of 8.
 * @module
 */
import { Buffer } from "node:buffer";
import { pack } from "../../base/files.ts";

/** Arrays that a block can hold. */
export type Packable = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

/** Packs a block; the same content gives the same text. */
export function packBlock(meta: unknown, arrays: Readonly<Record<string, Packable>> = {}): string {
  let size = 0;
  const places = Object.entries(arrays).map(([name, values]) => {
    const offset = size;
    size = aligned(offset + values.byteLength);
    return [name, [values.constructor.name, offset, values.length]] as const;
  });
  const head = new TextEncoder().encode(
    JSON.stringify({ meta, arrays: Object.fromEntries(places) }),
  );
  const start = aligned(4 + head.length);
  const bytes = new Uint8Array(start + size);
  new DataView(bytes.buffer).setUint32(0, head.length, true);
  bytes.set(head, 4);
  for (const [name, [, offset]] of places) {
    const { buffer, byteOffset, byteLength } = arrays[name];
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), start + offset);
  }
  return Buffer.from(pack(bytes)).toString("base64");
}

function aligned(offset: number): number {
  return Math.ceil(offset / 8) * 8;
}
