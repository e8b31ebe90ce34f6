/**
 * Texts as batches of tokens for stage 1.
 * @module
 */
import type { Bpe } from "./bpe.ts";

/** One batch: what goes in, what should come out, and which rows count. */
export interface TokenBatch {
  /** Tokens after the slot, int64 [B × T]. */
  readonly tokens: BigInt64Array;
  /** Next tokens, int64 [B·(T+1) × 1]. */
  readonly targets: BigInt64Array;
  /** 1 where the next token belongs to the text or ends it, [B·(T+1) × 1]. */
  readonly weights: Float32Array;
}

/** The first `length` tokens of a text, with the end token where the text is shorter. */
export function tokenise(bpe: Bpe, text: string, length: number): number[] {
  const ids = Array.from(bpe.encode(text, length));
  return ids.length < length ? [...ids, bpe.end] : ids.slice(0, length);
}

/** An empty batch to be filled again and again. */
export function tokenBatch(texts: number, length: number): TokenBatch {
  return {
    tokens: new BigInt64Array(texts * (length - 1)),
    targets: new BigInt64Array(texts * length),
    weights: new Float32Array(texts * length),
  };
}

/** Fills a batch with the token lists of some texts; what is too short is padded and does not count. */
export function fillTokens(
  { tokens, targets, weights }: TokenBatch,
  lists: readonly (readonly number[])[],
  length: number,
  pad: number,
): void {
  targets.fill(BigInt(pad));
  tokens.fill(BigInt(pad));
  weights.fill(0);
  lists.forEach((ids, i) =>
    ids.forEach((id, t) => {
      targets[i * length + t] = BigInt(id);
      weights[i * length + t] = 1;
      if (t < length - 1) tokens[i * (length - 1) + t] = BigInt(id);
    })
  );
}
