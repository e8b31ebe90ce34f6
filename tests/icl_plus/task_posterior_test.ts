/** Task posterior: by hand in one dimension, against Gaussian densities in several, wide and dull vectors. */
import assert from "node:assert/strict";
import {
  fitTaskPosterior,
  principalAxes,
  taskAttention,
  taskEvidence,
} from "../../src/icl_plus/task_posterior.ts";
import { taskDistance } from "../../src/icl_plus/novelty_gate.ts";
import { solveSpd } from "../../src/linalg/cholesky.ts";
import { type Matrix, matrix, row } from "../../src/linalg/matrix.ts";
import { random } from "../../src/base/random.ts";

const STREAM = random(1, "test");
const rowsOf = (rows: readonly (readonly number[])[]): Matrix =>
  matrix(rows.length, rows[0].length, Float32Array.from(rows.flat()));

/** n rows of width d around a centre per task, in multiples of 1/16 so that sums are exact. */
function cloud(
  n: number,
  d: number,
  tasks: number,
  spread = 0.5,
): { x: Matrix; task: Uint32Array } {
  const stream = random(5, "cloud"), x = matrix(n, d);
  const task = Uint32Array.from({ length: n }, (_, i) => (i * i + i % 3) % tasks);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      const value = stream.fork("centre", task[i], j).normal() + spread * stream.normal();
      x.data[i * d + j] = Math.round(value * 16) / 16;
    }
  }
  return { x, task };
}

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-9): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    assert.ok(
      Math.abs(actual[i] - expected[i]) <= tolerance,
      `[${i}] ${actual[i]}, expected ${expected[i]}`,
    );
  }
}

Deno.test("task posterior: one dimension by hand", async () => {
  // Tasks at 0, 2 and 5, 7, 9: g = 23/5; centres shrunk towards it by one row.
  const x = rowsOf([[0], [2], [5], [7], [9]]), task = Uint32Array.of(0, 0, 1, 1, 1);
  const posterior = await fitTaskPosterior(x, task, 2, STREAM);
  const g = 4.6, centres = [(2 + g) / 3, (21 + g) / 4];
  const s = 1.5 * (1 + 1 + 4 + 0 + 4) / 5; // within variance and half of it
  const density = (v: number, t: number): number =>
    [2, 3][t] / 5 * Math.exp(-((v - centres[t]) ** 2) / (2 * s));
  const queries = [3, 4, 4.5, 9];
  const evidence = await taskEvidence(posterior, rowsOf(queries.map((v) => [v])));
  close(
    taskAttention(posterior, evidence),
    queries.flatMap((v) => {
      const [a, b] = [density(v, 0), density(v, 1)];
      return [a / (a + b), b / (a + b)];
    }),
  );
  close(evidence.squares, queries.map((v) => (v - g) ** 2 / s));
});

Deno.test("task posterior: Bayes' rule with Gaussian densities of the shared covariance", async () => {
  const n = 60, d = 7, T = 4, { x, task } = cloud(n, d, T, 1.8);
  const posterior = await fitTaskPosterior(x, task, T, STREAM);

  // Naively: centres, residuals, covariance, and a density for every query and task.
  const mean = (rows: number[]): number[] =>
    Array.from(
      { length: d },
      (_, j) => rows.reduce((sum, i) => sum + x.data[i * d + j], 0) / rows.length,
    );
  const every = [...task.keys()], g = mean(every);
  const members = Array.from({ length: T }, (_, t) => every.filter((i) => task[i] === t));
  const covariance = new Float64Array(d * d);
  for (const rows of members) {
    const own = mean(rows);
    for (const i of rows) {
      for (let a = 0; a < d; a++) {
        for (let b = 0; b < d; b++) {
          covariance[a * d + b] += (x.data[i * d + a] - own[a]) * (x.data[i * d + b] - own[b]) / n;
        }
      }
    }
  }
  const trace = g.reduce((sum, _, j) => sum + covariance[j * d + j], 0);
  for (let j = 0; j < d; j++) covariance[j * d + j] += 0.5 * trace / d;
  const square = async (v: number[]): Promise<number> => {
    const solved = await solveSpd(covariance, Float64Array.from(v), d, 1);
    return v.reduce((sum, value, j) => sum + value * solved[j], 0);
  };
  const queries = rowsOf([[...row(x, 3)], [...row(x, 8)], [0, 0, 0, 0, 0, 0, 0], [...row(x, 50)]]);
  const expected: number[] = [], distances: number[] = [];
  for (let q = 0; q < queries.rows; q++) {
    const v = [...row(queries, q)], weights = [], ratios = [];
    const scale = await square(v.map((value, j) => value - g[j]));
    for (const rows of members) {
      const m = mean(rows).map((value, j) => (value * rows.length + g[j]) / (rows.length + 1));
      const away = await square(v.map((value, j) => value - m[j]));
      weights.push(rows.length / n * Math.exp(-away / 2));
      ratios.push(away / scale);
    }
    const total = weights.reduce((a, b) => a + b);
    expected.push(...weights.map((weight) => weight / total));
    distances.push(Math.log(Math.min(...ratios)));
  }
  const evidence = await taskEvidence(posterior, queries);
  close(taskAttention(posterior, evidence), expected);
  close(taskDistance(posterior, evidence), distances);
  // Neither all sure nor all alike, so that every part of the formula counts.
  assert.ok(Math.max(...expected) > 0.6 && Math.min(...expected) < 0.1);
});

Deno.test("task posterior: struck-out tasks get nothing, the others share their weight", async () => {
  const { x, task } = cloud(40, 3, 3, 2), posterior = await fitTaskPosterior(x, task, 3, STREAM);
  const evidence = await taskEvidence(posterior, x);
  const all = taskAttention(posterior, evidence);
  const some = taskAttention(posterior, evidence, (i, t) => i === 39 ? false : t !== 1);
  for (let i = 0; i < 39; i++) {
    const rest = all[i * 3] + all[i * 3 + 2];
    close(some.subarray(i * 3, i * 3 + 3), [all[i * 3] / rest, 0, all[i * 3 + 2] / rest]);
  }
  assert.deepEqual([...some.subarray(39 * 3)], [NaN, NaN, NaN]);
});

Deno.test("task posterior: where all rows are alike, the shares of the tasks are all that is known", async () => {
  for (const value of [0, 0.3]) {
    const x = rowsOf(Array.from({ length: 8 }, () => [value, value, -value]));
    const posterior = await fitTaskPosterior(x, Uint32Array.of(0, 0, 0, 1, 1, 1, 1, 1), 2, STREAM);
    const evidence = await taskEvidence(posterior, x);
    close(taskAttention(posterior, evidence).subarray(0, 2), [3 / 8, 5 / 8]);
    assert.ok(taskDistance(posterior, evidence).every(Number.isFinite));
  }
});

Deno.test("task posterior: vectors too wide are reduced to the axes they spread along", async () => {
  // 700 dimensions of which three carry the tasks; the rest is faint noise.
  const { x, task } = cloud(60, 3, 4, 0.3), stream = random(3, "noise"), wide = matrix(60, 700);
  for (let i = 0; i < 60; i++) {
    for (let j = 0; j < 700; j++) {
      wide.data[i * 700 + j] = j < 3 ? x.data[i * 3 + j] : 0.01 * stream.normal();
    }
  }
  const posterior = await fitTaskPosterior(wide, task, 4, STREAM);
  assert.deepEqual([posterior.axes!.rows <= 60, posterior.axes!.width], [true, 700]);
  const attention = taskAttention(posterior, await taskEvidence(posterior, wide));
  const right = [...task].filter((t, i) => attention[i * 4 + t] > 0.5).length;
  assert.ok(right >= 57, `${right} of 60`);
});

Deno.test("principal axes: orthonormal, and they keep nearly all of the length", async () => {
  const { x } = cloud(50, 6, 3), lifted = matrix(50, 40);
  for (let i = 0; i < 50; i++) lifted.data.set(row(x, i), i * 40 + 11);
  const axes = await principalAxes(lifted, 20, STREAM);
  assert.equal(axes.rows, 6, "no more than the rows span");
  for (let a = 0; a < axes.rows; a++) {
    for (let b = 0; b <= a; b++) {
      const inner = row(axes, a).reduce((sum, value, j) => sum + value * row(axes, b)[j], 0);
      assert.ok(Math.abs(inner - Number(a === b)) < 1e-6, `${a}, ${b}: ${inner}`);
    }
  }
  for (let i = 0; i < 50; i++) {
    const kept = [...Array(axes.rows).keys()].reduce(
      (sum, a) => sum + row(axes, a).reduce((s, value, j) => s + value * row(lifted, i)[j], 0) ** 2,
      0,
    );
    const whole = row(lifted, i).reduce((sum, value) => sum + value * value, 0);
    assert.ok(Math.abs(kept - whole) < 1e-5 * whole, `row ${i}`);
  }
});
