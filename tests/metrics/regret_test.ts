import assert from "node:assert/strict";
import { earned } from "../../src/metrics/earned.ts";
import { recallAtK, regretByDifficulty } from "../../src/metrics/regret.ts";
import { F1, F1_CHOICE, F1_PREFERENCE, near } from "./fixtures.ts";

Deno.test("F1: regret by number of solvers", () => {
  const groups = regretByDifficulty(F1, earned(F1, F1_CHOICE));
  assert.deepEqual(groups, [
    { solvers: 0, queries: 1, accuracy: 0, regret: 0, random: 0 },
    { solvers: 1, queries: 4, accuracy: 0.75, regret: 0.25, random: 1 / 3 },
    { solvers: 2, queries: 2, accuracy: 1, regret: 0, random: 2 / 3 },
    { solvers: 3, queries: 1, accuracy: 1, regret: 0, random: 1 },
  ]);
  near(groups[1].random, 0.3333, 4);
});

Deno.test("graded scores: solved by threshold, regret by score", () => {
  const graded = { ...F1, scores: F1.scores.map((s) => s * 0.4 + 0.3) };
  const [none] = regretByDifficulty({ ...graded, solvedFrom: new Float64Array(8).fill(0.9) }, {
    score: new Float64Array(8).fill(0.3),
  });
  assert.equal(none.solvers, 0);
  assert.equal(none.queries, 8);
  near(none.regret, 0.4 * 7 / 8);
});

Deno.test("recall@k: F1 with a prediction that always prefers M, then S", () => {
  const predicted = Float64Array.from(Array(8).fill([0.5, 0.9, 0.1]).flat());
  // Solvable: 7. M solves a1…a4; S adds b1; L adds a5 and b2.
  near(recallAtK(F1, predicted, 1, F1_PREFERENCE), 4 / 7);
  near(recallAtK(F1, predicted, 2, F1_PREFERENCE), 5 / 7);
  near(recallAtK(F1, predicted, 3, F1_PREFERENCE), 1);
  near(recallAtK(F1, predicted, 9, F1_PREFERENCE), 1);
});

Deno.test("recall@k: ties by preference, models that cannot be chosen are left out", () => {
  const equal = new Float64Array(24).fill(0.5);
  near(recallAtK(F1, equal, 1, [0, 1, 2]), 2 / 7);
  near(recallAtK(F1, equal, 1, [2, 1, 0]), 5 / 7);
  const withoutL = equal.map((s, at) => at % 3 === 2 ? NaN : s);
  near(recallAtK(F1, withoutL, 3, [2, 1, 0]), 5 / 7);
});

Deno.test("recall@k: nothing solvable, nothing recalled; bad arguments", () => {
  const unsolved = { ...F1, scores: new Float64Array(24) };
  assert.equal(recallAtK(unsolved, new Float64Array(24), 1, F1_PREFERENCE), null);
  assert.throws(() => recallAtK(F1, new Float64Array(24), 0, F1_PREFERENCE), RangeError);
  assert.throws(() => recallAtK(F1, new Float64Array(23), 1, F1_PREFERENCE), RangeError);
  assert.throws(() => regretByDifficulty(F1, { score: new Float64Array(7) }), RangeError);
});
