import assert from "node:assert/strict";
import { demoTable } from "../../datasets/demo/generate.ts";
import type { OutcomeTable } from "../../src/outcomes/table.ts";
import { limitTable } from "../../src/outcomes/limit.ts";

const demo = demoTable({ queries: 300 });
/** With everything that has a cell a query and model, each with its own value. */
const whole = { ...demo, targets: Float64Array.from(demo.scores, (_, at) => at / 1e4) };

Deno.test("a first look: every benchmark in proportion, cells with their rows, another hash", () => {
  const table = limitTable(whole, 50), M = table.models.length;
  assert.equal(table.ids.length, 50);
  assert.deepEqual(table.benchmarks, whole.benchmarks);
  for (const b of whole.benchmarks.keys()) {
    const share = (codes: Uint16Array): number => codes.filter((code) => code === b).length;
    assert.ok(Math.abs(share(table.benchmark) - share(whole.benchmark) / 6) < 1.01);
  }
  table.ids.forEach((id, row) => {
    const at = whole.ids.indexOf(id);
    for (const name of ["scores", "costs", "targets", "truth"] as const) {
      const cells = (of: OutcomeTable, q: number) => of[name]!.slice(q * M, q * M + M);
      assert.deepEqual(cells(table, row), cells(whole, at), name);
    }
    assert.equal(table.tasks[table.task[row]], whole.tasks[whole.task[at]]);
  });
  assert.notEqual(table.dataset.sha256, whole.dataset.sha256);
  assert.equal(table.dataset.limit, 50);
  assert.ok(table.dataset.notes.includes("a first look: 50 of 300 queries (--limit)"));
});

Deno.test("a first look: the same rows each time, more of them with a larger limit, all at most", () => {
  assert.deepEqual(limitTable(whole, 40), limitTable(whole, 40));
  const some = new Set(limitTable(whole, 100).ids);
  const kept = limitTable(whole, 50).ids.filter((id) => some.has(id)).length;
  assert.ok(kept >= 48, `${kept}`);
  assert.equal(limitTable(whole, 1000).ids.length, 300);
  assert.equal(limitTable(whole, 4).ids.length, 4);
});
