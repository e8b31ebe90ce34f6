/**
 * Benchmarks too small to be split 60/20/20 by themselves: the whole keeps the shares.
 * @module
 */
import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import { makeSplits } from "../../src/splits/make.ts";
import { alone, count, partedGroups, rolesById, type Row, tableOf } from "./tables.ts";

/** Benchmarks of so many rows each. */
const rowsOf = (sizes: readonly number[]): Row[] =>
  sizes.flatMap((size, b) =>
    Array.from({ length: size }, (_, i): Row => ({
      id: `b${String(b).padStart(3, "0")}-${i}`,
      benchmark: `bench${b}`,
      scores: [1, 0, i % 2, 1],
    }))
  );
const repeated = (size: number, times: number): number[] => new Array<number>(times).fill(size);
const share = { t: 0.6, v: 0.2, e: 0.2 };

Deno.test("small benchmarks: the whole is split 60/20/20 to within two rows, in every fold", () => {
  const cases = [
    ...[1, 2, 3, 4, 6, 7, 13, 33].map((size) => repeated(size, 30)),
    repeated(2, 10),
    [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 500, 203, 3, 2, 1],
  ];
  for (const sizes of cases) {
    const table = tableOf(rowsOf(sizes)), rows = table.ids.length;
    for (const { roles, fold } of makeSplits(table, alone(table), "id", [1, 2, 3])) {
      for (const [role, wanted] of Object.entries(share)) {
        const off = Math.abs(count(roles, role) - wanted * rows);
        assert.ok(off <= 2, `${sizes} fold ${fold} ${role}: ${count(roles, role)} of ${rows}`);
      }
    }
  }
});

Deno.test("small benchmarks: each keeps its shares to within a row, and large ones theirs", () => {
  const sizes = [7, 13, 33, 99, 100, 303, 1];
  const rows = rowsOf(sizes), table = tableOf(rows);
  for (const { roles } of makeSplits(table, alone(table), "id", [1, 2])) {
    sizes.forEach((size, b) => {
      const own = [...roles].filter((_, row) => rows[row].benchmark === `bench${b}`);
      for (const role of ["v", "e"] as const) {
        const off = Math.abs(own.filter((r) => r === role).length - share[role] * size);
        assert.ok(off < 1, `${size} ${role}: ${off}`);
      }
    });
  }
});

Deno.test("small benchmarks: a row's role does not depend on its place, and seeds differ", () => {
  const rows = rowsOf([...repeated(1, 30), 7, 12]), table = tableOf(rows);
  const [first, other] = [1, 2].map((seed) => makeSplits(table, alone(table), "id", [seed])[0]);
  const mixed = tableOf(random(4, "order").shuffle([...rows]));
  const again = makeSplits(mixed, alone(mixed), "id", [1])[0];
  assert.deepEqual(rolesById(mixed, again.roles), rolesById(table, first.roles));
  assert.notEqual(first.roles, other.roles);
});

Deno.test("small benchmarks: groups stay together, large ones are evened out by single rows", () => {
  const rows = rowsOf([50, 50, 9, 9, 1, 1]), table = tableOf(rows);
  const groups = Uint32Array.from(
    rows.keys(),
    (row) => row < 10 ? 0 : row > 100 ? row - row % 2 : row,
  );
  for (const { roles } of makeSplits(table, groups, "id", [1, 2, 3])) {
    assert.equal(partedGroups(roles, groups), 0);
    assert.ok(Math.abs(count(roles, "e") - 24) <= 3, `${count(roles, "e")}`);
  }
});

Deno.test("small benchmarks: the other protocols", () => {
  const published = tableOf(
    rowsOf(repeated(2, 30)).map((row, i): Row => ({
      ...row,
      split: i % 2 ? "train" : "test",
    })),
  );
  const [{ roles }] = makeSplits(published, alone(published), "id:published", [1]);
  assert.ok(
    Math.abs(count(roles, "v") - 7.5) < 1,
    "a quarter of thirty training rows, one a benchmark",
  );

  const ones = tableOf(rowsOf(repeated(1, 30)));
  for (const split of makeSplits(ones, alone(ones), "ood", [1], { validation: "id" })) {
    assert.ok(Math.abs(count(split.roles, "v") - 29 / 5) < 1);
  }
  for (const split of makeSplits(ones, alone(ones), "ood", [1])) {
    assert.equal(count(split.roles, "v"), 6);
  }
  const [{ profile }] = makeSplits(ones, alone(ones), "new-model", [1]);
  assert.equal(profile!.order.length, 24);

  const tasks = tableOf(
    rowsOf([...repeated(1, 29), 2]).map((row): Row => ({ ...row, task: row.id })),
  );
  for (const split of makeSplits(tasks, alone(tasks), "task", [1])) {
    assert.ok(Math.abs(count(split.roles, "e") - 31 / 5) <= 1);
  }
});
