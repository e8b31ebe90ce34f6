/**
 * Which strings were met before, without keeping them: a Map of a million long keys takes as much memory as the keys.
 * @module
 */
import { hash32 } from "./hash32.ts";

/** Numbers of things by their keys (open addressing). Keys are told apart exactly, hashes only say where to look. */
export class KeyTable {
  /** Hash and number + 1, pair after pair; at most half of them are in use. */
  #slots = new Uint32Array(2 ** 10);
  #count = 0;

  /**
   * A table without keys.
   * @param keyOf the key of a number that was put down; asked where hashes are equal
   */
  constructor(private readonly keyOf: (number: number) => string | undefined) {}

  /** The number under which a key was first put down; for a new key the given one, which is put down. */
  first(key: string, number: number): number {
    if (4 * this.#count >= this.#slots.length) this.#grow();
    const slots = this.#slots, hash = hash32(key), end = slots.length - 1;
    let at = 2 * hash & end;
    for (; slots[at + 1] > 0; at = at + 2 & end) {
      if (slots[at] === hash && this.keyOf(slots[at + 1] - 1) === key) return slots[at + 1] - 1;
    }
    slots[at] = hash;
    slots[at + 1] = number + 1;
    this.#count++;
    return number;
  }

  #grow(): void {
    const old = this.#slots, slots = new Uint32Array(2 * old.length), end = slots.length - 1;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      let at = 2 * old[from] & end;
      while (slots[at + 1] > 0) at = at + 2 & end;
      slots[at] = old[from];
      slots[at + 1] = old[from + 1];
    }
    this.#slots = slots;
  }
}
