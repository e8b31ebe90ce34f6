import assert from "node:assert/strict";
import { levelOf } from "../../src/icl/level.ts";

Deno.test("a level is the log-odds of the mean, which leans towards the overall one like eight more queries", () => {
  const odds = (p: number): number => Math.log(p / (1 - p));
  // (8 · .5 + 6 + ½) / (8 + 8 + 1), one of nine missing
  assert.equal(levelOf([1, 1, 1, 1, 1, 1, 0, 0, NaN], 0.5), odds(10.5 / 17));
  assert.equal(levelOf([], 0.25), odds(2.5 / 9));
  assert.ok(Number.isFinite(levelOf(new Array(1000).fill(1), 1)));
});
