import assert from "node:assert/strict";
import { ndcg } from "../../src/preferences/ndcg.ts";

/** Ranks, from 1, as bits. */
const at = (...ranks: number[]): number => ranks.reduce((bits, rank) => bits | 1 << rank - 1, 0);
const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 5e-5, `${actual}, expected ${expected}`);

Deno.test("nDCG@10 by hand: hits at ranks 1 and 3, two documents are relevant", () => {
  // (1/log₂2 + 1/log₂4) / (1/log₂2 + 1/log₂3) = 1.5 / 1.63093
  near(ndcg(at(1, 3), 2), 0.91972);
});

Deno.test("nDCG@10 by hand: one hit at rank 10 of a hundred relevant documents", () => {
  // (1/log₂11) / Σ_{r=1..10} 1/log₂(r+1) = 0.28906 / 4.54356
  near(ndcg(at(10), 100), 0.06362);
});

Deno.test("nDCG@10: all found is 1, also where there are fewer than ten; nothing found is 0", () => {
  assert.equal(ndcg(at(1, 2, 3), 3), 1);
  assert.equal(ndcg(1023, 10), 1);
  assert.equal(ndcg(0, 5), 0);
  assert.ok(Number.isNaN(ndcg(0, 0)));
});
