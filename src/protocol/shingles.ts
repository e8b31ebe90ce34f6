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
 *
 * @param codes texts as {@link tokenCodes}
 */
export function shingleSets(codes: readonly Int32Array[], width: number): ShingleSets {
  const windows = codes.map((text) => text.length === 0 ? 0 : Math.max(1, text.length - width + 1));
  const total = windows.reduce((sum, n) => sum + n, 0);
  const number = numbering(total);
  const texts = new Uint32Array(total);
  const seenIn = new Int32Array(total).fill(-1);
  let distinct = 0;
  const sets = codes.map((text, t) => {
    const set = new Uint32Array(windows[t]);
    let size = 0;
    for (let start = 0; start < windows[t]; start++) {
      const end = Math.min(start + width, text.length);
      let high = 0, low = 0;
      for (let i = start; i < end; i++) {
        low = Math.imul(low ^ text[i], 0x85ebca6b);
        low ^= low >>> 15;
        high = Math.imul(high ^ low ^ (text[i] >>> 7), 0xc2b2ae35);
        high ^= high >>> 13;
      }
      const shingle = number(high, low);
      distinct = Math.max(distinct, shingle + 1);
      if (seenIn[shingle] === t) continue;
      seenIn[shingle] = t;
      texts[shingle]++;
      set[size++] = shingle;
    }
    return set.slice(0, size);
  });
  return { sets, texts: texts.slice(0, distinct) };
}

/** Texts of tokens as well-mixed 32-bit numbers, a number of its own for every distinct token. */
export function tokenCodes(texts: readonly (readonly string[])[]): Int32Array[] {
  const known = new Map<string, number>();
  return texts.map((text) =>
    Int32Array.from(text, (token) => {
      let code = known.get(token);
      if (code === undefined) known.set(token, code = mix(known.size + 1));
      return code;
    })
  );
}

/** murmur3's finaliser, a bijection of 32-bit numbers. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** Numbers 64-bit keys 0, 1, 2, … in order of first appearance (open addressing: a Map is 4× slower). */
function numbering(most: number): (high: number, low: number) => number {
  const size = 2 ** Math.ceil(Math.log2(2 * most + 2));
  const slots = new Int32Array(4 * size); // high, low, number + 1, padding
  let next = 0;
  return (high, low) => {
    let slot = 4 * (mix(high ^ Math.imul(low, 0x9e3779b1)) & (size - 1));
    while (slots[slot + 2] > 0) {
      if (slots[slot] === high && slots[slot + 1] === low) return slots[slot + 2] - 1;
      slot = (slot + 4) & (4 * size - 1);
    }
    slots[slot] = high;
    slots[slot + 1] = low;
    slots[slot + 2] = ++next;
    return next - 1;
  };
}
