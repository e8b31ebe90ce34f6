/**
 * All models' replies to a query as one row of numbers: of every model features of its reply
 * (`_reply_features.ts`), and how many of the others end in the same answer.
 * @module
 */
import type { Reply } from "../src/router/mod.ts";
import { type Matrix, matrix } from "../src/linalg/mod.ts";
import {
  formScaling,
  REPLY_WIDTH,
  replyFeatures,
  scaleForm,
  type Scaling,
} from "./_reply_features.ts";

/** Numbers of one reply. */
export const LATENT_WIDTH: number = REPLY_WIDTH + 1;

/** How replies become latents, learned from training rows. */
export interface Reading {
  /** Model by model. */
  readonly scalings: readonly Scaling[];
  /** Mean on the training rows, of all models' numbers. */
  readonly centre: Float64Array;
}

/** What {@link learnReading} gives. */
export interface LearnedReading {
  /** How to read other replies. */
  readonly reading: Reading;
  /** Of all queries given, [N × M · {@link LATENT_WIDTH}]. */
  readonly latents: Matrix;
  /** Mean square of the latents on the training rows. */
  readonly variance: number;
}

/**
 * Learns how to read the replies of M models to N queries.
 * @param replies row-major [N × M]
 * @param rows the training rows among them, which are summed in the order given
 */
export function learnReading(
  texts: readonly string[],
  replies: readonly Reply[],
  M: number,
  rows: Uint32Array,
): LearnedReading {
  const features = featuresOf(texts, replies, M);
  const scalings = Array.from(
    { length: M },
    (_, m) => formScaling(features, rows.map((i) => i * M + m)),
  );
  const latents = scaled(features, replies, scalings), { data, width } = latents;
  const centre = new Float64Array(width);
  for (const i of rows) {
    for (let k = 0; k < width; k++) centre[k] += data[i * width + k] / rows.length;
  }
  subtract(latents, centre);
  let squares = 0;
  for (const i of rows) {
    for (let k = 0; k < width; k++) squares += data[i * width + k] ** 2;
  }
  const variance = squares / (rows.length * width);
  return { reading: { scalings, centre }, latents, variance };
}

/** Latents of other replies [Q × M], as {@link learnReading} read the training rows. */
export function readLatents(
  texts: readonly string[],
  replies: readonly Reply[],
  { scalings, centre }: Reading,
): Matrix {
  const latents = scaled(featuresOf(texts, replies, scalings.length), replies, scalings);
  subtract(latents, centre);
  return latents;
}

/** Share of the other models whose reply ends in the same answer, [Q × M]; 0 without an answer. */
export function agreement(replies: readonly Reply[], M: number): Float64Array {
  return Float64Array.from(replies, ({ final }, at) => {
    if (final === undefined || M === 1) return 0;
    const query = Math.floor(at / M) * M;
    let same = -1; // not counting itself
    for (let m = 0; m < M; m++) same += Number(replies[query + m].final === final);
    return same / (M - 1);
  });
}

function featuresOf(texts: readonly string[], replies: readonly Reply[], M: number): Matrix {
  return replyFeatures(replies.map((_, at) => texts[Math.floor(at / M)]), replies);
}

/** Scales the features in place, and puts agreement beside them. */
function scaled(features: Matrix, replies: readonly Reply[], scalings: readonly Scaling[]): Matrix {
  const M = scalings.length, agreed = agreement(replies, M);
  const out = matrix(replies.length / M, M * LATENT_WIDTH);
  replies.forEach((_, at) => {
    scaleForm(features, [at], scalings[at % M]);
    const from = at * REPLY_WIDTH, to = at * LATENT_WIDTH;
    out.data.set(features.data.subarray(from, from + REPLY_WIDTH), to);
    out.data[to + REPLY_WIDTH] = agreed[at];
  });
  return out;
}

function subtract({ data, width }: Matrix, centre: Float64Array): void {
  for (let at = 0; at < data.length; at++) data[at] -= centre[at % width];
}
