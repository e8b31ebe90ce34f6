import assert from "node:assert/strict";
import { makeSplits } from "../../src/splits/make.ts";
import { count, generated, partedGroups, tableOf } from "./tables.ts";

// beta's seven tasks, alpha's seven and the single task of gamma.
const { rows } = generated({ alpha: 700, beta: 350, gamma: 60 }, 3, 7);
for (const row of rows) if (row.benchmark === "gamma") delete row.task;
const table = tableOf(rows);
const groups = Uint32Array.from(rows.keys());

Deno.test("task: whole tasks, each tested once and validating once", () => {
  const splits = makeSplits(table, groups, "task", [1]);
  assert.equal(splits.length, 5);
  table.tasks.forEach((_, task) => {
    const own = [...table.task.keys()].filter((row) => table.task[row] === task);
    const roles = splits.map((s) => new Set(own.map((row) => s.roles[row])));
    assert.ok(roles.every((r) => r.size === 1), "a task is on one side");
    const letters = roles.map((r) => [...r][0]).sort().join("");
    assert.equal(letters, "etttv");
  });
});

Deno.test("task: every family gives each fold its share of tasks, within one", () => {
  for (const { roles, validation } of makeSplits(table, groups, "task")) {
    assert.equal(validation, "tasks");
    for (const family of ["alpha", "beta"]) {
      const tested = new Set(
        rows.flatMap((r, i) => r.benchmark === family && roles[i] === "e" ? [r.task] : []),
      );
      assert.ok(tested.size === 1 || tested.size === 2, `${family}: ${tested.size} tasks`);
    }
    assert.ok(count(roles, "e") > 100 && count(roles, "e") < 400);
  }
});

Deno.test("task: seeds deal differently, copies across tasks are dropped", () => {
  const joined = groups.slice();
  for (let i = 0; i < 30; i++) joined[7 * i + 1] = joined[7 * i];
  const splits = makeSplits(table, joined, "task");
  assert.ok(new Set(splits.map((s) => s.roles)).size > 20);
  let dropped = 0;
  for (const { roles } of splits) {
    assert.equal(partedGroups(roles, joined), 0);
    dropped += count(roles, "d");
  }
  assert.ok(dropped > 0);
});
