import assert from "node:assert/strict";
import { makeSplits } from "../../src/splits/make.ts";
import { alone, count, generated, partedGroups, tableOf } from "./tables.ts";

const sizes = { alpha: 1500, beta: 900, gamma: 100, delta: 7 };
const { rows, groups } = generated(sizes);
const table = tableOf(rows);

const shareOf = (roles: string, benchmark: string, role: string): number => {
  const own = table.ids.keys().filter((row) => rows[row].benchmark === benchmark);
  return [...own].filter((row) => roles[row] === role).length;
};

Deno.test("id: 60/20/20 of every benchmark, within one group", () => {
  const largest = Math.max(...Map.groupBy(groups, (g) => g).values().map((own) => own.length));
  for (const split of makeSplits(table, groups, "id")) {
    assert.equal(split.foldName, "random");
    for (const [benchmark, size] of Object.entries(sizes)) {
      for (const [role, share] of [["t", 0.6], ["v", 0.2], ["e", 0.2]] as const) {
        const difference = Math.abs(shareOf(split.roles, benchmark, role) - share * size);
        assert.ok(difference <= largest, `${benchmark} ${role}: ${difference}`);
      }
    }
  }
});

Deno.test("id: without groups the shares are exact to a row", () => {
  const [split] = makeSplits(table, alone(table), "id", [1]);
  for (const [benchmark, size] of Object.entries(sizes)) {
    assert.ok(Math.abs(shareOf(split.roles, benchmark, "e") - size / 5) < 1);
    assert.ok(Math.abs(shareOf(split.roles, benchmark, "v") - size / 5) < 1);
  }
});

Deno.test("id: small data are cross-validated, every row tested once and validating once", () => {
  const small = tableOf(rows.slice(1400, 2000));
  const own = groups.slice(1400, 2000);
  const folds = makeSplits(small, own, "id", [1]);
  assert.deepEqual(folds.map((s) => s.foldName), [1, 2, 3, 4, 5].map((f) => `part ${f} of 5`));
  for (const role of ["e", "v"]) {
    const times = small.ids.map((_, row) => folds.filter((s) => s.roles[row] === role).length);
    assert.ok(times.every((n) => n === 1));
  }
  for (const { roles } of folds) assert.equal(partedGroups(roles, own), 0);
  assert.equal(makeSplits(small, own, "id", [1], { smallTest: 100 }).length, 1);
  assert.equal(makeSplits(table, groups, "id", [1], { smallTest: 502 }).length, 5);
});

Deno.test("id: a group across benchmarks stays whole", () => {
  const joined = groups.slice();
  for (let row = 1500; row < 2400; row += 9) joined[row] = joined[row - 1500];
  for (const { roles } of makeSplits(table, joined, "id")) {
    assert.equal(partedGroups(roles, joined), 0);
    assert.ok(Math.abs(count(roles, "e") - rows.length / 5) < 20);
  }
});

Deno.test("id:published: the test rows are the published ones, copies of them leave training", () => {
  const published = tableOf(rows.map((row, i) => ({ ...row, split: i % 4 ? "train" : "test" })));
  const [first, second] = makeSplits(published, groups, "id:published", [1, 2]);
  for (const { roles, foldName } of [first, second]) {
    assert.equal(foldName, "published");
    published.ids.forEach((_, row) => assert.equal(roles[row] === "e", row % 4 === 0));
    assert.equal(partedGroups(roles, groups), 0);
    assert.ok(count(roles, "d") > 0);
    const rest = count(roles, "t") + count(roles, "v");
    assert.ok(Math.abs(count(roles, "v") - rest / 4) < 10);
  }
  assert.notEqual(first.roles, second.roles);
});
