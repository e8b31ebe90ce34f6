/**
 * The lower-casing WordPiece tokenizer of BERT models, for the static table.
 *
 * Text → control characters out, accents off, lower case → words and single punctuation marks → pieces
 * by greedy longest match ("embedding" → "em", "##bed", "##ding"). A word without a match is one [UNK].
 * @module
 */

/** Turns a text into vocabulary indices, without [CLS] and [SEP]. */
export type Tokenize = (text: string) => number[];

/** Words beyond this many characters are [UNK], as in BERT: they are data (keys, base64), not words. */
const LONGEST_WORD = 100;
/** Words remembered with their pieces; beyond it new words are cut every time they occur. */
const MEMO_WORDS = 100_000;

const PLAIN = /^[\t\n\r\x20-\x7e]*$/;
const PLAIN_WORD = /[0-9a-z]+|[!-/:-@[-`{-~]/g;
/** Control, format, unassigned and private characters and U+FFFD vanish; line ends are white space. */
const VANISHING = /(?![\t\n\r])[\p{C}\ufffd]/gu;
const ACCENT = /\p{Mn}/gu;
/** One ideograph, one punctuation mark, or a run of anything else that is not white space. */
const IDEOGRAPH =
  "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{2a6df}\\u{2a700}-\\u{2ceaf}\\u{2f800}-\\u{2fa1f}";
const MARK = "\\p{P}!-/:-@\\[-`{-~";
const WORD = new RegExp(`[${IDEOGRAPH}]|[${MARK}]|[^\\s${IDEOGRAPH}${MARK}]+`, "gu");

/**
 * Makes the tokenizer of a vocabulary in which "##" starts a piece inside a word.
 * @throws {RangeError} when the vocabulary has no [UNK]
 */
export function wordPiece(vocabulary: readonly string[]): Tokenize {
  const ids = new Map(vocabulary.map((piece, id) => [piece, id]));
  const unknown = ids.get("[UNK]");
  if (unknown === undefined) throw new RangeError("a WordPiece vocabulary needs [UNK]");
  const longest = vocabulary.reduce((n, piece) => Math.max(n, piece.length), 0);
  const memo = new Map<string, readonly number[]>();

  const cut = (word: string): readonly number[] => {
    if (word.length > LONGEST_WORD && [...word].length > LONGEST_WORD) return [unknown];
    const pieces: number[] = [];
    for (let start = 0; start < word.length;) {
      const prefix = start === 0 ? "" : "##";
      let end = Math.min(word.length, start + longest);
      let id: number | undefined;
      while (end > start && (id = ids.get(prefix + word.slice(start, end))) === undefined) end--;
      if (id === undefined) return [unknown];
      pieces.push(id);
      start = end;
    }
    return pieces;
  };

  return (text) => {
    const out: number[] = [];
    for (const word of words(text)) {
      let pieces = memo.get(word);
      if (pieces === undefined) {
        pieces = cut(word);
        if (memo.size < MEMO_WORDS) memo.set(word, pieces);
      }
      for (const id of pieces) out.push(id);
    }
    return out;
  };
}

function words(text: string): readonly string[] {
  if (PLAIN.test(text)) return text.toLowerCase().match(PLAIN_WORD) ?? [];
  const clean = text.replace(VANISHING, "").normalize("NFD").replace(ACCENT, "").toLowerCase();
  return clean.match(WORD) ?? [];
}
