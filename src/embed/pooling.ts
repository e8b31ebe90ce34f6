/**
 * From token states to one unit vector a text, and the order in which texts are batched.
 * @module
 */
import type { Pooling } from "./presets.ts";

/** Token states of a batch. */
export interface TokenStates {
  /** Row-major [batch × length × width]. */
  readonly states: ArrayLike<number>;
  /** Row-major [batch × length]; 0 marks padding, on either side. */
  readonly mask: ArrayLike<number | bigint>;
  /** Tokens of every text of the batch, padding included. */
  readonly length: number;
  /** Length of a state. */
  readonly width: number;
}

/** Pools text `i` of a batch into `out` [width] and scales it to length 1. */
export function pool(batch: TokenStates, i: number, pooling: Pooling, out: Float32Array): void {
  const { states, mask, length, width } = batch;
  const real: number[] = [];
  for (let t = 0; t < length; t++) if (Number(mask[i * length + t]) !== 0) real.push(t);
  const used = pooling === "mean" ? real : pooling === "cls" ? real.slice(0, 1) : real.slice(-1);
  const sum = new Float64Array(width);
  for (const t of used) {
    const at = (i * length + t) * width;
    for (let j = 0; j < width; j++) sum[j] += states[at + j];
  }
  let square = 0;
  for (let j = 0; j < width; j++) square += sum[j] * sum[j];
  const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
  for (let j = 0; j < width; j++) out[j] = sum[j] * scale;
}

/** Cuts texts into batches of about the same length: indices, shortest first, ties in given order. */
export function batchesByLength(lengths: ArrayLike<number>, size: number): number[][] {
  const order = Array.from(lengths, (_, i) => i).sort((a, b) => lengths[a] - lengths[b] || a - b);
  const batches: number[][] = [];
  for (let at = 0; at < order.length; at += size) batches.push(order.slice(at, at + size));
  return batches;
}
