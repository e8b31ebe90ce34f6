import assert from "node:assert/strict";
import { buildProfile, describeProfile, profileFromIds } from "../../src/icl/profile.ts";
import { CapabilityError, DataError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { profileOrder } from "../../src/splits/profile_order.ts";
import type { TrainingData } from "../../src/router/contract.ts";
import { createMemo } from "../../src/router/memo.ts";
import { columnMeans } from "../../src/router/training.ts";
import { generated, tableOf } from "../splits/tables.ts";

interface Row {
  id: string;
  benchmark?: string;
  scores?: (number | undefined)[];
}

/** Training data of rows, τ = .5 unless given. */
function training(rows: readonly Row[], solvedFrom = 0.5): TrainingData {
  const M = Math.max(...rows.map((r) => r.scores!.length));
  const costs = new Float64Array(rows.length * M).fill(NaN);
  return {
    queries: {
      ids: rows.map((r) => r.id),
      texts: rows.map((r) => `text ${r.id}`),
      vectors: matrix(rows.length, 1),
      benchmarks: rows.map((r) => r.benchmark ?? "b"),
      memo: createMemo("test"),
    },
    models: Array.from({ length: M }, (_, m) => `m${m}`),
    scores: Float64Array.from(rows.flatMap((r) => r.scores!.map((s) => s ?? NaN))),
    costs,
    meanCosts: columnMeans(costs, M),
    solvedFrom: new Float64Array(rows.length).fill(solvedFrom),
    tasks: rows.map(() => "t"),
  };
}

/** One row, of six models, that the first `solved` of them solve. */
const solvedBy = (solved: number, i: number, benchmark = "b"): Row => ({
  id: `${benchmark}${solved}-${i}`,
  benchmark,
  scores: Array.from({ length: 6 }, (_, m) => Number(m < solved)),
});
/** Rows by level: `counts[l]` rows that l of six models solve. */
const ladder = (counts: readonly number[], benchmark = "b"): Row[] =>
  counts.flatMap((n, solved) =>
    Array.from({ length: n }, (_, i) => solvedBy(solved, i, benchmark))
  );
const levelsOf = (ids: readonly string[]): number[] => ids.map((id) => Number(id.match(/\d/)![0]));

Deno.test("equal counts of the levels 1 to half the models; all-right and all-wrong stay out", () => {
  const train = training(ladder([50, 40, 30, 20, 40, 40, 50]));
  const list = buildProfile(train, 60, 1);
  assert.equal(list.rows.length, 60);
  assert.deepEqual([...list.rows].map((row) => train.queries.ids[row]), list.ids);
  assert.equal(new Set(list.rows).size, 60);
  assert.deepEqual(
    list.levels,
    [1, 2, 3].map((level) => ({ level, wanted: 20, taken: 20, filled: 0 })),
  );
  const levels = levelsOf(list.ids);
  for (let i = 0; i < 60; i += 3) {
    assert.deepEqual(levels.slice(i, i + 3).toSorted(), [1, 2, 3], `places ${i} to ${i + 2}`);
  }
  assert.equal(
    describeProfile(list),
    "60 profile queries, by number of models that solve them: 1: 20, 2: 20, 3: 20",
  );
});

Deno.test("benchmarks hold their share in the list, in every prefix and in every level", () => {
  const train = training([...ladder([0, 60, 60, 60], "a"), ...ladder([0, 30, 30, 30], "c")]);
  const { ids } = buildProfile(train, 180, 3);
  for (const n of [18, 45, 90, 180]) {
    const held = ids.slice(0, n).filter((id) => id[0] === "a").length;
    // Three levels, each within one row of its share.
    assert.ok(Math.abs(held - n * 2 / 3) <= 3, `${held} of ${n}`);
  }
  for (const level of [1, 2, 3]) {
    const own = ids.filter((_, i) => levelsOf(ids)[i] === level);
    const held = own.filter((id) => id[0] === "a").length;
    assert.ok(Math.abs(held - own.length * 2 / 3) <= 1, `level ${level}`);
  }
});

Deno.test("a shorter list is a prefix of a longer one", () => {
  const train = training(ladder([0, 40, 10, 20]));
  const long = buildProfile(train, 60, 5).ids;
  for (const k of [1, 8, 33]) assert.deepEqual(buildProfile(train, k, 5).ids, long.slice(0, k));
  assert.notDeepEqual(buildProfile(train, 60, 6).ids, long);
});

Deno.test("a short level is filled from its neighbours, and the counts say so", () => {
  const list = buildProfile(training(ladder([9, 10, 1, 10])), 15, 1);
  assert.deepEqual(list.levels.map(({ wanted }) => wanted), [5, 5, 5]);
  assert.deepEqual(list.levels.map(({ taken }) => taken), [9, 1, 5], "the lower of two neighbours");
  assert.deepEqual(list.levels.map(({ filled }) => filled), [0, 4, 0]);
  assert.match(describeProfile(list), /1: 9 \(wanted 5, 0 filled .*\), 2: 1 \(wanted 5, 4 filled/);
  const all = buildProfile(training(ladder([9, 2, 1, 3])), 50, 1);
  assert.deepEqual([all.rows.length, all.asked], [6, 50]);
  assert.match(describeProfile(all), /^6 of 50 profile queries/);
});

Deno.test("the list depends on ids, not on where rows stand", () => {
  const rows = generated({ alpha: 120, beta: 60, gamma: 20 }, 7).rows;
  const list = buildProfile(training(rows), 80, 9);
  const mixed = random(1, "order").shuffle(rows.slice());
  assert.deepEqual(buildProfile(training(mixed), 80, 9).ids, list.ids);
  assert.notDeepEqual([...buildProfile(training(mixed), 80, 9).rows], [...list.rows]);
});

Deno.test("it is the list that the new-model protocol labels new models on", () => {
  const { rows } = generated({ alpha: 90, beta: 45, gamma: 15 }, 6);
  const table = tableOf(rows), part = [...rows.keys()].filter((i) => i % 3 !== 0);
  const order = profileOrder(table, part, ["m2", "m5"], 4, "discriminative");
  const seen = part.map((i) => ({
    ...rows[i],
    scores: rows[i].scores!.filter((_, m) => m % 3 < 2),
  }));
  assert.deepEqual(
    buildProfile(training(seen), 40, 4).ids,
    order.slice(0, 40).map((row) => table.ids[row]),
  );
});

Deno.test("graded scores count from the threshold; rows with missing scores have no level", () => {
  const rows = [
    { id: "a", scores: [0.9, 0.4, 0.1, 0] },
    { id: "b", scores: [0.9, undefined, 0.1, 0] },
    { id: "c", scores: [0.9, 0.7, 0.7, 0] },
  ];
  const found = (from: number) => buildProfile(training(rows, from), 9, 1);
  assert.deepEqual(found(0.5).ids, ["a"]);
  assert.deepEqual(found(0.7).ids, ["a"], "a score at the threshold counts");
  assert.deepEqual(found(0.71).ids.toSorted(), ["a", "c"]);
  assert.equal(found(0.5).unlevelled, 1);
  assert.match(describeProfile(found(0.5)), /; 1 queries with missing scores$/);
});

Deno.test("two or three models have one level; fewer have none", () => {
  const small = (M: number) =>
    [0, 1, 2, 3].map((n) => ({
      id: `${n}`,
      scores: Array.from({ length: M }, (_, m) => +(m < n)),
    }));
  for (const M of [2, 3]) {
    const list = buildProfile(training(small(M)), 4, 1);
    assert.deepEqual(list.ids, ["1"]);
    assert.deepEqual(list.levels, [{ level: 1, wanted: 1, taken: 1, filled: 0 }]);
  }
  assert.throws(() => buildProfile(training(small(1)), 4, 1), (error: Error) => {
    assert.ok(error instanceof CapabilityError);
    assert.match(error.message, /there is 1 model$/);
    return true;
  });
});

Deno.test("no query at the levels: any complete query will do; none complete, no list; a length that is none", () => {
  const train = training(ladder([3, 0, 0, 0, 2, 2, 1]));
  const list = buildProfile(train, 4, 1);
  assert.equal(list.rows.length, 4);
  assert.deepEqual(buildProfile(train, 8, 1).rows.slice(0, 4), list.rows, "prefixes");
  const gaps = { ...train, scores: train.scores.map((s, i) => i % 6 === 2 ? NaN : s) };
  assert.throws(() => buildProfile(gaps, 4, 1), (error: Error) => {
    assert.ok(error instanceof CapabilityError);
    assert.match(error.message, /none of 8 training queries is solved by 1 to 3 of the 6 models/);
    return true;
  });
  for (const k of [0, -1, 2.5, NaN]) assert.throws(() => buildProfile(train, k, 1), RangeError);
  assert.throws(() => profileFromIds(train, undefined, ["b0-1"], 0), RangeError);
});

Deno.test("a given list: its order, continued into the validation rows, first K", () => {
  const train = training([solvedBy(1, 0), solvedBy(3, 0), solvedBy(0, 0)]);
  const validation = training([solvedBy(2, 0), solvedBy(6, 0), {
    id: "gap",
    scores: [1, 1, undefined, 0, 0, 0],
  }]);
  const ids = ["b2-0", "b3-0", "gap", "b1-0", "b6-0", "b0-0"];
  const list = profileFromIds(train, validation, ids, 4);
  assert.deepEqual(list.ids, ids.slice(0, 4));
  assert.deepEqual([...list.rows], [3, 1, 5, 0]);
  assert.deepEqual(list.levels, [1, 2, 3].map((level) => ({ level, taken: 1 })));
  assert.equal(list.unlevelled, 1);
  assert.equal(
    describeProfile(list),
    "4 profile queries, by number of models that solve them: 1: 1, 2: 1, 3: 1; " +
      "1 queries with missing scores",
  );
});

Deno.test("while tuning, a given list goes on past the validation queries", () => {
  const train = training([solvedBy(1, 0), solvedBy(3, 0), solvedBy(0, 0)]);
  const ids = ["b2-0", "b3-0", "gap", "b1-0", "b6-0", "b0-0"];
  const list = profileFromIds(train, undefined, ids, 2);
  assert.deepEqual([list.ids, [...list.rows]], [["b3-0", "b1-0"], [1, 0]]);
  assert.throws(() => profileFromIds(train, undefined, ["b2-0"], 2), CapabilityError);
  assert.throws(() => profileFromIds(train, undefined, ["b1-0", "b1-0"], 2), DataError);
});
