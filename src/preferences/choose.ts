/**
 * Settings of a matcher, chosen on validation queries.
 * @module
 */
import type { Match } from "./matchers.ts";

/** A threshold below which a query is called `other`, and what it is worth. */
export interface Threshold {
  /** Least support of a route; −∞ where `other` is never called for too little. */
  readonly least: number;
  /** Mean of the share of queries in scope with the right route and the share of the others called `other`. */
  readonly value: number;
}

/**
 * The threshold of the largest value, the lowest where several are. Queries in scope and out of it count half
 * each, however many there are.
 * @param labels wanted routes, `other` out of scope; at least one of both. Length Q
 */
export function chooseThreshold(
  { route, support }: Match,
  labels: ArrayLike<number>,
  other: number,
): Threshold {
  const all = [...support.keys()].sort((a, b) => support[a] - support[b]);
  const outside = all.filter((i) => labels[i] === other).length, inside = all.length - outside;
  const gain = (i: number, chosen: number): number =>
    chosen !== labels[i] ? 0 : labels[i] === other ? 0.5 / outside : 0.5 / inside;
  let value = all.reduce((sum, i) => sum + gain(i, route[i]), 0);
  let best: Threshold = { least: -Infinity, value };
  all.forEach((i, at) => {
    value += gain(i, other) - gain(i, route[i]);
    const next = support[all[at + 1]];
    // Equal supports fall together; a gain that is only rounding is none.
    if (next !== support[i] && value > best.value + 1e-12) {
      best = { least: next ?? Infinity, value };
    }
  });
  return best;
}

/** Routes with `other` where the support is below the least. Length Q. */
export function withOther({ route, support }: Match, least: number, other: number): Int32Array {
  return route.map((chosen, i) => support[i] < least ? other : chosen);
}
