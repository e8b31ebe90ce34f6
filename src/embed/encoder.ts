/**
 * What every transformer encoder shares, whoever runs the network: cutting texts to a number of tokens,
 * batches of about the same length, padding, and pooling token states into one unit vector.
 * @module
 */
import { type Matrix, matrix, row } from "../linalg/matrix.ts";
import type { Pooling } from "./models.ts";
import type { OnProgress } from "./provider.ts";

/** The part of a tokenizer that is needed: a text's ids, with or without the special tokens. */
export type Encode = (text: string, special: boolean) => readonly number[];

/** A batch as the network takes it, padded on the right. */
export interface Batch {
  /** Token ids, row-major [rows × length], 0 where padded. */
  readonly ids: BigInt64Array;
  /** 1 for a token, 0 for padding, row-major [rows × length]. */
  readonly mask: BigInt64Array;
  /** Number of texts. */
  readonly rows: number;
  /** Tokens of the longest text. */
  readonly length: number;
}

/** How texts become vectors. */
export interface EncoderPlan {
  /** Length of a vector. */
  readonly width: number;
  /** How token states become one vector. */
  readonly pooling: Pooling;
  /** Tokens kept of a text, special ones included. */
  readonly maxTokens: number;
  /** Texts run at once. */
  readonly batch: number;
}

/** Runs the network: token states, row-major [rows × length × width]. */
export type RunBatch = (batch: Batch) => Promise<ArrayLike<number>>;

/**
 * Batch size for a model file or number type. The activations of int8 models are quantised over the whole
 * batch, so a text's numbers would depend on its neighbours: such models run one text at a time.
 */
export function batchSize(precision: string): number {
  return /int8|quantized|q8|q4|bnb4/.test(precision) ? 1 : 8;
}

/** Embeds texts, shortest first; rows of the result are in the order of the texts, of length 1. */
export async function embedTexts(
  texts: readonly string[],
  encode: Encode,
  run: RunBatch,
  plan: EncoderPlan,
  onProgress?: OnProgress,
): Promise<Matrix> {
  const cut = cutter(encode, plan.maxTokens);
  const tokens = texts.map(cut);
  const order = tokens.map((_, i) => i)
    .sort((a, b) => tokens[a].length - tokens[b].length || a - b);
  const out = matrix(texts.length, plan.width);
  for (let at = 0; at < order.length; at += plan.batch) {
    const members = order.slice(at, at + plan.batch);
    const batch = pad(members.map((i) => tokens[i]));
    const states = await run(batch);
    members.forEach((i, place) => pool(states, batch, place, plan.pooling, row(out, i)));
    onProgress?.(at + members.length, texts.length);
  }
  return out;
}

/** Keeps the first tokens of a text and the special ones that close it ([SEP], end of text). */
export function cutter(encode: Encode, maxTokens: number): (text: string) => readonly number[] {
  // How many special tokens close a sequence shows on a one-letter probe.
  const bare = encode("a", false);
  const whole = encode("a", true);
  const closing = whole.length - bare.length - Math.max(whole.indexOf(bare[0]), 0);
  return (text) => {
    const ids = encode(text, true);
    if (ids.length <= maxTokens) return ids;
    return [...ids.slice(0, maxTokens - closing), ...ids.slice(ids.length - closing)];
  };
}

/** Pads on the right. Masked positions never reach a vector, and a causal model never looks at them. */
export function pad(sequences: readonly (readonly number[])[]): Batch {
  const rows = sequences.length;
  const length = Math.max(1, ...sequences.map((sequence) => sequence.length));
  const ids = new BigInt64Array(rows * length);
  const mask = new BigInt64Array(rows * length);
  sequences.forEach((sequence, i) => {
    for (let t = 0; t < sequence.length; t++) {
      ids[i * length + t] = BigInt(sequence[t]);
      mask[i * length + t] = 1n;
    }
  });
  return { ids, mask, rows, length };
}

/** Pools text `i` of a batch into `out` [width] and scales it to length 1. */
export function pool(
  states: ArrayLike<number>,
  batch: Batch,
  i: number,
  pooling: Pooling,
  out: Float32Array,
): void {
  const width = out.length;
  let count = 0;
  while (count < batch.length && batch.mask[i * batch.length + count] === 1n) count++;
  const first = pooling === "last_token" ? count - 1 : 0;
  const end = pooling === "cls" ? 1 : count;
  const sum = new Float64Array(width);
  for (let t = Math.max(first, 0); t < end; t++) {
    const at = (i * batch.length + t) * width;
    for (let j = 0; j < width; j++) sum[j] += states[at + j];
  }
  let square = 0;
  for (let j = 0; j < width; j++) square += sum[j] * sum[j];
  const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
  for (let j = 0; j < width; j++) out[j] = sum[j] * scale;
}
