import assert from "node:assert/strict";
import { regretTable, sharesTable } from "../../../src/report/tables/detail_tables.ts";
import type { RouterReport } from "../../../src/evaluate/evaluate.ts";
import type { Result } from "../../../src/results/result.ts";

/** One row with the given first seed. */
function rowsOf(seed: Partial<RouterReport["seeds"][number]>) {
  const rows = [{ router: "knn", seeds: [seed] }] as unknown as RouterReport[];
  return { rows, names: new Map([["knn", "kNN"]]) };
}

const groups = (count: number): RouterReport["seeds"][number]["regret"] =>
  Array.from({ length: count }, (_, solvers) => ({
    solvers,
    queries: 1 + solvers % 2,
    accuracy: 0,
    regret: solvers % 2 === 0 ? 0.3 : 0.6,
  }));

Deno.test("regret: a column for each number of solvers, of a large pool for ranges of equal width", () => {
  const few = regretTable(rowsOf({ regret: groups(200) }));
  assert.equal(few.columns.length, 201);
  assert.deepEqual(few.columns.slice(1, 3).map(({ title }) => title), ["0 (n=1)", "1 (n=2)"]);
  const many = regretTable(rowsOf({ regret: groups(400) }));
  assert.equal(many.columns.length, 41);
  assert.equal(many.columns[1].title, "0–9 (n=15)");
  assert.equal(many.rows[0][1], ".500", "(5 · 1 · .3 + 5 · 2 · .6) / 15");
});

Deno.test("shares: all models, of a large pool the 40 most used and what is left", () => {
  const result = (models: number): Result =>
    ({
      dataset: { models: Array.from({ length: models }, (_, m) => `m${m}`) },
    }) as unknown as Result;
  const shares = Array.from({ length: 201 }, (_, m) => m === 150 ? 0.4 : m % 5 === 0 ? 0.01 : 0);
  const table = sharesTable(result(201), rowsOf({ shares }));
  const titles = table.columns.map(({ title }) => title);
  assert.equal(titles.length, 42);
  assert.ok(titles.includes("m150"));
  assert.deepEqual([titles[1], titles[41]], ["m0", "161 others"]);
  assert.equal(table.rows[0][41], "21%", "what .4 and 39 · .01 leave");
  assert.equal(sharesTable(result(200), rowsOf({ shares })).columns.length, 201);
});
