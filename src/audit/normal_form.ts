/**
 * The forms in which two query texts are compared, from strict to coarse:
 *
 * - strict: Unicode NFKC, white space collapsed, case kept. Equal strict forms are one query.
 * - loose: lower case, letters and digits only. Equal loose keys belong together but may differ in
 *   symbols (puzzles), so they are grouped, never merged.
 * - last question: what a few-shot prompt really asks.
 * - template: numbers, quotations and capitalised words masked; what a question generator leaves.
 *
 * @module
 */

/** Loose forms shorter than this many characters say too little ("2 + 2" and "2 - 2" are both "22"). */
export const SHORTEST_LOOSE = 8;
/** A template form needs this many words that are not masked. */
const FEWEST_TEMPLATE_WORDS = 3;

/** NFKC with white space collapsed to single blanks and trimmed; case kept. */
export function strictForm(text: string): string {
  return text.normalize("NFKC").replace(/\s+/g, " ").trim();
}

/** Lower case, only letters (with their combining marks) and digits of any script. */
export function looseForm(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, "");
}

/**
 * Key under which loose duplicates meet: the loose form, or, where that is empty or shorter than
 * {@link SHORTEST_LOOSE} (formulas, puzzles made of symbols), the strict form in lower case.
 */
export function looseKey(text: string): string {
  const loose = looseForm(text);
  // A loose form holds no blank, so the leading one keeps the two kinds of key apart.
  return loose.length >= SHORTEST_LOOSE ? loose : " " + strictForm(text).toLowerCase();
}

/**
 * The last question block of a few-shot prompt: from the last line that opens with `Q:`, `Question:`,
 * or `Problem:`, if there are at least two such lines; otherwise undefined.
 */
export function lastQuestion(text: string): string | undefined {
  const openings = [...text.matchAll(/^\s*(?:Q|Question|Problem)(?: ?\d+)? ?[:.]/gim)];
  return openings.length < 2 ? undefined : text.slice(openings.at(-1)!.index);
}

/**
 * The text with numbers (`#`), quotations and capitalised words (`@`) masked, runs of masks and blanks
 * collapsed and symbols dropped; undefined with fewer than three unmasked words, since nearly
 * everything would then look the same.
 */
export function templateForm(text: string): string | undefined {
  const masked = text.normalize("NFKC")
    .replace(/"[^"\n]{1,200}"|“[^”\n]{1,200}”|`[^`\n]{1,200}`|(?<!\p{L})'[^'\n]{1,200}'/gu, " @ ")
    .replace(/[-+]?\p{N}[\p{N}.,:/]*/gu, " # ")
    .replace(/\p{Lu}[\p{L}\p{M}'’]*/gu, " @ ")
    .replace(/[^\p{L}\p{M}#@]+/gu, " ");
  const words = masked.split(" ").filter((word) => word !== "");
  const kept = words.filter((word, i) => !isMask(word) || word !== words[i - 1]);
  return kept.filter((word) => !isMask(word)).length < FEWEST_TEMPLATE_WORDS
    ? undefined
    : kept.join(" ");
}

/** Tokens for shingling: words and numbers in lower case, every other visible character by itself. */
export function tokens(text: string): string[] {
  return text.normalize("NFKC").toLowerCase().match(/[\p{L}\p{M}\p{N}]+|[^\s]/gu) ?? [];
}

function isMask(word: string): boolean {
  return word === "#" || word === "@";
}
