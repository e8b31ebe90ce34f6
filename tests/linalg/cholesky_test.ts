import assert from "node:assert/strict";
import { solveSpd } from "../../src/linalg/cholesky.ts";
import { setProductThreads } from "../../src/linalg/runtime.ts";
import { normals } from "./data.ts";

/** A well-conditioned system of n unknowns: diagonally dominant, symmetric. */
function system(n: number): Float64Array {
  const a = normals(n * n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j];
    a[i * n + i] = 3 * n;
  }
  return a;
}

function largestResidual(a: Float64Array, x: Float64Array, b: Float64Array, m: number): number {
  const n = b.length / m;
  let worst = 0;
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < m; c++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += a[i * n + j] * x[j * m + c];
      worst = Math.max(worst, Math.abs(sum - b[i * m + c]));
    }
  }
  return worst;
}

Deno.test("solveSpd: a hand example", async () => {
  // [4 2; 2 3]·[1; 2] = [8; 8], ·[0; 1] = [2; 3]
  const a = Float64Array.of(4, 2, 2, 3), b = Float64Array.of(8, 2, 8, 3);
  const x = await solveSpd(a, b, 2, 2);
  [1, 0, 2, 1].forEach((v, i) => assert.ok(Math.abs(x[i] - v) < 1e-15));
  assert.deepEqual(a, Float64Array.of(4, 2, 2, 3), "arguments are left alone");
  assert.deepEqual(b, Float64Array.of(8, 2, 8, 3), "arguments are left alone");
});

Deno.test("solveSpd: residuals of one block and of several", async () => {
  for (const n of [1, 3, 6, 129, 512, 513, 700]) {
    const a = system(n), b = normals(n * 3, 1);
    const x = await solveSpd(a, b, n, 3);
    const residual = largestResidual(a, x, b, 3);
    assert.ok(residual < 1e-12, `n = ${n}: ${residual}`);
  }
});

Deno.test("solveSpd reads the lower triangle only, and threads do not change a bit", async () => {
  const n = 600, a = system(n), b = normals(n * 2, 2);
  const x = await solveSpd(a, b, n, 2);
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) a[i * n + j] = NaN;
  setProductThreads(2);
  const again = await solveSpd(a, b, n, 2);
  setProductThreads(1);
  assert.deepEqual(again, x);
});

Deno.test("solveSpd names the pivot of a matrix that is not positive definite", async () => {
  // second pivot 1 − 2² = −3
  await assert.rejects(
    solveSpd(Float64Array.of(1, 2, 2, 1), new Float64Array(2), 2, 1),
    /pivot 2 of 2 is -3/,
  );
  const n = 520, a = system(n);
  a[515 * n + 515] = -1;
  await assert.rejects(solveSpd(a, new Float64Array(n), n, 1), /pivot 516 of 520 is -/);
  a[3 * n + 1] = NaN;
  await assert.rejects(solveSpd(a, new Float64Array(n), n, 1), /pivot 4 of 520 is NaN/);
  await assert.rejects(solveSpd(a, new Float64Array(7), n, 1), /sizes do not fit/);
});

Deno.test("solveSpd: the columns of an inverse are the same bits beside a column without zeros", async () => {
  for (const n of [1, 5, 130]) {
    const a = system(n), identity = new Float64Array(n * n), more = new Float64Array(n * (n + 1));
    for (let i = 0; i < n; i++) {
      identity[i * (n + 1)] = more[i * (n + 2)] = more[i * (n + 1) + n] = 1;
    }
    const inverse = await solveSpd(a, identity, n, n), beside = await solveSpd(a, more, n, n + 1);
    assert.deepEqual(inverse, beside.filter((_, at) => at % (n + 1) < n), `${n} rows`);
  }
});

/** The same solution by plain loops: sums in the order of the columns, and in fours where X is solved for. */
function plainly(a: Float64Array, b: Float64Array, n: number, m: number): Float64Array {
  const l = a.slice(), x = b.slice();
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      for (let t = 0; t < j; t++) l[i * n + j] -= l[j * n + t] * l[i * n + t];
      l[i * n + j] = i === j ? Math.sqrt(l[i * n + j]) : l[i * n + j] / l[j * n + j];
    }
  }
  const solveRow = (i: number, from: number, end: number, factor: (j: number) => number): void => {
    for (let c = 0; c < m; c++) {
      const share = (j: number): number => factor(j) * x[j * m + c];
      let j = from;
      for (; j + 4 <= end; j += 4) {
        x[i * m + c] -= share(j) + share(j + 1) + (share(j + 2) + share(j + 3));
      }
      for (; j < end; j++) x[i * m + c] -= share(j);
      x[i * m + c] /= l[i * n + i];
    }
  };
  for (let i = 0; i < n; i++) solveRow(i, 0, i, (j) => l[i * n + j]);
  for (let i = n - 1; i >= 0; i--) solveRow(i, i + 1, n, (j) => l[j * n + i]);
  return x;
}

Deno.test("solveSpd: the bits of plain loops, for sizes of every remainder", async () => {
  for (const n of [1, 2, 3, 4, 5, 6, 7, 64, 129]) {
    const a = system(n);
    for (const m of [1, 2, 3, 10, 11]) {
      const b = normals(n * m, m);
      assert.deepEqual(await solveSpd(a, b, n, m), plainly(a, b, n, m), `${n} × ${m}`);
    }
  }
});
