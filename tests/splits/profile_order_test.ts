import assert from "node:assert/strict";
import { LONGEST_PROFILE, profileOrder } from "../../src/splits/profile_order.ts";
import { generated, tableOf } from "./tables.ts";

const { rows } = generated({ alpha: 900, beta: 450, gamma: 150 }, 6);
const table = tableOf(rows);
const all = Array.from(rows.keys());
const shares = { alpha: 0.6, beta: 0.3, gamma: 0.1 };

Deno.test("random profile: every prefix holds each benchmark's share", () => {
  for (const seed of [1, 2, 3]) {
    const order = profileOrder(table, all, [], seed, "random");
    assert.equal(order.length, LONGEST_PROFILE);
    assert.equal(new Set(order).size, order.length);
    const held: Record<string, number> = { alpha: 0, beta: 0, gamma: 0 };
    order.forEach((row, i) => {
      held[rows[row].benchmark!]++;
      for (const [name, share] of Object.entries(shares)) {
        assert.ok(Math.abs(held[name] - share * (i + 1)) < 2, `${name} in the first ${i + 1}`);
      }
    });
  }
});

Deno.test("random profile: seeds differ, held-out models and the other rows do not matter", () => {
  const order = profileOrder(table, all, [], 1, "random");
  assert.deepEqual(profileOrder(table, all, ["m0", "m3"], 1, "random"), order);
  assert.deepEqual(profileOrder(table, all.toReversed(), [], 1, "random"), order);
  assert.notDeepEqual(profileOrder(table, all, [], 2, "random"), order);
  const few = profileOrder(table, all.slice(0, 40), [], 1, "random");
  assert.deepEqual(few.toSorted((a, b) => a - b), all.slice(0, 40));
});

const solvers = (row: number, models: readonly number[]): number =>
  models.filter((m) => table.scores[row * 6 + m] >= 0.5).length;

Deno.test("discriminative profile: equal counts of the levels 1 to half the training models", () => {
  const training = [0, 1, 2, 4]; // without m3 and m5: levels 1 and 2
  const some = all.filter((row) => row % 2 === 0);
  const order = profileOrder(table, some, ["m3", "m5"], 1, "discriminative");
  const eligible = some.filter((row) => [1, 2].includes(solvers(row, training)));
  assert.deepEqual(order.toSorted((a, b) => a - b), eligible);
  const byLevel = [1, 2].map((l) => eligible.filter((row) => solvers(row, training) === l).length);
  const balanced = 2 * Math.min(...byLevel);
  assert.ok(balanced > 100);
  const held = [0, 0, 0];
  order.slice(0, balanced).forEach((row, i) => {
    held[solvers(row, training)]++;
    if (i % 2 === 1) assert.equal(held[1], held[2], `first ${i + 1}`);
  });
});

Deno.test("discriminative profile: a level that runs out is filled from its neighbour", () => {
  // Six models: levels 1, 2, 3 with 1, 2 and 9 rows; all-right and all-wrong rows stay out.
  const solved = [1, 2, 2, ...Array(9).fill(3), 0, 6, 5];
  const small = tableOf(solved.map((n, i) => ({
    id: String.fromCharCode(97 + i),
    scores: Array.from({ length: 6 }, (_, m) => Number(m < n)),
  })));
  const order = profileOrder(small, Array.from(solved.keys()), [], 1, "discriminative");
  const levels = order.map((row) => solved[row]);
  assert.deepEqual(levels.slice(0, 3).sort(), [1, 2, 3]);
  assert.deepEqual(levels.toSorted(), [1, 2, 2, ...Array(9).fill(3)]);
  assert.deepEqual(levels.slice(6), Array(6).fill(3));
});

Deno.test("discriminative profile: graded scores count from the solved threshold; missing rows stay out", () => {
  const small = tableOf([
    { id: "a", scores: [0.9, 0.4, 0.1, 0] },
    { id: "b", scores: [0.9, undefined, 0.1, 0] },
    { id: "c", scores: [0.9, 0.7, 0.7, 0] },
  ]);
  const order = (from: number): number[] =>
    profileOrder(
      { ...small, solvedFrom: Float64Array.of(from) },
      [0, 1, 2],
      [],
      1,
      "discriminative",
    )
      .sort();
  assert.deepEqual(order(0.5), [0]);
  assert.deepEqual(order(0.8), [0, 2]);
  assert.deepEqual(order(0.9), [0, 2], "a score at the threshold counts");
  assert.deepEqual(order(1), []);
});
