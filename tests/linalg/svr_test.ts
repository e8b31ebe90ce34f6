/** Support-vector regression: two points by hand, the optimality conditions, gaps. */
import assert from "node:assert/strict";
import { matrix } from "../../src/linalg/matrix.ts";
import { rbfKernel, svrFit, svrPredict } from "../../src/linalg/svr.ts";
import { gridRows, normals } from "./data.ts";

const near = (actual: number, expected: number, within = 1e-6): void =>
  assert.ok(Math.abs(actual - expected) < within, `${actual}, expected ${expected}`);

Deno.test("svr: two points by hand, free and at the wall", () => {
  // By symmetry β = (−t, t) and b = ½; f(x₁) = ½ + t(1 − k) reaches 1 − ε at t = .4 / (1 − k).
  const k = 0.25, kernel = Float32Array.of(1, k, k, 1), labels = Float64Array.of(0, 1);
  const free = svrFit(kernel, labels, { cost: 1, epsilon: .1 });
  near(free.coefficients[1], .4 / .75);
  near(free.coefficients[0], -.4 / .75);
  near(free.bias[0], .5);
  const wall = svrFit(kernel, labels, { cost: .2, epsilon: .1 });
  assert.deepEqual([...wall.coefficients], [-.2, .2]);
  near(wall.bias[0], .5);
  // A tube that holds both labels costs nothing.
  const wide = svrFit(kernel, labels, { cost: 1, epsilon: .5 });
  assert.deepEqual([...wide.coefficients], [0, 0]);
  near(wide.bias[0], .5);
});

for (const [cost, epsilon] of [[.1, .1], [1, .1], [10, .05], [1, 0]]) {
  Deno.test(`svr: the optimality conditions hold at C = ${cost}, ε = ${epsilon}`, async () => {
    const n = 120, m = 3, x = gridRows(n, 5, 1), gamma = 2, tolerance = 1e-6;
    const labels = normals(n * m, 2).map((z, i) => i % m === 0 ? Number(z > 0) : z);
    for (let i = 2; i < labels.length; i += 2 * m) labels[i] = NaN;
    const fit = svrFit(await rbfKernel(x, gamma), labels, { cost, epsilon, tolerance });
    const predicted = await svrPredict(x, x, gamma, fit);
    for (let c = 0; c < m; c++) {
      let sum = 0;
      for (let i = c; i < n * m; i += m) {
        const beta = fit.coefficients[i], rest = labels[i] - predicted[i], off = 1e-4;
        sum += beta;
        if (Number.isNaN(labels[i])) {
          assert.equal(beta, 0);
          continue;
        }
        assert.ok(Math.abs(beta) <= cost);
        // Outside the tube β is at its wall, inside it is 0, and anywhere between on the edge.
        if (rest > epsilon + off) assert.equal(beta, cost);
        else if (rest < -epsilon - off) assert.equal(beta, -cost);
        else if (Math.abs(rest) < epsilon - off) assert.equal(beta, 0);
        else assert.ok(Math.abs(rest) < off || beta * rest >= 0);
      }
      near(sum, 0, 1e-9);
    }
  });
}

Deno.test("svr: the kernel, and predictions in blocks", async () => {
  const x = matrix(3, 2, Float32Array.of(0, 0, 1, 0, 1, 2)), kernel = await rbfKernel(x, .5);
  const expected = [1, -.5, -2.5, -.5, 1, -2, -2.5, -2, 1].map((e) => e === 1 ? 1 : Math.exp(e));
  expected.forEach((value, i) => near(kernel[i], value));
  const rows = gridRows(200, 4, 3), queries = gridRows(700, 4, 4);
  const fit = { coefficients: normals(400, 5), bias: Float64Array.of(1, NaN) };
  const predicted = await svrPredict(queries, rows, 1.5, fit);
  for (const q of [0, 128, 699]) {
    let sum = 1;
    for (let i = 0; i < 200; i++) {
      let square = 0;
      for (let d = 0; d < 4; d++) {
        square += (queries.data[q * 4 + d] - rows.data[i * 4 + d]) ** 2;
      }
      sum += fit.coefficients[i * 2] * Math.exp(-1.5 * square);
    }
    near(predicted[q * 2], sum, 1e-5);
    assert.ok(Number.isNaN(predicted[q * 2 + 1]));
  }
});

Deno.test("svr: equal labels, equal rows, one label, none; nonsense is refused", () => {
  const same = Float32Array.of(1, 1, 1, 1), options = { cost: 1, epsilon: .1 };
  const fit = svrFit(same, Float64Array.of(1, .7, NaN, 1, NaN, NaN), options);
  assert.deepEqual([...fit.coefficients], [0, 0, 0, 0, 0, 0]);
  near(fit.bias[0], 1);
  near(fit.bias[1], .7);
  assert.ok(Number.isNaN(fit.bias[2]));
  // The same row with both labels: nothing to learn but the middle.
  near(svrFit(same, Float64Array.of(0, 1), options).bias[0], .5);
  const labels = Float64Array.of(0, 1);
  assert.throws(() => svrFit(same, Float64Array.of(0, 1, 0), options), /3 labels/);
  assert.throws(() => svrFit(same, labels, { cost: 0, epsilon: .1 }), /> 0, got 0/);
  assert.throws(() => svrFit(same, labels, { cost: 1, epsilon: -1 }), /≥ 0, got -1/);
});
