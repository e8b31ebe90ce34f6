/**
 * The audit on the shared data, where they are at hand: counts known from elsewhere must come out.
 * @module
 */
import assert from "node:assert/strict";
import { audit } from "../../src/audit/audit.ts";
import { overlap } from "../../src/audit/overlap.ts";
import { makeSplits } from "../../src/splits/make.ts";
import { count, partedGroups, recordedTable } from "./tables.ts";

Deno.test("shared data: GSM8K and MT-Bench stand in lookahead and routellm", async () => {
  const shared = (benchmark: string): boolean => ["gsm8k", "mt-bench"].includes(benchmark);
  const lookahead = await recordedTable("lookahead", (r) => shared(r.benchmark));
  const routellm = await recordedTable("routellm", (r) => shared(r.benchmark));
  if (!lookahead || !routellm) return;
  assert.deepEqual(overlap(lookahead, routellm).benchmarks.filter((pair) => pair.loose > 0), [
    { first: "gsm8k", second: "gsm8k", loose: 1319, near: 0 },
    { first: "mt-bench", second: "mt-bench", loose: 80, near: 0 },
  ]);
});

Deno.test("shared data: llmrouter holds 50 GSM8K test questions", async () => {
  const llmrouter = await recordedTable("llmrouter");
  const routellm = await recordedTable("routellm", (r) => r.benchmark === "gsm8k");
  if (!llmrouter || !routellm) return;
  const { loose, benchmarks } = overlap(llmrouter, routellm);
  assert.equal(loose, 50);
  assert.deepEqual(benchmarks.filter((pair) => pair.loose > 0).map((pair) => pair.first), [
    "gsm8k",
  ]);
});

Deno.test("shared data: 417 questions of mmlu-pro are routellm's MMLU", async () => {
  const [pro, routellm] = [await recordedTable("mmlu-pro"), await recordedTable("routellm")];
  if (!pro || !routellm) return;
  const { loose, benchmarks } = overlap(pro, routellm);
  assert.equal(loose, 417);
  assert.ok(benchmarks.every((pair) => pair.second === "mmlu"));
});

Deno.test("shared data: llmrouter asks 13 questions in two benchmarks, and splits keep them together", async () => {
  const table = await recordedTable("llmrouter");
  if (!table) return;
  const { groups, report } = audit(table);
  assert.equal(report.strict.dropped, 0);
  assert.equal(report.groups.acrossBenchmarks, 13);
  for (const protocol of ["id", "ood"]) {
    for (const { roles, foldName } of makeSplits(table, groups, protocol, [42])) {
      assert.equal(partedGroups(roles, groups), 0);
      if (foldName === "gsm8k") assert.equal(count(roles, "d"), 13);
    }
  }
});

Deno.test("shared data: reasoning-gym is made of templates, and its tasks are held out whole", async () => {
  const table = await recordedTable("reasoning-gym", (r) => r.level === "easy");
  if (!table) return;
  const { groups, templates, report } = audit(table);
  assert.ok(report.templates.rows > 0.6 * report.rows);
  assert.ok(new Set(templates).size < 0.4 * report.rows);
  assert.ok(report.groups.rows < 0.1 * report.rows, "templates alone group nothing");
  for (const { roles } of makeSplits(table, groups, "task", [42])) {
    const side = new Map<number, string>();
    table.task.forEach((task, row) => {
      if (roles[row] !== "d") assert.equal(side.get(task) ?? roles[row], roles[row]);
      if (roles[row] !== "d") side.set(task, roles[row]);
    });
  }
});
