/**
 * Rows with the same key, found without keeping the keys: those of a million texts are as large as the texts.
 * @module
 */
import { hashOf } from "./minhash.ts";

/**
 * Sets of two or more rows with the same key, in order of their first rows; no key, no set.
 *
 * @param key computed again where two rows may have the same
 */
export function repeated(
  rows: readonly number[],
  key: (row: number) => string | undefined,
): number[][] {
  const size = 2 ** Math.ceil(Math.log2(2 * rows.length + 2)), mask = size - 1;
  // Of the first row of each key: its place + 1, its hash; and the set, once there are two.
  const slots = new Uint32Array(size), hashes = new Uint32Array(rows.length);
  const sets = new Map<number, number[]>();
  rows.forEach((row, i) => {
    const own = key(row);
    if (own === undefined) return;
    const hash = hashes[i] = hashOf(own);
    let slot = hash & mask;
    for (let first; (first = slots[slot] - 1) >= 0; slot = (slot + 1) & mask) {
      if (hashes[first] !== hash) continue;
      if (key(rows[first]) !== own) continue;
      const set = sets.get(first);
      if (set) set.push(row);
      else sets.set(first, [rows[first], row]);
      return;
    }
    slots[slot] = i + 1;
  });
  return Array.from(sets.keys()).sort((a, b) => a - b).map((first) => sets.get(first)!);
}
