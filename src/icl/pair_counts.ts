/**
 * How often two ids stand side by side in the words of many texts, kept up to date while pairs are merged:
 * the work of training a byte-pair tokenizer.
 *
 * Each different word is held once, with its count, and each pair knows the words it stands in, so a merge
 * touches only those.
 * @module
 */

/** A pair of ids as one number, for maps. Ids are below 65,536. */
export function pairKey(left: number, right: number): number {
  return left * 0x10000 + right;
}

/**
 * Replaces each `left, right` by `id` in `ids[start … start + length)`, from the left, in place.
 * @returns the new length
 */
export function mergePair(
  ids: Uint16Array,
  start: number,
  length: number,
  left: number,
  right: number,
  id: number,
): number {
  let to = start;
  for (let from = start; from < start + length; from++) {
    const here = ids[from] === left && from + 1 < start + length && ids[from + 1] === right;
    ids[to++] = here ? id : ids[from];
    if (here) from++;
  }
  return to - start;
}

/** The pairs of a set of words. */
export class PairCounts {
  /** Ids of all words, one word after the other, each in the room of its bytes. */
  readonly #ids: Uint16Array;
  readonly #starts: number[] = [];
  readonly #lengths: number[] = [];
  readonly #wordCounts: number[];
  /** By pair, in the order first seen; a pair's count only falls once the merge that made it is done. */
  readonly #pairs: [left: number, right: number][] = [];
  readonly #counts: number[] = [];
  readonly #places: number[][] = [];
  readonly #index = new Map<number, number>();

  /**
   * Counts the pairs of words spelt in the bytes of their UTF-8.
   * @param words how often each word occurs
   */
  constructor(words: ReadonlyMap<string, number>) {
    const spelt = Array.from(words.keys(), (word) => new TextEncoder().encode(word));
    this.#wordCounts = [...words.values()];
    this.#ids = new Uint16Array(spelt.reduce((sum, bytes) => sum + bytes.length, 0));
    let at = 0;
    for (const [w, bytes] of spelt.entries()) {
      this.#ids.set(bytes, at);
      this.#starts.push(at);
      this.#lengths.push(bytes.length);
      at += bytes.length;
      this.#add(w);
    }
  }

  /**
   * The pair seen most often, at least twice; among equals the one whose parts sort first.
   * @param parts what each id stands for, as strings to sort by
   */
  best(parts: readonly string[]): readonly [left: number, right: number] | undefined {
    let best = -1, most = 2;
    for (let p = 0; p < this.#counts.length; p++) {
      const count = this.#counts[p];
      if (count < most) continue;
      if (count === most && best >= 0 && !this.#before(p, best, parts)) continue;
      best = p, most = count;
    }
    return best < 0 ? undefined : this.#pairs[best];
  }

  /** Makes `id`, not used before, of each occurrence of a pair. */
  merge([left, right]: readonly [left: number, right: number], id: number): void {
    const merged = this.#index.get(pairKey(left, right))!;
    for (const w of new Set(this.#places[merged])) {
      this.#remove(w);
      this.#lengths[w] = mergePair(this.#ids, this.#starts[w], this.#lengths[w], left, right, id);
      this.#add(w, id);
    }
    this.#places[merged] = [];
  }

  #remove(w: number): void {
    const ids = this.#ids, end = this.#starts[w] + this.#lengths[w];
    for (let i = this.#starts[w] + 1; i < end; i++) {
      this.#counts[this.#index.get(pairKey(ids[i - 1], ids[i]))!] -= this.#wordCounts[w];
    }
  }

  /** Counts the pairs of a word. Where only those with `id` are new to it, only they learn their place. */
  #add(w: number, id?: number): void {
    const ids = this.#ids, end = this.#starts[w] + this.#lengths[w];
    for (let i = this.#starts[w] + 1; i < end; i++) {
      const left = ids[i - 1], right = ids[i], p = this.#indexOf(left, right);
      this.#counts[p] += this.#wordCounts[w];
      if (id === undefined || left === id || right === id) this.#places[p].push(w);
    }
  }

  #indexOf(left: number, right: number): number {
    const key = pairKey(left, right), known = this.#index.get(key);
    if (known !== undefined) return known;
    const p = this.#pairs.length;
    this.#index.set(key, p);
    this.#pairs.push([left, right]);
    this.#counts.push(0);
    this.#places.push([]);
    return p;
  }

  #before(p: number, q: number, parts: readonly string[]): boolean {
    const [a, b] = this.#pairs[p], [c, d] = this.#pairs[q];
    if (parts[a] !== parts[c]) return parts[a] < parts[c];
    if (parts[b] !== parts[d]) return parts[b] < parts[d];
    // Two ids may spell the same bytes by different merges; the older goes first.
    return a !== c ? a < c : b < d;
  }
}
