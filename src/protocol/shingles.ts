/**
 * Shingles: the windows of consecutive tokens of each text, numbered densely over all texts.
 * @module
 */

/** Shingles of N texts. */
export interface ShingleSets {
  /** Distinct shingles of each text, in order of first appearance. Length N. */
  readonly sets: readonly Uint32Array[];
  /** In how many texts each shingle occurs. Length: number of distinct shingles. */
  readonly texts: Uint32Array;
}

/**
 * Finds the windows of `width` tokens; a shorter text has one window of its own length, an empty one none.
 *
 * Windows are told apart by 64-bit hashes: among ten million the chance of any collision is 3·10⁻⁶.
 */
export function shingleSets(words: readonly (readonly string[])[], width: number): ShingleSets {
  const windows = words.map((w) => w.length === 0 ? 0 : Math.max(1, w.length - width + 1));
  const table = hashTable(windows.reduce((sum, n) => sum + n, 0));
  const texts: number[] = [];
  const lastText: number[] = [];
  const number = tokenNumbers();
  const sets = words.map((text, t) => {
    const codes = text.map(number);
    const set = new Uint32Array(windows[t]);
    let size = 0;
    for (let start = 0; start < windows[t]; start++) {
      const end = Math.min(start + width, codes.length);
      let high = end - start, low = 0;
      for (let i = start; i < end; i++) {
        low = Math.imul(low ^ codes[i], 0x85ebca6b);
        low ^= low >>> 15;
        high = Math.imul(high ^ low ^ (codes[i] >>> 7), 0xc2b2ae35);
        high ^= high >>> 13;
      }
      const shingle = table(high, low);
      if (lastText[shingle] === t) continue;
      lastText[shingle] = t;
      texts[shingle] = (texts[shingle] ?? 0) + 1;
      set[size++] = shingle;
    }
    return set.slice(0, size);
  });
  return { sets, texts: Uint32Array.from(texts) };
}

/** Gives every distinct token a well-mixed 32-bit number of its own. */
function tokenNumbers(): (token: string) => number {
  const known = new Map<string, number>();
  return (token) => {
    let number = known.get(token);
    if (number === undefined) known.set(token, number = mix(known.size + 1));
    return number;
  };
}

/** murmur3's finaliser, a bijection of 32-bit numbers. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** Numbers 64-bit keys 0, 1, 2, … in order of first appearance (open addressing; a Map is 4× slower). */
function hashTable(capacity: number): (high: number, low: number) => number {
  const size = 2 ** Math.ceil(Math.log2(2 * capacity + 2));
  const highs = new Int32Array(size), lows = new Int32Array(size);
  const numbers = new Int32Array(size).fill(-1);
  let next = 0;
  return (high, low) => {
    let slot = mix(high ^ Math.imul(low, 0x9e3779b1)) & (size - 1);
    while (numbers[slot] >= 0) {
      if (highs[slot] === high && lows[slot] === low) return numbers[slot];
      slot = (slot + 1) & (size - 1);
    }
    highs[slot] = high;
    lows[slot] = low;
    return numbers[slot] = next++;
  };
}
