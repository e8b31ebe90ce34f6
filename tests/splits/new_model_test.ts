import assert from "node:assert/strict";
import { makeSplits } from "../../src/splits/make.ts";
import { UsageError } from "../../src/base/errors.ts";
import { generated, tableOf } from "./tables.ts";

const { rows, groups } = generated({ alpha: 1500, beta: 900, gamma: 100 }, 7);
const table = tableOf(rows);

Deno.test("new-model: a third of the models, distinct sets, rows as in the ID protocol", () => {
  const splits = makeSplits(table, groups, "new-model", [1, 2]);
  const id = makeSplits(table, groups, "id", [1, 2]);
  assert.equal(splits.length, 8);
  for (const split of splits) {
    assert.equal(split.heldOutModels.length, 3);
    assert.deepEqual(split.heldOutModels, [...split.heldOutModels].sort());
    assert.ok(split.heldOutModels.every((m) => table.models.includes(m)));
    assert.equal(split.foldName, split.heldOutModels.join(" + "));
    assert.equal(split.roles, id.find((s) => s.seed === split.seed)!.roles);
  }
  for (const seed of [1, 2]) {
    const sets = splits.filter((s) => s.seed === seed).map((s) => s.foldName);
    assert.equal(new Set(sets).size, 4);
  }
});

Deno.test("new-model: each model once, other sizes, all sets where there are few", () => {
  const names = (protocol: string, subsets?: number): string[] =>
    makeSplits(table, groups, protocol, [1], { subsets }).map((s) => s.foldName);
  assert.deepEqual(names("new-model:1"), table.models);
  assert.ok(names("new-model:5", 20).every((name) => name.split(" + ").length === 5));
  assert.equal(names("new-model:5", 20).length, 20);
  assert.deepEqual(names("new-model:3"), names("new-model"), "a third of eight models is three");
  const three = tableOf(rows.map((row) => ({ ...row, scores: row.scores!.slice(0, 3) })));
  const folds = makeSplits(three, groups, "new-model", [1]);
  assert.deepEqual(folds.map((s) => s.foldName).sort(), ["m0", "m1", "m2"]);
});

Deno.test("new-model: options out of range", () => {
  for (const subsets of [0, 21]) {
    assert.throws(() => makeSplits(table, groups, "new-model", [1], { subsets }), UsageError);
  }
  for (const protocol of ["new-model:0", "new-model:1.5", "new-model:"]) {
    assert.throws(() => makeSplits(table, groups, protocol, [1]), UsageError);
  }
  assert.throws(() => makeSplits(table, groups, "new-model:6", [1]), /at least 8/);
});

for (const selection of ["random", "discriminative"] as const) {
  Deno.test(`new-model: ${selection} profiles do not see held-out models or test rows`, () => {
    const splits = makeSplits(table, groups, "new-model", [1], { selection });
    for (const split of splits) {
      const M = table.models.length;
      const heldOut = split.heldOutModels.map((m) => table.models.indexOf(m));
      const poisoned = table.scores.map((score, at) =>
        heldOut.includes(at % M) || split.roles[Math.floor(at / M)] === "e" ? 1 - score : score
      );
      const again = makeSplits({ ...table, scores: poisoned }, groups, "new-model", [1], {
        selection,
      });
      assert.deepEqual(again[split.fold], split);
      assert.equal(split.profile!.selection, selection);
      assert.ok(split.profile!.order.length > 500);
      assert.ok(split.profile!.order.every((row) => "tv".includes(split.roles[row])));
      assert.equal(new Set(split.profile!.order).size, split.profile!.order.length);
    }
  });
}
