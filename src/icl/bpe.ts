/**
 * A byte-level byte-pair tokenizer, learned from the training queries: the vocabulary in which stage 1
 * writes queries back (icl-router.md §6, tier T).
 *
 * A text is cut into words, a word into the bytes of its UTF-8, and then neighbours are merged in the order
 * in which the merges were learned. Every text can be encoded, and decoding gives it back.
 * Sources: Sennrich et al., arXiv:1508.07909, for the merges; Radford et al. 2019 (GPT-2) for bytes and
 * words.
 * @module
 */
import { DataError, UsageError } from "../base/errors.ts";

/**
 * Words: letters or digits or other signs, each with the space before it, or white space alone. At most 64
 * characters, so that a long run costs no more than its length and can be left half read.
 */
const WORDS = / ?[\p{L}\p{M}]{1,64}| ?\p{N}{1,64}| ?[^\s\p{L}\p{M}\p{N}]{1,64}|\s{1,64}(?!\S)|\s/gu;

const FORMAT = "icl-router-bench/bpe/1";
const END = 256, PAD = 257, FIRST_MERGED = 258;
const MOST_IDS = 1 << 16;
const MOST_KEPT_WORDS = 1 << 16;

/** Two neighbouring ids. */
export type Pair = readonly [left: number, right: number];

/** A trained tokenizer. Ids: 0…255 are bytes, 256 the end, 257 padding, then one for each merge in order. */
export class Bpe {
  /** Length of the vocabulary. */
  readonly size: number;
  /** Ends a text; no text encodes to it. */
  readonly end: number = END;
  /** Fills a batch; no text encodes to it. */
  readonly pad: number = PAD;
  readonly #merges: readonly Pair[];
  readonly #merged: ReadonlyMap<number, number>;
  readonly #bytes: readonly Uint8Array[];
  readonly #words = new Map<string, Uint16Array>();

  /**
   * A tokenizer with these merges.
   * @param merges in the order learned; each may use the ids of those before it
   * @throws {RangeError} naming the merge that uses an id not yet known, or that stands twice
   */
  constructor(merges: readonly Pair[]) {
    const bytes = Array.from(
      { length: FIRST_MERGED },
      (_, id) => Uint8Array.from(id < 256 ? [id] : []),
    );
    const merged = new Map<number, number>();
    merges.forEach(([left, right], i) => {
      const a = bytes[left], b = bytes[right], pair = pairKey(left, right);
      if (!a?.length || !b?.length || merged.has(pair) || bytes.length === MOST_IDS) {
        throw new RangeError(`merge ${i}: [${left}, ${right}]`);
      }
      merged.set(pair, bytes.length);
      bytes.push(Uint8Array.of(...a, ...b));
    });
    this.size = bytes.length;
    this.#merges = merges;
    this.#merged = merged;
    this.#bytes = bytes;
  }

  /**
   * Ids of a text, or the first `most` of them; no more words are encoded than they need. A lone surrogate
   * becomes U+FFFD.
   */
  encode(text: string, most: number = Infinity): Uint16Array {
    const ids: number[] = [];
    for (const [word] of text.toWellFormed().matchAll(WORDS)) {
      if (ids.length >= most) break;
      for (const id of this.#encodeWord(word)) ids.push(id);
    }
    return Uint16Array.from(ids.length > most ? ids.slice(0, most) : ids);
  }

  /**
   * The text of some ids; end and padding write nothing. Bytes that are not UTF-8, as a cut can leave,
   * become U+FFFD.
   * @throws {RangeError} naming an id outside the vocabulary
   */
  decode(ids: ArrayLike<number>): string {
    const bytes: number[] = [];
    for (let i = 0; i < ids.length; i++) {
      const own = this.#bytes[ids[i]];
      if (!own) throw new RangeError(`id ${ids[i]}: expected 0…${this.size - 1}`);
      for (const byte of own) bytes.push(byte);
    }
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
  }

  /** The merges, for a file; {@link Bpe.fromJSON} reads them. */
  toJSON(): { format: string; merges: readonly Pair[] } {
    return { format: FORMAT, merges: this.#merges };
  }

  /**
   * A tokenizer from what {@link Bpe.toJSON} gave.
   * @throws {DataError} naming `where` and the merge that does not fit
   */
  static fromJSON(value: unknown, where: string): Bpe {
    const { format, merges } = Object(value) as Record<string, unknown>;
    const isPair = (pair: unknown): boolean =>
      Array.isArray(pair) && pair.length === 2 && pair.every(Number.isInteger);
    if (format !== FORMAT || !Array.isArray(merges) || !merges.every(isPair)) {
      throw new DataError(`${where}: expected {format: "${FORMAT}", merges: [[left, right], …]}`);
    }
    try {
      return new Bpe(merges);
    } catch (error) {
      throw new DataError(
        `${where}: ${(error as Error).message}: expected a new pair of known ids`,
      );
    }
  }

  /** Merges neighbours, the merge learned first going first, until none is left. */
  #encodeWord(word: string): Uint16Array {
    const known = this.#words.get(word);
    if (known) return known;
    const ids = Uint16Array.from(new TextEncoder().encode(word));
    let length = ids.length;
    while (true) {
      let first = MOST_IDS, left = 0, right = 0;
      for (let i = 1; i < length; i++) {
        const id = this.#merged.get(pairKey(ids[i - 1], ids[i])) ?? MOST_IDS;
        if (id < first) first = id, left = ids[i - 1], right = ids[i];
      }
      if (first === MOST_IDS) break;
      length = mergePair(ids, 0, length, left, right, first);
    }
    const merged = ids.slice(0, length);
    if (this.#words.size < MOST_KEPT_WORDS) this.#words.set(word, merged);
    return merged;
  }
}

/**
 * Learns a tokenizer: again and again the pair of neighbours seen most often becomes one id. Among equals
 * the one whose bytes sort first wins (left part, then right), so the order of texts does not matter.
 *
 * It stops short of `vocabulary` when no pair is seen twice; {@link Bpe.size} tells.
 * @param vocabulary wanted length, bytes and the two special ids included: 258…65536
 * @throws {UsageError} when `vocabulary` is out of range
 */
export function trainBpe(texts: readonly string[], vocabulary: number): Bpe {
  if (!Number.isInteger(vocabulary) || vocabulary < FIRST_MERGED || vocabulary > MOST_IDS) {
    throw new UsageError(
      `vocabulary ${vocabulary}: expected a whole number, ${FIRST_MERGED}…${MOST_IDS}`,
    );
  }
  const counts = new PairCounts(countWords(texts));
  const merges: Pair[] = [];
  // One character a byte, so that strings sort as their bytes do.
  const parts = Array.from({ length: FIRST_MERGED }, (_, id) => String.fromCharCode(id));
  while (parts.length < vocabulary) {
    const pair = counts.best(parts);
    if (!pair) break;
    counts.merge(pair, parts.length);
    merges.push(pair);
    parts.push(parts[pair[0]] + parts[pair[1]]);
  }
  return new Bpe(merges);
}

function countWords(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of text.toWellFormed().match(WORDS) ?? []) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}

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

/**
 * How often two ids stand side by side in the words of many texts, kept up to date while pairs are merged. Each
 * different word is held once, with its count, and each pair knows the words it stands in, so a merge touches
 * only those.
 */
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
   * Counts the pairs of words spelled in the bytes of their UTF-8.
   * @param words how often each word occurs
   */
  constructor(words: ReadonlyMap<string, number>) {
    const spelled = Array.from(words.keys(), (word) => new TextEncoder().encode(word));
    this.#wordCounts = [...words.values()];
    this.#ids = new Uint16Array(spelled.reduce((sum, bytes) => sum + bytes.length, 0));
    let at = 0;
    for (const [w, bytes] of spelled.entries()) {
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
