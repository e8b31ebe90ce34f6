/**
 * Hashed n-grams: the baseline that needs no weights and is hard to beat with a linear head.
 *
 * Grams: words and pairs of neighbouring words, and triples of characters. A word is a run of letters, a
 * run of digits, or a single other mark, in lower case; numbers and punctuation stay because the form of a
 * question says much about its kind. Every gram falls into one of `width` buckets; a bucket met n times
 * has the value 1 + ln n. The idf weights are fitted per split (`prepare.ts`).
 *
 * The choice of grams was made once, on reasoning-gym with a ridge head (5 random folds): words, character
 * grams of length 3, 4, 3–5, their unions, and signed buckets all lie within 0.004 of each other at width
 * 4,096; at 384 the union with triples was level or best.
 * @module
 */
import { hashJson } from "../base/hash.ts";
import { matrix } from "../linalg/matrix.ts";
import type { EmbeddingProvider } from "./provider.ts";

/** Raised when the same text would give other features. */
const VERSION = 1;

/** Opens the provider `hashed-<width>`. */
export function openHashed(width: number): EmbeddingProvider {
  return {
    name: `hashed-${width}`,
    key: hashJson({ provider: "hashed", version: VERSION, width }),
    width,
    preparation: "idf",
    facts: { model: "hashed word 1-2-grams and character 3-grams, tf-idf", width },
    cheap: true,
    embed: async (texts, onProgress) => {
      const out = matrix(texts.length, width);
      for (let i = 0; i < texts.length; i++) {
        const counts = out.data.subarray(i * width, (i + 1) * width);
        countGrams(texts[i], counts);
        for (let b = 0; b < width; b++) if (counts[b] > 0) counts[b] = 1 + Math.log(counts[b]);
        if (i % 256 === 255) onProgress?.(i + 1, texts.length);
      }
      return out;
    },
  };
}

// Starting values that keep the three kinds of grams apart.
const WORD = 0x811c9dc5, PAIR = 0x2f0b4ca7, TRIPLE = 0x5bd1e995;

/** Adds the grams of a text to bucket counts, without making a string per gram. */
function countGrams(text: string, counts: Float32Array): void {
  const width = counts.length;
  const padded = ` ${text.toLowerCase().replace(/\s+/g, " ").trim()} `;
  if (padded.length === 2) return;
  let word = WORD, previous = 0, kind = SPACE;
  for (let i = 0; i < padded.length; i++) {
    const code = padded.charCodeAt(i);
    const next = kindOf(code);
    if (next !== kind || next === MARK) {
      if (kind !== SPACE) {
        counts[bucket(word, width)]++;
        if (previous !== 0) counts[bucket(mix(mix(PAIR, previous), word), width)]++;
        previous = word;
      }
      word = WORD;
      kind = next;
    }
    word = mix(word, code);
    if (i >= 2) {
      const start = mix(TRIPLE, padded.charCodeAt(i - 2));
      counts[bucket(mix(mix(start, padded.charCodeAt(i - 1)), code), width)]++;
    }
  }
}

const SPACE = 0, LETTER = 1, DIGIT = 2, MARK = 3;

/** White space has become " " before; everything beyond ASCII counts as a letter. */
function kindOf(code: number): number {
  if (code === 32) return SPACE;
  if ((code >= 97 && code <= 122) || code > 126) return LETTER;
  return code >= 48 && code <= 57 ? DIGIT : MARK;
}

/** One step of FNV-1a over 32 bits. */
function mix(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193);
}

/** Spreads a hash (the end of MurmurHash3) and folds it to a bucket. */
function bucket(hash: number, width: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) % width;
}
