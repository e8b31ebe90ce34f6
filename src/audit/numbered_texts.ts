/**
 * Texts as numbers: one for every distinct token, so that the comparisons after it work on integers.
 * @module
 */
import { tokens } from "./normal_form.ts";
import { ListMaker, type Lists } from "./lists.ts";

/** N texts of numbered tokens. */
export interface NumberedTexts {
  /** Token numbers of each text, in order. Length N. */
  readonly texts: Lists<Int32Array>;
  /** The token of each number. */
  readonly vocabulary: readonly string[];
}

/** Numbers the tokens 0, 1, 2, … in order of first appearance. */
export function numberedTexts(texts: readonly string[]): NumberedTexts {
  const known = new Map<string, number>();
  const numbered = new ListMaker(texts.length, (length) => new Int32Array(length));
  for (const text of texts) {
    for (const token of tokens(text)) {
      let number = known.get(token);
      if (number === undefined) known.set(token, number = known.size);
      numbered.add(number);
    }
    numbered.end();
  }
  return { texts: numbered.lists(), vocabulary: [...known.keys()] };
}

/** Whether a token holds a digit. */
export function isNumber(token: string): boolean {
  return /\p{N}/u.test(token);
}

/** Whether a token is a word: two letters or more (A, x and + are symbols), no digit. */
export function isWord(token: string): boolean {
  return /^\p{L}[\p{L}\p{M}]+$/u.test(token);
}
