import assert from "node:assert/strict";
import { makeSplits } from "../../src/splits/make.ts";
import { alone, count, generated, partedGroups, tableOf } from "./tables.ts";

const sizes = { alpha: 500, beta: 300, gamma: 250, delta: 200, epsilon: 100, zeta: 50 };
const { rows, groups } = generated(sizes);
const table = tableOf(rows);
const benchmarkOf = (row: number): string => rows[row].benchmark!;
const benchmarksWith = (roles: string, role: string): string[] =>
  [...new Set([...roles].flatMap((r, row) => r === role ? [benchmarkOf(row)] : []))].sort();

Deno.test("ood: each benchmark is the test once, whole and alone", () => {
  const splits = makeSplits(table, groups, "ood", [1]);
  assert.deepEqual(splits.map((s) => s.foldName), Object.keys(sizes).sort());
  for (const { foldName, roles } of splits) {
    assert.deepEqual(benchmarksWith(roles, "e"), [foldName]);
    assert.equal(count(roles, "e"), sizes[foldName as keyof typeof sizes]);
  }
});

Deno.test("ood: validation is whole benchmarks, a fifth to a half of the rest", () => {
  const drawn = new Set<string>();
  for (const { roles } of makeSplits(table, groups, "ood")) {
    const validation = benchmarksWith(roles, "v"), training = benchmarksWith(roles, "t");
    assert.equal(training.length + validation.length, 5);
    assert.ok(training.every((name) => !validation.includes(name)));
    const share = count(roles, "v") / (count(roles, "v") + count(roles, "t"));
    assert.ok(share >= 0.2 && share <= 0.5, `${share}`);
    drawn.add(validation.join());
  }
  assert.ok(drawn.size > 6, "the draw depends on seed and fold");
});

Deno.test("ood: three benchmarks, one of them huge", () => {
  const { rows, groups } = generated({ big: 900, mid: 60, tiny: 5 });
  const splits = makeSplits(tableOf(rows), groups, "ood", [1, 2, 3]);
  for (const { foldName, roles } of splits) {
    const validation = [...roles].findIndex((role) => role === "v");
    if (foldName === "mid") assert.equal(rows[validation].benchmark, "tiny");
    if (foldName === "tiny") assert.equal(rows[validation].benchmark, "mid");
    assert.ok(count(roles, "t") >= count(roles, "v"));
  }
});

Deno.test("ood: random validation rows as a second arm", () => {
  for (const split of makeSplits(table, groups, "ood", [1], { validation: "id" })) {
    assert.equal(split.validation, "id");
    assert.deepEqual(benchmarksWith(split.roles, "v"), benchmarksWith(split.roles, "t"));
    assert.deepEqual(benchmarksWith(split.roles, "e"), [split.foldName]);
    const rest = table.ids.length - count(split.roles, "e");
    assert.ok(Math.abs(count(split.roles, "v") - rest / 5) < 15);
    assert.equal(partedGroups(split.roles, groups), 0);
  }
});

Deno.test("ood: copies of test rows are dropped from training, the test rows stay", () => {
  const joined = groups.slice();
  for (let i = 0; i < 40; i++) joined[500 + i] = joined[i]; // beta copies of alpha rows
  for (const validation of ["benchmarks", "id"] as const) {
    const splits = makeSplits(table, joined, "ood", [1, 2, 3], { validation });
    for (const { foldName, roles } of splits) {
      assert.equal(partedGroups(roles, joined), 0);
      assert.equal(count(roles, "e"), sizes[foldName as keyof typeof sizes]);
      if (foldName === "alpha") {
        assert.equal(roles.slice(500, 540), "d".repeat(40));
        assert.ok(count(roles, "d") >= 40 && count(roles, "d") < 50);
      }
    }
  }
});

Deno.test("ood:k: whole domains, each tested once, folds of about equal size", () => {
  // alpha and beta are one domain, so the folds are 800 | 250 + 100 (+ 50) | 200 (+ 50).
  const domains = table.benchmarks.map((name) => name < "c" ? "letters" : name);
  const splits = makeSplits({ ...table, domains }, groups, "ood:3", [1, 2]);
  assert.deepEqual(splits.slice(0, 3).map((s) => s.foldName), [
    "letters",
    "gamma + zeta",
    "delta + epsilon",
  ]);
  assert.deepEqual(splits.slice(0, 3).map((s) => count(s.roles, "e")), [800, 300, 300]);
  for (const { roles } of splits) {
    const [training, validation] = ["t", "v"].map((role) => benchmarksWith(roles, role));
    assert.equal(validation.includes("alpha"), validation.includes("beta"));
    assert.ok(training.every((name) => !validation.includes(name)));
  }
});

Deno.test("ood: a benchmark that lost all its rows is no fold", () => {
  const without = tableOf(rows.filter((r) => r.benchmark !== "zeta"), {
    benchmarks: table.benchmarks,
  });
  assert.equal(makeSplits(without, alone(without), "ood", [1]).length, 5);
});
