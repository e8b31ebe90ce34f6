/**
 * A reply as numbers, for scorers: hashed words, and what its length and form tell.
 * @module
 */
import type { Matrix, QueryBatch, Reply } from "../src/router/mod.ts";

const BINS = 128, FORM = 9;
/** Numbers of a reply. */
export const REPLY_WIDTH: number = BINS + FORM;

/** By reply, what does not depend on the query. */
const known = new WeakMap<Reply, Float32Array>();

/**
 * The vectors of queries with the features of one reply each beside them, [N × (D + {@link REPLY_WIDTH})]: words of
 * the reply and of its answer by signed hashing, of length 1; then tokens and characters (log), whether it is empty,
 * cut, has an answer, the answer's length (log), whether that is a number, the share of its words that the query
 * has, and the share of distinct words in the reply. Unknown sizes count as 0.
 */
export function withReplies({ texts, vectors }: QueryBatch, replies: readonly Reply[]): Matrix {
  const D = vectors.width, width = D + REPLY_WIDTH;
  const data = new Float32Array(texts.length * width);
  replies.forEach((reply, i) => {
    data.set(vectors.data.subarray(i * D, (i + 1) * D), i * width);
    const own = known.get(reply) ?? features(reply);
    known.set(reply, own);
    data.set(own, i * width + D);
    data[i * width + D + BINS + 7] = sharedWords(reply.final, texts[i]);
  });
  return { data, rows: texts.length, width };
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

/** Columns from `from` on brought to mean 0 and deviation `deviation`; equal ones to 0. */
export interface Scaling {
  /** First column. */
  readonly from: number;
  /** Mean by column. */
  readonly mean: Float64Array;
  /** Factor by column. */
  readonly factor: Float64Array;
}

/** The scaling of the form columns of a matrix that {@link withReplies} made. */
export function formScaling({ data, rows, width }: Matrix, deviation: number): Scaling {
  const from = width - FORM, mean = new Float64Array(FORM), factor = new Float64Array(FORM);
  for (let k = 0; k < FORM; k++) {
    let sum = 0, squares = 0;
    for (let i = 0; i < rows; i++) sum += data[i * width + from + k];
    mean[k] = sum / rows;
    for (let i = 0; i < rows; i++) squares += (data[i * width + from + k] - mean[k]) ** 2;
    const sd = Math.sqrt(squares / rows);
    factor[k] = sd > 1e-9 ? deviation / sd : 0;
  }
  return { from, mean, factor };
}

/** Scales a matrix in place. */
export function scaleForm({ data, rows, width }: Matrix, { from, mean, factor }: Scaling): void {
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < FORM; k++) {
      const at = i * width + from + k;
      data[at] = (data[at] - mean[k]) * factor[k];
    }
  }
}
