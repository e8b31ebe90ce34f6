/** What is fitted on training rows, and only there. */
import assert from "node:assert/strict";
import { GRID, matrix, row } from "../../src/linalg/matrix.ts";
import { prepareVectors } from "../../src/embed/prepare.ts";

const grid = (x: number): number => Math.round(x / GRID) * GRID;
const of = (width: number, ...values: number[]): ReturnType<typeof matrix> =>
  matrix(values.length / width, width, Float32Array.from(values));

Deno.test("none: rows of length 1 on the grid, raw features untouched", () => {
  const raw = of(2, 3, 4, 0, 0);
  const out = prepareVectors(raw, "none", []);
  assert.deepEqual([...out.data], [grid(0.6), grid(0.8), 0, 0]);
  assert.deepEqual([...raw.data], [3, 4, 0, 0]);
});

Deno.test("idf: ln((1 + N) / (1 + df)) + 1 over the training rows", () => {
  // Training rows 0 and 2: df = 2, 1, 0, so the weights are 1, ln(3/2) + 1, ln(3) + 1.
  const raw = of(3, 1, 1, 0, 0, 0, 5, 1, 0, 0, 1, 1, 1);
  const out = prepareVectors(raw, "idf", [0, 2]);
  const weights = [1, Math.log(3 / 2) + 1, Math.log(3) + 1];
  const length = Math.hypot(...weights);
  assert.deepEqual([...row(out, 3)], weights.map((w) => grid(w / length)));
  assert.deepEqual([...row(out, 1)], [0, 0, 1], "a gram unseen in training still has a weight");
});

Deno.test("centre: the mean of the training rows is subtracted", () => {
  const out = prepareVectors(of(2, 1, 5, 3, 5, 2, 9), "centre", [0, 1]);
  // Mean (2, 5).
  assert.deepEqual([...out.data], [-1, 0, 1, 0, 0, 1]);
});

Deno.test("standardise: (x − mean) / deviation of the training rows; what does not vary is 0", () => {
  // Training rows 0 and 1: means 2, 5, 7; deviations 1, 0, 3.
  const out = prepareVectors(of(3, 1, 5, 4, 3, 5, 10, 4, 9, 7), "standardise", [0, 1]);
  const side = grid(Math.SQRT1_2);
  assert.deepEqual([...out.data], [-side, 0, -side, side, 0, side, 1, 0, 0]);
});

Deno.test("rows outside training change nothing but themselves", () => {
  for (const preparation of ["idf", "centre", "standardise"] as const) {
    const a = prepareVectors(of(2, 1, 2, 3, 0, 5, 6), preparation, [0, 1]);
    const b = prepareVectors(of(2, 1, 2, 3, 0, 0, 9), preparation, [0, 1]);
    assert.deepEqual([...a.data.slice(0, 4)], [...b.data.slice(0, 4)]);
    assert.notDeepEqual([...row(a, 2)], [...row(b, 2)]);
  }
});

Deno.test("fitting on no rows is refused", () => {
  assert.throws(() => prepareVectors(of(1, 1), "idf", []), RangeError);
  assert.throws(() => prepareVectors(of(1, 1), "centre", []), RangeError);
});
