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
 * different instructions would stay apart. Templates are the business of `templateForm`.
 *
 * The limit also bounds the work: an inverted index has at most ten texts an entry, so shared shingles
 * are counted for all pairs. There is no sketch (MinHash, LSH) and no pair can be missed.
 * @module
 */
import { type ShingleSets, shingleSets, tokenCodes } from "./shingles.ts";
import { tokens } from "./normal_form.ts";

/** A shingle found in more texts than this is boilerplate. */
export const BOILERPLATE = 10;
/** Share of shingles from which two texts are near-duplicates. */
export const SIMILAR = 0.8;
/** One changed token makes five new shingles; fewer than that prove nothing, unless they are all. */
const FEWEST_SHINGLES = 5;

/** What a comparison of N texts found. */
export interface NearDuplicates {
  /** Pairs a < b with Jaccard ≥ 0.8. */
  readonly similar: readonly (readonly [number, number])[];
  /** Pairs a < b with containment ≥ 0.8. */
  readonly contained: readonly (readonly [number, number])[];
  /** 1 for a text of which more than half of the 5-token shingles are boilerplate. Length N. */
  readonly mostlyBoilerplate: Uint8Array;
}

/** Compares all pairs of N texts; time and memory grow with the total length, not with N². */
export function nearDuplicates(texts: readonly string[]): NearDuplicates {
  const codes = tokenCodes(texts.map(tokens));
  const short = shingleSets(codes, 5);
  const long = shingleSets(codes.map((text) => text.length < 13 ? new Int32Array() : text), 13);
  return {
    similar: pairs(short, (shared, a, b) => shared >= SIMILAR * (a + b - shared)),
    contained: pairs(long, (shared, a, b) => shared >= SIMILAR * Math.min(a, b)),
    mostlyBoilerplate: Uint8Array.from(
      short.sets,
      (set) => Number(2 * distinctive(set, short.texts).length < set.length),
    ),
  };
}

function distinctive(set: Uint32Array, texts: Uint32Array): Uint32Array {
  return set.filter((shingle) => texts[shingle] <= BOILERPLATE);
}

/** All pairs a < b whose number of shared distinctive shingles passes the test. */
function pairs(
  { sets, texts }: ShingleSets,
  test: (shared: number, sizeA: number, sizeB: number) => boolean,
): [number, number][] {
  const found: [number, number][] = [];
  const sizes = new Uint32Array(sets.length);
  const holders = new Map<number, number[]>();
  const shared = new Map<number, number>();
  for (let b = 0; b < sets.length; b++) {
    const own = distinctive(sets[b], texts);
    if (own.length < Math.min(FEWEST_SHINGLES, sets[b].length)) continue;
    sizes[b] = own.length;
    shared.clear();
    for (const shingle of own) {
      if (texts[shingle] < 2) continue;
      const earlier = holders.get(shingle);
      if (!earlier) {
        holders.set(shingle, [b]);
        continue;
      }
      for (const a of earlier) shared.set(a, (shared.get(a) ?? 0) + 1);
      earlier.push(b);
    }
    for (const [a, n] of shared) if (test(n, sizes[a], sizes[b])) found.push([a, b]);
  }
  return found.sort(([a, b], [c, d]) => a - c || b - d);
}
