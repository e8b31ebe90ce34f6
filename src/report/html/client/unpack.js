// @ts-check
/// <reference lib="dom" />

/** @typedef {Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array} Values */
/** @typedef {{ meta: any, arrays: Record<string, Values> }} Block */

const TYPES = { Uint8Array, Uint16Array, Uint32Array, Float32Array, Float64Array };

/** @type {Map<string, Promise<Block>>} */
const known = new Map();

/**
 * A block of the page by its id, taken apart once.
 * @param {string} id
 * @returns {Promise<Block>}
 */
export function block(id) {
  let found = known.get(id);
  if (!found) known.set(id, found = unpack(document.getElementById(id)?.textContent ?? ""));
  return found;
}

/**
 * Takes a block apart: see pack.ts.
 * @param {string} base64
 * @returns {Promise<Block>}
 */
export async function unpack(base64) {
  if (typeof DecompressionStream === "undefined") {
    throw new Error("this browser cannot unpack the data (DecompressionStream is missing)");
  }
  const text = atob(base64.trim());
  const packed = new Uint8Array(text.length);
  for (let i = 0; i < packed.length; i++) packed[i] = text.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(stream).arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const start = Math.ceil((4 + length) / 8) * 8;
  /** @type {Record<string, Values>} */
  const arrays = {};
  for (const [name, [type, offset, size]] of Object.entries(head.arrays)) {
    arrays[name] = new TYPES[/** @type {keyof TYPES} */ (type)](buffer, start + offset, size);
  }
  return { meta: head.meta, arrays };
}
