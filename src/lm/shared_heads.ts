/**
 * Keys and values that stand once for every query head, once for every key-value head: what is kept of a prefix.
 * @module
 */
import { expand, reshape, slice } from "../nn/ops.ts";
import type { KeysValues } from "../nn/transformer.ts";
import type { Tensor } from "../nn/graph.ts";

/** Keys and values [batch × heads × length × width] as [batch × kvHeads × length × width]. */
export function once({ keys, values }: KeysValues, kvHeads: number): KeysValues {
  const first = (x: Tensor): Tensor => {
    const [batch, heads, length, width] = x.shape;
    const apart = reshape(x, [batch, kvHeads, heads / kvHeads, length, width]);
    return reshape(slice(apart, 2, 0, 1), [batch, kvHeads, length, width]);
  };
  return { keys: first(keys), values: first(values) };
}

/** The inverse of {@link once}. */
export function repeated({ keys, values }: KeysValues, heads: number): KeysValues {
  const again = (x: Tensor): Tensor => {
    const [batch, kvHeads, length, width] = x.shape, apart = [batch, kvHeads, 1, length, width];
    const made = expand(reshape(x, apart), apart.with(2, heads / kvHeads));
    return reshape(made, [batch, heads, length, width]);
  };
  return { keys: again(keys), values: again(values) };
}
