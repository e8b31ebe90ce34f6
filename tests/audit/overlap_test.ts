import assert from "node:assert/strict";
import { nearestSimilarityHistogram, overlap } from "../../src/audit/overlap.ts";
import { tableOf } from "../splits/tables.ts";

const long = "a farmer has some sheep and a dog and each of them eats twice a day how much is that";

Deno.test("overlap: rows of the first dataset that stand in the second, by benchmark", () => {
  const first = tableOf([
    { id: "1", benchmark: "g", text: "What is the capital of France?" },
    { id: "2", benchmark: "g", text: "what is the capital of France" },
    { id: "3", benchmark: "h", text: long + " then" },
    { id: "4", benchmark: "h", text: "nothing like it anywhere" },
  ]);
  const second = tableOf([
    { id: "1", benchmark: "u", text: "What is the Capital of France!" },
    { id: "2", benchmark: "v", text: "What is the capital of France?" },
    { id: "3", benchmark: "v", text: long },
  ]);
  assert.deepEqual(overlap(first, second), {
    loose: 2,
    near: 1,
    benchmarks: [
      { first: "g", second: "u", loose: 2, near: 0 },
      { first: "g", second: "v", loose: 2, near: 0 },
      { first: "h", second: "v", loose: 0, near: 1 },
    ],
  });
  assert.equal(overlap(second, first).loose, 2);
  assert.deepEqual(overlap(first, tableOf([])), { loose: 0, near: 0, benchmarks: [] });
});

Deno.test("nearest similarity: twenty bins, ends included", () => {
  const { from, queries } = nearestSimilarityHistogram(
    Float32Array.of(-0.2, 0, 0.049, 0.5, 0.97, 1, 1.0002),
  );
  assert.deepEqual([from[0], from[10], from[19]], [0, 0.5, 0.95]);
  assert.deepEqual([queries[0], queries[10], queries[19]], [3, 1, 3]);
  assert.equal(queries.reduce((a, b) => a + b), 7);
  assert.throws(() => nearestSimilarityHistogram(Float32Array.of(NaN)), RangeError);
});
