/**
 * A reply as numbers, for scorers: hashed words, and what its length and form tell.
 * @module
 */
import type { Matrix, Reply } from "../src/router/mod.ts";

/** Hashed words; then features of form, of which one depends on the query. */
const BINS = 128, FORM = 9, SHARED = 7;
/** Numbers of a reply. */
export const REPLY_WIDTH: number = BINS + FORM;

/** By reply, its features and the query that they are for. */
const known = new WeakMap<Reply, { readonly text: string; readonly features: Float32Array }>();

/**
 * Features of replies, one a text of a query, [N × {@link REPLY_WIDTH}]: words of the reply and of its answer by signed
 * hashing, of length 1; then tokens and characters (log), whether it is empty, cut, has an answer, the answer's
 * length (log), whether that is a number, the share of its words that the query has, and the share of distinct
 * words in the reply. Unknown sizes count as 0.
 */
export function replyFeatures(texts: readonly string[], replies: readonly Reply[]): Matrix {
  const data = new Float32Array(texts.length * REPLY_WIDTH);
  replies.forEach((reply, i) => {
    let own = known.get(reply);
    if (own?.text !== texts[i]) {
      const made = own?.features.slice() ?? features(reply);
      made[BINS + SHARED] = sharedWords(reply.final, texts[i]);
      known.set(reply, own = { text: texts[i], features: made });
    }
    data.set(own.features, i * REPLY_WIDTH);
  });
  return { data, rows: texts.length, width: REPLY_WIDTH };
}

function features({ text, final, chars, tokens }: Reply): Float32Array {
  const out = new Float32Array(REPLY_WIDTH), words = wordsOf(text);
  for (const word of words) count(out, word);
  for (const word of wordsOf(final ?? "")) count(out, `answer ${word}`);
  const length = Math.hypot(...out.subarray(0, BINS)) || 1;
  for (let b = 0; b < BINS; b++) out[b] /= length;
  out.set([
    Math.log1p(tokens || 0),
    Math.log1p(chars || 0),
    Number(text === ""),
    Number(text.includes(" … ")),
    Number(final !== undefined),
    Math.log1p(final?.length ?? 0),
    Number(/^[-+$]?\d[\d.,]*%?$/.test(final ?? "")),
    0,
    words.length > 0 ? new Set(words).size / words.length : 0,
  ], BINS);
  return out;
}

function sharedWords(final: string | undefined, query: string): number {
  const words = wordsOf(final ?? "");
  if (words.length === 0) return 0;
  const asked = new Set(wordsOf(query));
  return words.filter((word) => asked.has(word)).length / words.length;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? [];
}

/** Counts a word in its bin, with the sign that its hash says (FNV-1a). */
function count(out: Float32Array, word: string): void {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 15;
  out[(hash >>> 1) % BINS] += hash & 1 ? 1 : -1;
}

/** Features of form brought to mean 0 and a deviation; equal ones to 0. */
export interface Scaling {
  /** Mean by feature. */
  readonly mean: Float64Array;
  /** Factor by feature. */
  readonly factor: Float64Array;
}

/** Deviation of each feature of form; a query vector has length 1, and so have the words of a reply. */
const DEVIATION = 0.3;

/** The scaling of some rows of {@link replyFeatures}, which are summed in the order given. */
export function formScaling(
  { data }: Matrix,
  rows: Uint32Array,
  deviation: number = DEVIATION,
): Scaling {
  const mean = new Float64Array(FORM), factor = new Float64Array(FORM);
  for (let k = 0; k < FORM; k++) {
    const of = (row: number): number => data[row * REPLY_WIDTH + BINS + k];
    mean[k] = rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
    const squares = rows.reduce((sum, row) => sum + (of(row) - mean[k]) ** 2, 0);
    const sd = Math.sqrt(squares / rows.length);
    factor[k] = sd > 1e-6 ? deviation / sd : 0;
  }
  return { mean, factor };
}

/** Scales rows in place. */
export function scaleForm(
  { data }: Matrix,
  rows: Iterable<number>,
  { mean, factor }: Scaling,
): void {
  for (const row of rows) {
    for (let k = 0, at = row * REPLY_WIDTH + BINS; k < FORM; k++, at++) {
      data[at] = (data[at] - mean[k]) * factor[k];
    }
  }
}
