/**
 * Hashes of 32 bits, for tables in memory; what is named by its hash takes `hash.ts`.
 * @module
 */

/** FNV-1a of the UTF-16 code units, mixed: the same for a text in whatever data; unsigned. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

/** murmur3's finaliser, a bijection of 32-bit numbers; the result is unsigned. */
export function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
