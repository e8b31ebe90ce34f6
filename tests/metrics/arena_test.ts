import assert from "node:assert/strict";
import { arenaScore, collapseIndex, optimality, robustness } from "../../src/metrics/arena.ts";
import { DataError } from "../../src/base/errors.ts";
import { uniformMixture } from "../../src/metrics/earned.ts";
import { oracle } from "../../src/metrics/oracle.ts";
import { F1, F1_CHOICE, L, near } from "./fixtures.ts";

Deno.test("F1: Opt.Sel 5/7, Opt.Acc 6/7, Opt.Cost 24/30", () => {
  const { solvable, selection, accuracy, cost } = optimality(F1, F1_CHOICE);
  assert.equal(solvable, 7);
  near(selection, 0.714286);
  near(accuracy, 0.857143);
  near(cost, 0.8);
});

Deno.test("the oracle is optimal, a mixture counts in expectation", () => {
  const best = optimality(F1, oracle(F1).choice);
  assert.deepEqual(best, { solvable: 7, selection: 1, accuracy: 1, cost: 1 });
  const random = optimality(F1, uniformMixture(3));
  near(random.selection, 1 / 3);
  near(random.accuracy, 11 / 21);
  // Right answers: S twice, M four times, L five times; what the cheapest right model would cost there.
  near(random.cost, (1 + 1 + 1 + 4 + 4 + 4 + 4 + 10 + 1 + 1 + 10) / (2 * 1 + 4 * 4 + 5 * 10));
});

Deno.test("solved at 1, unless said otherwise; without costs only Opt.Acc", () => {
  const half = { ...F1, scores: F1.scores.map((s) => s / 2) };
  assert.deepEqual(optimality(half, F1_CHOICE), {
    solvable: 0,
    selection: null,
    accuracy: null,
    cost: null,
  });
  near(optimality(half, F1_CHOICE, half.solvedFrom).selection, 5 / 7);
  const unpriced = optimality({ ...F1, costs: undefined }, F1_CHOICE);
  near(unpriced.accuracy, 6 / 7);
  assert.equal(unpriced.selection, null);
  assert.equal(unpriced.cost, null);
});

Deno.test("F1: RCI counts a2 and b2", () => {
  near(collapseIndex(F1, F1_CHOICE), 0.25);
});

Deno.test("RCI: always the most expensive is fine only where nothing else is best", () => {
  near(collapseIndex(F1, new Uint16Array(8).fill(L)), 6 / 8);
  // The choice of the oracle, and everybody on the unsolved b3.
  near(collapseIndex(F1, oracle(F1).choice), 0);
  // S is fine on a1, b1, b3; M on a1…a4, b3; L on a5, b2.
  near(collapseIndex(F1, uniformMixture(3)), 1 - (3 + 5 + 2) / 24);
  assert.throws(() => collapseIndex({ ...F1, costs: undefined }, F1_CHOICE), DataError);
});

Deno.test("RCI: when all cost the same, all are the most expensive and nothing collapses", () => {
  assert.equal(collapseIndex({ ...F1, costs: new Float64Array(24).fill(2) }, F1_CHOICE), 0);
});

Deno.test("Arena score, worked and published", () => {
  near(arenaScore(0.77, 0.3), 0.751553);
  near(arenaScore(0.77, 0.15), 0.759801);
  near(arenaScore(0.78, 0.3), 0.760201);
  near(arenaScore(0.74, 10.02), 0.6434, 4);
  near(arenaScore(0.669, 0.15), 0.6692, 4);
});

Deno.test("a free router is an error, not a perfect score", () => {
  assert.throws(() => arenaScore(0.7, 0), RangeError);
  assert.throws(() => arenaScore(0.7, -1), RangeError);
  assert.throws(() => arenaScore(77, 0.3), RangeError);
  assert.equal(arenaScore(0.7, 200), 0);
  assert.equal(arenaScore(0.7, 400), 0);
  assert.equal(arenaScore(0, 1), 0);
});

Deno.test("robustness: a constant router gets 1", () => {
  near(robustness(Uint16Array.of(2, 2, 2), Uint16Array.of(2, 2, 2)), 1);
  near(robustness(Uint16Array.of(0, 1, 2, 1), Uint16Array.of(0, 2, 2, 0)), 0.5);
  assert.throws(() => robustness(Uint16Array.of(0), new Uint16Array()), RangeError);
});
