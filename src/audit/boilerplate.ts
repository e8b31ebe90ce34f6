/**
 * Boilerplate: shingles that many different texts share, as opposed to the texts of one family.
 * @module
 */
import { disjointSets } from "./disjoint_sets.ts";
import type { Lists } from "./lists.ts";
import { BOILERPLATE, type ShingleSets, SHORT } from "./near_duplicates.ts";

/**
 * Adds boilerplate to the masks of the texts in some pairs: shingles of more than {@link BOILERPLATE} texts
 * that are of more than half as many families.
 *
 * @param masks one byte a token; left alone
 * @param pairs numbers of texts that may be of one family
 * @param shingles of the texts, {@link SHORT} tokens each
 * @returns masks of all texts; those of texts in no pair are as given
 */
export function withBoilerplate(
  masks: Lists<Uint8Array>,
  pairs: readonly (readonly [number, number, ...unknown[]])[],
  shingles: ShingleSets,
): Lists<Uint8Array> {
  const families = disjointSets(masks.length);
  for (const [a, b] of pairs) families.join(a, b);
  const paired = new Set(pairs.flatMap(([a, b]) => [a, b]));
  const holders = familiesHolding(shingles, families.roots());
  const isBoilerplate = (shingle: number): boolean =>
    shingles.texts[shingle] > BOILERPLATE && 2 * holders[shingle] > shingles.texts[shingle];
  const marked = masks.withNumbers(masks.numbers.slice());
  for (const t of paired) {
    const own = marked.get(t);
    shingles.at.get(t).forEach((shingle, start) => {
      if (isBoilerplate(shingle)) own.fill(1, start, start + SHORT);
    });
  }
  return marked;
}

/** In how many families each shingle is found; a text without family counts as one. */
function familiesHolding({ sets, texts }: ShingleSets, family: Uint32Array): Uint32Array {
  const holders = new Uint32Array(texts.length), last = new Int32Array(texts.length).fill(-1);
  const order = Uint32Array.from(family.keys()).sort((a, b) => family[a] - family[b]);
  for (const t of order) {
    for (const shingle of sets.get(t)) {
      if (last[shingle] === family[t]) continue;
      last[shingle] = family[t];
      holders[shingle]++;
    }
  }
  return holders;
}
