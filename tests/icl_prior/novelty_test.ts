/** The gate on nearness: two benchmarks far apart, and two that are one. */
import assert from "node:assert/strict";
import { type Matrix, normaliseToGrid } from "../../src/linalg/matrix.ts";
import type { QueryBatch } from "../../src/router/contract.ts";
import { createMemo } from "../../src/router/memo.ts";
import { noveltyGate } from "../../src/icl_prior/novelty.ts";

/** Forty vectors, every other one around (1, 0) and (`cosine`, …), a little apart from one another. */
function vectors(cosine: number): Matrix {
  const data = new Float32Array(80);
  for (let i = 0; i < 40; i++) {
    const angle = (i % 2) * Math.acos(cosine) + 0.01 * i;
    data.set([Math.cos(angle), Math.sin(angle)], 2 * i);
  }
  return normaliseToGrid({ data, rows: 40, width: 2 });
}
const NAMES = Array.from({ length: 40 }, (_, i) => `b${i % 2}`);
function queries(cosine: number, benchmarks = NAMES): QueryBatch {
  const ids = NAMES.map((_, i) => `q${i}`);
  return { ids, texts: ids, vectors: vectors(cosine), benchmarks, memo: createMemo("queries") };
}
const KNOWN = new Float64Array(40).fill(0.999);

Deno.test("a query as near as recorded ones passes; one as far as the other benchmark does not", async () => {
  const gate = await noveltyGate(queries(0), KNOWN);
  assert.ok(gate(0.999) > 0.9, `${gate(0.999)}`);
  assert.ok(gate(1) === gate(0.999), "nearer still is no reason for doubt");
  assert.ok(gate(0.2) < 0.01, `${gate(0.2)}`);
});

Deno.test("the nearer, the wider open", async () => {
  const gate = await noveltyGate(queries(0.7), KNOWN);
  const gates = [0.7, 0.9, 0.99, 1].map(gate);
  assert.deepEqual(gates, gates.toSorted((a, b) => a - b));
});

Deno.test("one benchmark, or none nearer to itself than to others: open for all", async () => {
  const one = await noveltyGate(queries(0, NAMES.map(() => "b")), KNOWN);
  const alike = await noveltyGate(queries(1), KNOWN.map(() => 0.5));
  for (const gate of [one, alike]) assert.equal(gate(-1), 1);
});
