/**
 * Rows with the same key, found without keeping the keys: those of a million texts are as large as the texts.
 * @module
 */
import { KeyTable } from "../base/key_table.ts";

/**
 * Sets of two or more rows with the same key, in order of their first rows; no key, no set.
 *
 * @param key computed again where two rows may have the same
 */
export function repeated(
  rows: readonly number[],
  key: (row: number) => string | undefined,
): number[][] {
  const known = new KeyTable((i) => key(rows[i])), sets = new Map<number, number[]>();
  rows.forEach((row, i) => {
    const own = key(row), first = own === undefined ? i : known.first(own, i);
    if (first === i) return;
    const set = sets.get(first);
    if (set) set.push(row);
    else sets.set(first, [rows[first], row]);
  });
  return Array.from(sets.keys()).sort((a, b) => a - b).map((first) => sets.get(first)!);
}
