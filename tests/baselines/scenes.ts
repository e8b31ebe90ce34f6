/**
 * Pools with known probabilities, on which more than one router is tested.
 * @module
 */
import { random } from "../../src/base/random.ts";

/** Unit vectors of the four corners of a square. */
export const CORNERS: readonly number[][] = [[1, 1], [-1, -1], [1, -1], [-1, 1]]
  .map((x) => x.map((v) => v * Math.SQRT1_2));

/** Queries at the corners; m0 solves 90% where the signs agree and 10% elsewhere, m1 the reverse, m2 60%. */
export function exclusiveOr(
  count: number,
): { at: number[][]; scores: number[][]; chances: number[][] } {
  const draw = random(3, "corners"), corner = Array.from({ length: count }, (_, i) => i % 4);
  const chances = CORNERS.map((_, c) => c < 2 ? [.9, .1, .6] : [.1, .9, .6]);
  return {
    at: corner.map((c) => CORNERS[c].map((v) => v + .1 * draw.normal())),
    scores: corner.map((c) => chances[c].map((p) => Number(draw.next() < p))),
    chances,
  };
}

/** Queries of three topics: topic t lies near axis t; model t solves 90% of its topic and 30% of the others. */
export interface Specialists {
  /** n unit vectors in three dimensions, and their topics. */
  draw(n: number): { vectors: number[][]; topics: number[] };
  /** Whether model m solves a query of topic t, drawn anew. */
  solved(t: number, m: number): number;
}

/** One stream serves all draws, in the order of the calls. */
export function specialists(): Specialists {
  const source = random(5, "irt");
  return {
    draw(n) {
      const topics = Array.from({ length: n }, () => source.integer(3));
      const vectors = topics.map((t) =>
        [0, 1, 2].map((d) => .3 * source.normal() + Number(d === t))
      );
      return { vectors: vectors.map((v) => v.map((x) => x / Math.hypot(...v))), topics };
    },
    solved: (t, m) => Number(source.next() < (m === t ? .9 : .3)),
  };
}
