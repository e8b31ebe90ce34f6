import assert from "node:assert/strict";
import { gaplessPool } from "../../src/outcomes/gaps.ts";
import type { OutcomeRecord } from "../../src/outcomes/record.ts";

/** Records from lines of models, one letter each. */
function records(...asked: string[]): OutcomeRecord[] {
  return asked.map((models, i) => ({
    id: `q${i}`,
    benchmark: "b",
    query: `query ${i}`,
    scores: Object.fromEntries([...models].map((model) => [model, 1])),
  }));
}

Deno.test("one gap costs a query; a model with many gaps goes itself", () => {
  assert.deepEqual(gaplessPool(records("abc", "abc", "ab", "abc", "abc")), {
    models: ["a", "b", "c"],
    queries: 4,
  });
  // 3 models × 2 queries = 6 cells, 2 × 5 = 10.
  assert.deepEqual(gaplessPool(records("abc", "ab", "ab", "ab", "abc")), {
    models: ["a", "b"],
    queries: 5,
  });
});

Deno.test("where every model has gaps, the pool with most cells is kept; of equals the larger pool", () => {
  // Of abcd: 1 query, 4 cells. Without d: 3 queries, 9 cells. Without c, too: 4 queries, 8 cells.
  const list = records("abcd", "abc", "abc", "abd", "acd");
  assert.deepEqual(gaplessPool(list), { models: ["a", "b", "c"], queries: 3 });
  assert.deepEqual(gaplessPool(list.toReversed()), gaplessPool(list), "order is no matter");
  assert.deepEqual(gaplessPool(records("abc", "abc", "ab")), {
    models: ["a", "b", "c"],
    queries: 2,
  });
});

Deno.test("a chosen rule keeps every model or every query, or says that nothing is left", () => {
  const list = records("abc", "ab", "ab", "ab");
  assert.deepEqual(gaplessPool(list, "drop-queries"), { models: ["a", "b", "c"], queries: 1 });
  assert.deepEqual(gaplessPool(list, "drop-models"), { models: ["a", "b"], queries: 4 });
  const apart = records("ab", "bc", "ca");
  assert.equal(gaplessPool(apart, "drop-queries"), undefined);
  assert.equal(gaplessPool(apart, "drop-models"), undefined);
  assert.deepEqual(gaplessPool(apart), { models: ["a", "b"], queries: 1 });
  assert.equal(gaplessPool(records("a", "b")), undefined);
});
