import assert from "node:assert/strict";
import { ridgePath, ridgePredict } from "../../src/linalg/ridge.ts";
import { type Matrix, matrix, takeRows } from "../../src/linalg/matrix.ts";
import { gridRows, normals } from "./data.ts";

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, within: number): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs(actual[i] - expected[i]);
    assert.ok(off < within, `value ${i}: ${actual[i]} for ${expected[i]}`);
  }
}

/** Gaussian elimination on the textbook system with X = [φ, 1] and no penalty on the 1. */
function textbook(x: Matrix, y: Float64Array, rho: number): Float64Array {
  const n = x.rows, d = x.width, size = d + 1;
  const at = (r: number, i: number): number => i < d ? x.data[r * d + i] : 1;
  const a = Array.from({ length: size }, () => new Float64Array(size + 1));
  let trace = 0;
  for (let r = 0; r < n; r++) {
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) a[i][j] += at(r, i) * at(r, j);
      a[i][size] += at(r, i) * y[r];
    }
    for (let i = 0; i < d; i++) trace += at(r, i) ** 2;
  }
  for (let i = 0; i < d; i++) a[i][i] += rho * trace / d;
  for (let p = 0; p < size; p++) {
    for (let i = 0; i < size; i++) {
      if (i === p) continue;
      const factor = a[i][p] / a[p][p];
      for (let j = p; j <= size; j++) a[i][j] -= factor * a[p][j];
    }
  }
  return Float64Array.from(a, (row, i) => row[size] / row[i]);
}

Deno.test("ridge: a hand example", async () => {
  // x̄ = 0, Σx² = 2, penalty 0.5 · 2 = 1, Σxy = 1: weight 1/3, bias ȳ = 2/3; a missing cell leaves x̄ = 1/2
  const x = matrix(3, 1, Float32Array.of(1, 0, -1));
  const y = Float64Array.of(1, 1, 1, 0, 0, NaN);
  const [{ rho, weights }] = await ridgePath(x, y, [0.5]);
  assert.equal(rho, 0.5);
  // second target: rows 0 and 1, Σ(x−½)² = ½, penalty 0.5 · 1, Σ(x−½)(y−½) = ½: weight ½, bias ½ − ¼
  assertClose(weights, [1 / 3, 1 / 2, 2 / 3, 1 / 4], 1e-15);
  assertClose(await ridgePredict(x, weights), [1, 3 / 4, 2 / 3, 1 / 4, 1 / 3, -1 / 4], 1e-15);
});

for (
  const [form, rows] of [["primal", 60], ["dual", 25], ["square", 30], ["one row", 1]] as const
) {
  Deno.test(`ridge equals the textbook formula along the path: ${form}`, async () => {
    const x = gridRows(rows, 30, 1), y = normals(rows * 2, 2);
    const rhos = [1e-3, 1, 1e3];
    const fits = await ridgePath(x, y, rhos);
    rhos.forEach((rho, f) => {
      for (const c of [0, 1]) {
        const column = y.filter((_, i) => i % 2 === c);
        const weights = fits[f].weights.filter((_, i) => i % 2 === c);
        assertClose(weights, textbook(x, column, rho), 1e-9);
      }
    });
  });
}

Deno.test("ridge: a target with gaps is fitted on exactly its known rows", async () => {
  // gaps: none, few, most (fewer rows than columns), nearly all, all; the last repeats the pattern "few"
  const n = 200, d = 24, m = 6, x = gridRows(n, d, 3), y = normals(n * m, 4);
  const missing = [() => false, (i: number) => i % 7 === 0, (i: number) => i % 11 !== 0];
  missing.push((i) => i !== 5, () => true, missing[1]);
  for (let i = 0; i < y.length; i++) {
    if (missing[i % m](Math.floor(i / m))) y[i] = NaN;
  }
  const [{ weights }] = await ridgePath(x, y, [0.1]);
  for (let c = 0; c < m; c++) {
    const rows = [...Array(n).keys()].filter((i) => !missing[c](i));
    const own = weights.filter((_, i) => i % m === c);
    if (rows.length === 0) {
      assert.ok(own.every(Number.isNaN));
      continue;
    }
    const column = Float64Array.from(rows, (i) => y[i * m + c]);
    assertClose(own, textbook(takeRows(x, rows), column, 0.1), 1e-9);
  }
});

Deno.test("ridge at the runtime's size agrees with the textbook formula", async () => {
  const n = 2600, d = 140, x = gridRows(n, d, 5), y = normals(n, 6);
  for (let i = 0; i < n; i += 9) y[i] = NaN;
  const known = [...y.keys()].filter((i) => i % 9 !== 0);
  const [{ weights }] = await ridgePath(x, y, [0.01]);
  const expected = textbook(takeRows(x, known), Float64Array.from(known, (i) => y[i]), 0.01);
  assertClose(weights, expected, 1e-9);
});

Deno.test("ridge: targets fitted after others on the same rows have the bits they have alone", async () => {
  for (const rows of [70, 600]) { // by plain loops, and by the runtime
    const x = gridRows(rows, 40, rows), scores = normals(rows * 3, 1), gaps = normals(rows * 3, 2);
    for (let i = 1; i < rows * 3; i += 7) gaps[i] = NaN;
    await ridgePath(x, scores, [0.1, 1]);
    for (const y of [scores.map((score) => 2 * score), gaps]) {
      const alone = { ...x, data: x.data.slice() };
      assert.deepEqual(await ridgePath(x, y, [1, 3]), await ridgePath(alone, y, [1, 3]));
    }
  }
});

Deno.test("ridge: predictions add the bias to every row, in portions", async () => {
  const x = gridRows(5000, 8, 7), weights = normals(9 * 3, 8);
  const predicted = await ridgePredict(x, weights);
  for (const i of [0, 4095, 4096, 4999]) {
    for (let c = 0; c < 3; c++) {
      let sum = weights[8 * 3 + c];
      for (let j = 0; j < 8; j++) sum += x.data[i * 8 + j] * weights[j * 3 + c];
      assert.ok(Math.abs(predicted[i * 3 + c] - sum) < 1e-12);
    }
  }
});

Deno.test("ridge: vectors of zeros leave the mean; nonsense is refused", async () => {
  const [{ weights }] = await ridgePath(matrix(4, 2), Float64Array.of(0, 1, 1, 1), [1]);
  assert.deepEqual([...weights], [0, 0, 0.75]);
  await assert.rejects(ridgePath(matrix(4, 2), new Float64Array(5), [1]), /5 targets for 4 rows/);
  await assert.rejects(ridgePath(matrix(4, 2), new Float64Array(4), [1, 0]), /> 0, got 0/);
  await assert.rejects(ridgePredict(matrix(4, 2), new Float64Array(4)), /4 weights for rows/);
});
