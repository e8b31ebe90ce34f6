/**
 * Families: texts of twelve words and more that differ from each other by a few edited words, however many
 * they are.
 *
 * `near_duplicates.ts` takes as proof what at most ten texts share. Here the proof is the edit distance of what
 * is left of the texts without the frame of their benchmark or task (`frames.ts`): at most {@link MOST_EDITS}
 * insertions, deletions and replacements, and at most one for every {@link WORDS_AN_EDIT} words. Where more than ten
 * texts of no common family share a phrase (`boilerplate.ts`), only the other words count, and more of them are
 * needed. The numbers of two texts must be the same, and they must not be of one template: with other numbers or
 * names they are other questions.
 *
 * Candidates are neighbours in sorted lists (`minhash.ts`), so the work grows with the number of texts, however
 * many of them are alike. docs/protocol.md has recall, precision and time.
 * @module
 */
import { withBoilerplate } from "./boilerplate.ts";
import { disjointSets } from "./disjoint_sets.ts";
import { editDistance, fewestEdits, tokenSignatures } from "./edit_distance.ts";
import { type Frames, framesOf, type Strata } from "./frames.ts";
import { neighbours } from "./minhash.ts";
import type { ShingleSets } from "./near_duplicates.ts";
import { isNumber, isWord, type NumberedTexts } from "./numbered_texts.ts";
import { ListMaker, type Lists } from "./lists.ts";

/** Fewest words outside the frame of a text that can be of a family. */
const FEWEST_WORDS = 12;
/** One edit is allowed for every so many words, */
const WORDS_AN_EDIT = 5;
/** for every so many own words where a part of the text is boilerplate, */
const OWN_WORDS_AN_EDIT = 6;
/** and at most so many. */
const MOST_EDITS = 6;

/** A pair a < b of texts and its edit distance. */
type Edited = readonly [a: number, b: number, edits: number];

/**
 * Pairs a < b of N texts that chain each family together; not all pairs of a family.
 *
 * @param shingles of the texts, five tokens each
 * @param template texts with equal numbers are of one template; undefined for a text of none
 */
export function familyPairs(
  numbered: NumberedTexts,
  shingles: ShingleSets,
  strata: Strata,
  template: readonly (number | undefined)[],
): [number, number][] {
  const word = Uint8Array.from(numbered.vocabulary, (token) => Number(isWord(token)));
  const { numbers, first } = numbered.texts;
  const wordsOutside = (masks: Lists<Uint8Array>) => (t: number): number => {
    let words = 0;
    for (let at = first[t]; at < first[t + 1]; at++) {
      if (masks.numbers[at] === 0) words += word[numbers[at]];
    }
    return words;
  };

  const frames = framesOf(numbered, strata), { framed } = frames;
  const words = Uint32Array.from({ length: framed.length }, (_, t) => wordsOutside(framed)(t));
  const edited = editedPairs(numbered, frames, words, template);
  const ownWords = wordsOutside(withBoilerplate(framed, edited, shingles));
  const allows = (t: number, edits: number): boolean => {
    const own = ownWords(t);
    return own === words[t] || edits * OWN_WORDS_AN_EDIT <= own;
  };
  return edited
    .filter(([a, b, edits]) => allows(a, edits) && allows(b, edits))
    .map(([a, b]) => [a, b]);
}

/** Pairs that would be of one family if there were no boilerplate. */
function editedPairs(
  { texts, vocabulary }: NumberedTexts,
  { framed, common }: Frames,
  words: Uint32Array,
  template: readonly (number | undefined)[],
): Edited[] {
  const number = Uint8Array.from(vocabulary, (token) => Number(isNumber(token)));
  const outside = withoutFrames(texts, framed);
  const numbers = Array.from(
    outside,
    (text) =>
      text.some((token) => number[token] === 1)
        ? text.filter((token) => number[token] === 1).join()
        : "",
  );
  const rows = Uint32Array.from(words.keys()).filter((t) => words[t] >= FEWEST_WORDS);
  const last = new Int32Array(vocabulary.length).fill(-1);
  const tokenSets = new ListMaker(rows.length, (length) => new Int32Array(length));
  for (const t of rows) {
    const isRare = (at: number): boolean => framed.numbers[at] === 0 && common.numbers[at] === 0;
    const start = texts.first[t], end = texts.first[t + 1];
    let rare = 0;
    for (let at = start; at < end; at++) if (isRare(at)) rare++;
    // Where nearly all tokens are common, they are all there is to go by.
    const few = 2 * rare < outside.size(t);
    for (let at = start; at < end; at++) {
      const token = texts.numbers[at];
      if (last[token] === t || (few ? framed.numbers[at] !== 0 : !isRare(at))) continue;
      last[token] = t;
      tokenSets.add(token);
    }
    tokenSets.end();
  }
  const signatures = tokenSignatures(outside);

  const editsOf = (a: number, b: number): number | undefined => {
    if (numbers[a] !== numbers[b]) return undefined;
    if (template[a] !== undefined && template[a] === template[b]) return undefined;
    const limit = Math.min(MOST_EDITS, Math.floor(Math.min(words[a], words[b]) / WORDS_AN_EDIT));
    if (fewestEdits(signatures, a, b) > limit) return undefined;
    const edits = editDistance(outside.get(a), outside.get(b), limit);
    return edits > limit ? undefined : edits;
  };
  return chains(texts.length, editsOf, function* () {
    for (const [a, b] of neighbours(tokenSets.lists(), vocabulary)) yield [rows[a], rows[b]];
  });
}

/** What is left of texts without their frames. */
function withoutFrames(texts: Lists<Int32Array>, framed: Lists<Uint8Array>): Lists<Int32Array> {
  const left = new ListMaker(texts.length, (length) => new Int32Array(length));
  for (let t = 0; t < texts.length; t++) {
    for (let at = texts.first[t]; at < texts.first[t + 1]; at++) {
      if (framed.numbers[at] === 0) left.add(texts.numbers[at]);
    }
    left.end();
  }
  return left.lists();
}

/**
 * Pairs that chain the texts of each family. Where two candidates are too far apart, each is compared with the
 * centre of the other's chain as well, the text with most pairs: two edits of one text are twice as far from each
 * other as from it.
 */
function chains(
  N: number,
  editsOf: (a: number, b: number) => number | undefined,
  candidates: () => Iterable<readonly [number, number]>,
): Edited[] {
  const joined = disjointSets(N), pairs: Edited[] = [];
  const degree = new Uint32Array(N), centre = Uint32Array.from({ length: N }, (_, t) => t);
  const join = (x: number, y: number): boolean => {
    const p = joined.find(x), q = joined.find(y);
    if (p === q) return true;
    const edits = editsOf(x, y);
    if (edits === undefined) return false;
    pairs.push([Math.min(x, y), Math.max(x, y), edits]);
    joined.join(x, y);
    degree[x]++;
    degree[y]++;
    centre[joined.find(x)] = [centre[p], centre[q], x, y]
      .reduce((best, t) => degree[t] > degree[best] ? t : best);
    return true;
  };
  for (const [a, b] of candidates()) {
    if (join(a, b)) continue;
    const [ofA, ofB] = [centre[joined.find(a)], centre[joined.find(b)]];
    if (ofB !== b) join(a, ofB);
    if (ofA !== a) join(ofA, b);
  }
  return pairs;
}
