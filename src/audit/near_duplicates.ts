/**
 * Near-duplicates: pairs of texts that share most of what is their own.
 *
 * Two measures, both on distinctive shingles only:
 * - similar: Jaccard ≥ 0.8 of 5-token shingles, i.e. the same question, edited;
 * - contained: |A ∩ B| / min(|A|, |B|) ≥ 0.8 of 13-token shingles, i.e. a question inside a longer prompt,
 *   or two questions on one long passage.
 *
 * A shingle of more than {@link BOILERPLATE} texts is instruction or template, not evidence, and is left
 * out (as GPT-3's decontamination left out 13-grams with more than ten hits). Otherwise the fixed
 * instructions of a question generator would chain whole tasks into one group, and two copies behind
 * different instructions would stay apart. Templates are the business of `templateForm`, more than ten
 * edits of one text that of `families.ts`.
 *
 * The limit also bounds the work: an inverted index has at most ten texts an entry, so shared shingles
 * are counted for all pairs. There is no sketch (MinHash, LSH) and no pair can be missed.
 * @module
 */
import { mix } from "../base/hash32.ts";
import type { NumberedTexts } from "./numbered_texts.ts";
import { ListMaker, Lists } from "./lists.ts";

/** A shingle found in more texts than this is boilerplate. */
export const BOILERPLATE = 10;
/** Tokens of a short shingle. */
export const SHORT = 5;
/** Share of shingles from which two texts are near-duplicates. */
export const SIMILAR = 0.8;
/** One changed token makes five new shingles; fewer than that prove nothing, unless they are all. */
const FEWEST_SHINGLES = 5;

/** Factors of the two rolling hashes. */
const HIGH = 0x85ebca6b, LOW = 0xc2b2ae35;

/** What a comparison of N texts found. */
export interface NearDuplicates {
  /** Pairs a < b with Jaccard ≥ 0.8. */
  readonly similar: readonly (readonly [number, number])[];
  /** Pairs a < b with containment ≥ 0.8. */
  readonly contained: readonly (readonly [number, number])[];
  /** 1 for a text of which more than half of the 5-token shingles are boilerplate. Length N. */
  readonly mostlyBoilerplate: Uint8Array;
  /** The shingles of {@link SHORT} tokens. */
  readonly shingles: ShingleSets;
}

/** Compares all pairs of N texts; time and memory grow with the total length, not with N². */
export function nearDuplicates(numbered: NumberedTexts): NearDuplicates {
  const codes = tokenCodes(numbered);
  const short = shingleSets(codes, SHORT);
  const long = shingleSets(longerThan(codes, 12), 13);
  return {
    similar: pairs(short, (shared, a, b) => shared >= SIMILAR * (a + b - shared)),
    contained: pairs(long, (shared, a, b) => shared >= SIMILAR * Math.min(a, b)),
    shingles: short,
    mostlyBoilerplate: Uint8Array.from(short.sets, (set) => {
      let own = 0;
      for (const shingle of set) if (short.texts[shingle] <= BOILERPLATE) own++;
      return Number(2 * own < set.length);
    }),
  };
}

/** All pairs a < b whose number of shared distinctive shingles passes the test. */
function pairs(
  { sets, texts }: ShingleSets,
  test: (shared: number, sizeA: number, sizeB: number) => boolean,
): [number, number][] {
  const found: [number, number][] = [];
  const sizes = new Uint32Array(sets.length);
  // The texts that hold shingle s are holders[first[s]] to holders[next[s] − 1]; only shared ones have room.
  const first = new Uint32Array(texts.length);
  let room = 0;
  texts.forEach((count, shingle) => {
    first[shingle] = room;
    if (count > 1 && count <= BOILERPLATE) room += count;
  });
  const next = first.slice(), holders = new Uint32Array(room);
  const shared = new Uint32Array(sets.length);
  for (let b = 0; b < sets.length; b++) {
    const met: number[] = [], all = sets.get(b);
    let own = 0;
    for (const shingle of all) if (texts[shingle] <= BOILERPLATE) own++;
    if (own < Math.min(FEWEST_SHINGLES, all.length)) continue;
    sizes[b] = own;
    for (const shingle of all) {
      if (texts[shingle] < 2 || texts[shingle] > BOILERPLATE) continue;
      for (let at = first[shingle]; at < next[shingle]; at++) {
        if (shared[holders[at]]++ === 0) met.push(holders[at]);
      }
      holders[next[shingle]++] = b;
    }
    for (const a of met) {
      if (test(shared[a], sizes[a], sizes[b])) found.push([a, b]);
      shared[a] = 0;
    }
  }
  return found.sort(([a, b], [c, d]) => a - c || b - d);
}

/** Shingles of N texts: windows of consecutive tokens, numbered densely over all texts. */
export interface ShingleSets {
  /** Distinct shingles of each text, in order of first appearance. Length N. */
  readonly sets: Lists<Uint32Array>;
  /** The shingle at each position of each text. Length N. */
  readonly at: Lists<Uint32Array>;
  /** In how many texts each shingle occurs. Length: number of distinct shingles. */
  readonly texts: Uint32Array;
}

/**
 * Finds the windows of `width` tokens; a shorter text has one window of its own length, an empty one none.
 *
 * Windows are told apart by 64-bit rolling hashes (Karp–Rabin): among ten million the chance of any collision is 3·10⁻⁶.
 *
 * @param codes texts as {@link tokenCodes}
 */
export function shingleSets(codes: Lists<Int32Array>, width: number): ShingleSets {
  const first = new Uint32Array(codes.length + 1);
  for (let t = 0; t < codes.length; t++) {
    const length = codes.size(t);
    first[t + 1] = first[t] + (length === 0 ? 0 : Math.max(1, length - width + 1));
  }
  const total = first[codes.length];
  const number = numbering(total);
  const texts = new Uint32Array(total);
  const seenIn = new Int32Array(total).fill(-1);
  const at = new Lists(new Uint32Array(total), first);
  const sets = new ListMaker(codes.length, (length) => new Uint32Array(length));
  let topHigh = 1, topLow = 1, distinct = 0; // HIGH and LOW to the power of width
  for (let i = 0; i < width; i++) {
    topHigh = Math.imul(topHigh, HIGH);
    topLow = Math.imul(topLow, LOW);
  }
  for (let t = 0; t < codes.length; t++) {
    const text = codes.get(t), own = at.get(t);
    let high = 0, low = 0;
    for (let start = 0; start < own.length; start++) {
      if (start === 0) {
        for (let i = 0; i < Math.min(width, text.length); i++) {
          high = Math.imul(high, HIGH) + text[i] | 0;
          low = Math.imul(low, LOW) + text[i] | 0;
        }
      } else {
        const gone = text[start - 1], come = text[start + width - 1];
        high = Math.imul(high, HIGH) + come - Math.imul(gone, topHigh) | 0;
        low = Math.imul(low, LOW) + come - Math.imul(gone, topLow) | 0;
      }
      const shingle = own[start] = number(high, low);
      distinct = Math.max(distinct, shingle + 1);
      if (seenIn[shingle] === t) continue;
      seenIn[shingle] = t;
      texts[shingle]++;
      sets.add(shingle);
    }
    sets.end();
  }
  return { sets: sets.lists(), at, texts: texts.slice(0, distinct) };
}

/** Texts as well-mixed 32-bit numbers, a number of its own for every distinct token. */
export function tokenCodes({ texts }: NumberedTexts): Lists<Int32Array> {
  return texts.withNumbers(texts.numbers.map((token) => mix(token + 1)));
}

/** The texts with nothing in those of at most so many tokens. */
function longerThan(codes: Lists<Int32Array>, most: number): Lists<Int32Array> {
  const left = new ListMaker(codes.length, (length) => new Int32Array(length));
  for (const text of codes) {
    if (text.length > most) { for (const code of text) left.add(code); }
    left.end();
  }
  return left.lists();
}

/** Numbers 64-bit keys 0, 1, 2, … in order of first appearance (open addressing: a Map is 4× slower). */
function numbering(most: number): (high: number, low: number) => number {
  const size = 2 ** Math.ceil(Math.log2(2 * most + 2));
  const slots = new Int32Array(size); // number + 1
  const keys = new Int32Array(2 * most);
  let next = 0;
  return (high, low) => {
    let slot = mix(high ^ Math.imul(low, 0x9e3779b1)) & (size - 1);
    for (let known; (known = slots[slot] - 1) >= 0; slot = (slot + 1) & (size - 1)) {
      if (keys[2 * known] === high && keys[2 * known + 1] === low) return known;
    }
    keys[2 * next] = high;
    keys[2 * next + 1] = low;
    slots[slot] = ++next;
    return next - 1;
  };
}
