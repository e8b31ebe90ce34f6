/**
 * Sorted lists in which similar sets are neighbours: an LSH forest (Bawa, Condie and Ganesan, 2005) of MinHash
 * values. Two sets of Jaccard J have the same value of one hash function with probability J, so the more alike two
 * sets are, the longer the prefix their sort keys share in some list.
 * @module
 */
import { hash32, mix } from "../base/hash32.ts";
import type { Lists } from "./lists.ts";

/** Sorted lists. */
const LISTS = 16;
/** Each set is compared with so many before it in a list. */
const WINDOW = 3;
/** MinHash values of a sort key, a byte each. */
const DEPTH = 4;
/** A sort key holds a set's number below the MinHash bytes, in the 21 bits that a double has left. */
const MOST_SETS = 2 ** 21;

/**
 * Yields pairs of similar sets: neighbours in a list, up to {@link WINDOW} apart, that share the first two values of
 * their keys. Pairs come again. What is found depends on the tokens' letters, not on their numbers.
 *
 * @param sets token numbers, each once
 * @param vocabulary the token of each number
 * @throws {RangeError} for more than two million sets
 */
export function* neighbours(
  sets: Lists<Int32Array>,
  vocabulary: readonly string[],
): Generator<[number, number]> {
  if (sets.length > MOST_SETS) {
    throw new RangeError(`${sets.length} sets, expected at most ${MOST_SETS}`);
  }
  const hashes = Uint32Array.from(vocabulary, hash32);
  const hashed = sets.withNumbers(Uint32Array.from(sets.numbers, (token) => hashes[token]));
  for (let list = 0; list < LISTS; list++) {
    const keys = Float64Array.from({ length: sets.length }, (_, s) => {
      const set = hashed.get(s);
      let key = 0;
      for (let level = 0; level < DEPTH; level++) {
        key = 256 * key + (mix(minimum(set, list * DEPTH + level)) >>> 24);
      }
      return key * MOST_SETS + s;
    }).sort();
    const prefix = (key: number): number => Math.floor(key / (MOST_SETS * 256 ** (DEPTH - 2)));
    for (let i = 1; i < keys.length; i++) {
      for (let j = i - 1; j >= Math.max(0, i - WINDOW); j--) {
        if (prefix(keys[j]) !== prefix(keys[i])) break;
        yield [keys[j] % MOST_SETS, keys[i] % MOST_SETS];
      }
    }
  }
}

/** The smallest value of a hash function over a set. */
function minimum(set: Uint32Array, hash: number): number {
  const salt = mix(hash + 1), factor = mix(~hash) | 1;
  let least = 0xffffffff;
  for (let i = 0; i < set.length; i++) {
    const x = Math.imul(set[i] ^ salt, factor);
    const value = (x ^ (x >>> 15)) >>> 0;
    if (value < least) least = value;
  }
  return least;
}
