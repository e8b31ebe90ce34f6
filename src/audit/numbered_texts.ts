/**
 * Texts as numbers: one for every distinct token, so that the comparisons after it work on integers.
 * @module
 */
import { tokens } from "./normal_form.ts";
import { pieces } from "./pieces.ts";

/** N texts of numbered tokens. */
export interface NumberedTexts {
  /** Token numbers of each text, in order. Length N. */
  readonly texts: readonly Int32Array[];
  /** The token of each number. */
  readonly vocabulary: readonly string[];
}

/** Numbers the tokens 0, 1, 2, … in order of first appearance. */
export function numberedTexts(texts: readonly string[]): NumberedTexts {
  const known = new Map<string, number>(), room = pieces((length) => new Int32Array(length));
  const numbered = texts.map((text) => {
    const found = tokens(text), numbers = room(found.length);
    found.forEach((token, i) => {
      let number = known.get(token);
      if (number === undefined) known.set(token, number = known.size);
      numbers[i] = number;
    });
    return numbers;
  });
  return { texts: numbered, vocabulary: [...known.keys()] };
}

/** Whether a token holds a digit. */
export function isNumber(token: string): boolean {
  return /\p{N}/u.test(token);
}

/** Whether a token is a word: two letters or more (A, x and + are symbols), no digit. */
export function isWord(token: string): boolean {
  return /^\p{L}[\p{L}\p{M}]+$/u.test(token);
}
