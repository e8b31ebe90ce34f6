import assert from "node:assert/strict";
import { assertSplitFits, SEEDS, type Split, splitHash } from "../../src/splits/split.ts";
import { makeSplits } from "../../src/splits/make.ts";
import { dropCopies } from "../../src/splits/strata.ts";
import { CapabilityError, DataError, UsageError } from "../../src/base/errors.ts";
import { random } from "../../src/base/random.ts";
import { alone, count, generated, partedGroups, rolesById, tableOf } from "./tables.ts";

const sizes = { alpha: 600, beta: 550, gamma: 500, delta: 500, epsilon: 400, zeta: 90 };
const { rows, groups } = generated(sizes, 6, 6);
const table = tableOf(rows);
const protocols = ["id", "ood", "ood:3", "task", "new-model"];
const made = new Map(protocols.map((p) => [p, makeSplits(table, groups, p, [1, 2])]));

for (const [protocol, splits] of made) {
  Deno.test(`${protocol}: every row has one role, every side has rows`, () => {
    for (const { roles } of splits) {
      assert.equal(roles.length, table.ids.length);
      assert.match(roles, /^[tved]+$/);
      for (const role of "tve") assert.ok(count(roles, role) > 0, `no ${role} rows`);
    }
  });

  Deno.test(`${protocol}: groups are never parted`, () => {
    for (const { roles } of splits) assert.equal(partedGroups(roles, groups), 0);
  });

  Deno.test(`${protocol}: same seed same splits, other seed others`, () => {
    const again = makeSplits(table, groups, protocol, [1, 2]);
    assert.deepEqual(again.map(splitHash), splits.map(splitHash));
    assert.equal(new Set(splits.map(splitHash)).size, splits.length);
    const [first, second] = [1, 2].map((seed) => splits.filter((s) => s.seed === seed));
    assert.deepEqual(first.map((s) => s.fold), [...first.keys()]);
    assert.deepEqual(second.map((s) => s.fold), [...second.keys()]);
    const differing = first.filter((s, f) => s.roles !== second[f]?.roles).length;
    assert.ok(differing >= first.length / 2, `${differing} of ${first.length} folds differ`);
  });

  Deno.test(`${protocol}: the order of the rows changes nothing`, () => {
    const order = random(5, "order").shuffle(Array.from(rows.keys()));
    const mixed = tableOf(order.map((row) => rows[row]));
    const labels = Uint32Array.from(order, (row) => 9000 - groups[row]);
    makeSplits(mixed, labels, protocol, [1, 2]).forEach((split, i) => {
      assert.deepEqual(rolesById(mixed, split.roles), rolesById(table, splits[i].roles));
      assert.deepEqual(
        split.profile?.order.map((row) => mixed.ids[row]),
        splits[i].profile?.order.map((row) => table.ids[row]),
      );
      assert.deepEqual(split.heldOutModels, splits[i].heldOutModels);
    });
  });

  Deno.test(`${protocol}: outcomes play no part in the roles`, () => {
    const blind = { ...table, scores: table.scores.map(() => NaN) };
    const again = makeSplits(blind, groups, protocol, [1, 2]);
    assert.deepEqual(again.map((s) => s.roles), splits.map((s) => s.roles));
    assert.deepEqual(again.map((s) => s.profile), splits.map((s) => s.profile));
  });
}

Deno.test("splits carry what they are for", () => {
  const [split] = made.get("ood")!;
  assert.deepEqual({ ...split, roles: "", idsSha256: "" }, {
    format: 1,
    dataset: "test",
    dataSha256: "0".repeat(64),
    idsSha256: "",
    protocol: "ood",
    seed: 1,
    fold: 0,
    foldName: "alpha",
    roles: "",
    validation: "benchmarks",
    heldOutModels: [],
  });
  assert.deepEqual(SEEDS, [42, 999, 2024, 2025, 3407]);
  const bySeed = makeSplits(table, groups, "id").map((s) => s.seed);
  assert.deepEqual(bySeed, SEEDS);
});

Deno.test("the hash covers every field", () => {
  const split = made.get("new-model")![0];
  const changes: Partial<Split>[] = [
    { seed: 9 },
    { roles: split.roles.replace("t", "e") },
    { heldOutModels: [] },
    { dataSha256: "1".repeat(64) },
    { profile: { selection: "random", order: split.profile!.order.toReversed() } },
  ];
  const hashes = changes.map((change) => splitHash({ ...split, ...change }));
  assert.equal(new Set([splitHash(split), ...hashes]).size, changes.length + 1);
});

Deno.test("a split fits its table only", () => {
  const [split] = made.get("id")!;
  assertSplitFits(split, table);
  const fewer = tableOf(rows.slice(1));
  assert.throws(() => assertSplitFits(split, fewer), DataError);
  const other = { ...table, dataset: { ...table.dataset, sha256: "1".repeat(64) } };
  assert.throws(() => assertSplitFits(split, other), /id split of test \(seed 1, fold 0\)/);
});

Deno.test("unknown protocols are usage errors that name the known ones", () => {
  for (const name of ["", "ID", "ood:", "ood:x", "ood:5:5", "id:", "task:5", "constructor"]) {
    assert.throws(() => makeSplits(table, groups, name), UsageError, name);
  }
  assert.throws(() => makeSplits(table, groups, "leave"), /"leave"; there are id, .*ood:<folds>/);
});

Deno.test("datasets without what a protocol needs are refused", () => {
  const two = tableOf(rows.filter((r) => r.benchmark! < "c"));
  assert.throws(() => makeSplits(two, alone(two), "ood"), CapabilityError);
  assert.throws(() => makeSplits(table, groups, "ood:2"), CapabilityError);
  assert.throws(() => makeSplits(table, groups, "ood:7"), /as many domains, got 6/);
  assert.throws(() => makeSplits(table, groups, "id:published"), CapabilityError);
  const plain = tableOf(rows.map(({ task: _, ...row }) => row));
  assert.throws(() => makeSplits(plain, groups, "task"), CapabilityError);
  const pair = tableOf(rows.map((row) => ({ ...row, scores: row.scores!.slice(0, 2) })));
  assert.throws(() => makeSplits(pair, groups, "new-model"), CapabilityError);
});

Deno.test("dropped copies: test stays before validation, validation before training", () => {
  const roles = [..."tvetvtd"] as Parameters<typeof dropCopies>[0];
  dropCopies(roles, Uint32Array.of(1, 1, 1, 2, 2, 3, 3));
  assert.equal(roles.join(""), "ddedvtd");
});
