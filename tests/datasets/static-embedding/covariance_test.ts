/** Eigenvectors of matrices small enough to do by hand. */
import assert from "node:assert/strict";
import { columnMeans, covariance } from "../../../datasets/static-embedding/covariance.ts";
import { eigenSymmetric } from "../../../src/linalg/eigen.ts";

const near = (a: ArrayLike<number>, b: number[], tolerance = 1e-12): void => {
  assert.equal(a.length, b.length);
  for (let i = 0; i < b.length; i++) {
    assert.ok(Math.abs(a[i] - b[i]) < tolerance, `${a[i]}, ${b[i]}`);
  }
};

Deno.test("means and covariance of four points", () => {
  // Around the mean (2, 3): (±1, ±1) twice along the diagonal, (0, 0) twice.
  const points = [3, 4, 1, 2, 2, 3, 2, 3];
  const mean = columnMeans(points, 2);
  near(mean, [2, 3]);
  near(covariance(points, mean), [0.5, 0.5, 0.5, 0.5]);
});

Deno.test("2 × 2: eigenvalues 3 and 1 along the diagonals", () => {
  const { values, vectors } = eigenSymmetric(Float64Array.of(2, 1, 1, 2));
  const r = Math.SQRT1_2;
  near(values, [3, 1]);
  near(vectors.subarray(0, 2), [r, r]);
  near(vectors.subarray(2, 4).map(Math.abs), [r, r]);
  assert.ok(vectors[2] * vectors[3] < 0);
});

Deno.test("A v = λ v and orthonormal vectors for a 12 × 12 matrix", () => {
  const n = 12;
  const a = Float64Array.from(
    { length: n * n },
    (_, at) => Math.cos(Math.floor(at / n) * (at % n)) + (at % (n + 1) === 0 ? at / n : 0),
  );
  const { values, vectors } = eigenSymmetric(a);
  const dot = (x: number[], y: number[]): number => x.reduce((s, v, i) => s + v * y[i], 0);
  const rows = (m: Float64Array, i: number): number[] => [...m.subarray(i * n, (i + 1) * n)];
  for (let k = 0; k < n; k++) {
    const v = rows(vectors, k);
    near(v.map((_, i) => dot(rows(a, i), v)), v.map((x) => values[k] * x), 1e-9);
    for (let l = 0; l < n; l++) near([dot(v, rows(vectors, l))], [k === l ? 1 : 0], 1e-9);
    assert.ok(k === 0 || values[k] <= values[k - 1]);
    assert.ok(Math.max(...v) >= -Math.min(...v), "sign fixed by the largest entry");
  }
});
