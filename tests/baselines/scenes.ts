/**
 * Pools with known probabilities, on which more than one router is tested.
 * @module
 */
import { random } from "../../src/base/random.ts";
import type { Reply } from "../../src/base/reply.ts";
import type { TrainingData } from "../../src/router/contract.ts";
import { training } from "../router/hand.ts";

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

/** Queries that say nothing of who is right; the replies do, nine times in ten. m0 costs 1, m1 2, m2 8. */
export function tellingReplies(count: number, seed: number): TrainingData & { replies: Reply[] } {
  const draw = random(seed, "pool"), SKILL = [.5, .5, .6];
  const scores = Array.from({ length: count }, () => SKILL.map((p) => Number(draw.next() < p)));
  const vectors = scores.map(() => {
    const x = Array.from({ length: 6 }, () => draw.normal());
    return x.map((v) => v / Math.hypot(...x));
  });
  const replies = scores.flat().map((s): Reply => {
    const right = draw.next() < .9 ? s === 1 : s === 0;
    const text = `${right ? "therefore" : "perhaps"} it is ${draw.integer(9)}`;
    return { text, chars: text.length, tokens: 4 };
  });
  return { ...training(vectors, scores, { costs: scores.map(() => [1, 2, 8]) }), replies };
}
