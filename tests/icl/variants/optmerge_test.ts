/** OptMerge's quadratic, its gradient and its descent. */
import assert from "node:assert/strict";
import { eigenSymmetric } from "../../../src/linalg/eigen.ts";
import { random } from "../../../src/base/random.ts";
import {
  merge,
  mergeGradient,
  mergeLoss,
  norm,
  normOf,
  type Quadratic,
  quadraticOf,
  type Thin,
  topSingular,
} from "../../../src/icl/variants/optmerge.ts";

const SHAPES = [[5, 8], [8, 5], [6, 6]] as const;

function vectors(N: number, rows: number, columns: number, seed = 1): Float64Array[] {
  const stream = random(seed, "tau", rows, columns);
  return Array.from(
    { length: N },
    () => Float64Array.from({ length: rows * columns }, () => 0.01 * stream.normal()),
  );
}

function near(actual: Float64Array, expected: Float64Array, share = 1e-9): void {
  const apart = norm(actual.map((value, at) => value - expected[at]));
  assert.ok(apart <= share * norm(expected), `${apart} apart, length ${norm(expected)}`);
}

/** A·B by the definition. */
function times(a: Float64Array, b: Float64Array, n: number, k: number, m: number): Float64Array {
  return Float64Array.from({ length: n * m }, (_, at) => {
    let sum = 0;
    for (let t = 0; t < k; t++) sum += a[Math.floor(at / m) * k + t] * b[t * m + at % m];
    return sum;
  });
}

const plus = (a: Float64Array, b: Float64Array, factor = 1): Float64Array =>
  a.map((value, at) => value + factor * b[at]);

/** Plain steps along the gradient, with momentum. */
function descend(q: Quadratic, steps: number, rate: number, momentum: number): Float64Array {
  let M: Float64Array = q.mean, v: Float64Array = new Float64Array(M.length);
  for (let step = 0; step < steps; step++) {
    v = plus(mergeGradient(q, M), v, momentum);
    M = plus(M, v, -rate);
  }
  return M;
}

/** λ_max of C = PᵀP, which is that of PPᵀ. */
function curvature({ projector, rank, columns }: Quadratic): number {
  const gram = Float64Array.from({ length: rank * rank }, (_, at) => {
    const [i, j] = [Math.floor(at / rank) * columns, at % rank * columns];
    let sum = 0;
    for (let t = 0; t < columns; t++) sum += projector[i + t] * projector[j + t];
    return sum;
  });
  return eigenSymmetric(gram).values[0];
}

Deno.test("topSingular: Σ Vᵀ and the best low-rank copy, worked out for a matrix of known parts", () => {
  // u₁ = (.6, .8), u₂ = (−.8, .6); v₁ = e₂, v₂ = e₁; Σ = 5, 2.
  const A = Float64Array.of(-1.6, 3, 0, 1.2, 4, 0);
  const one = topSingular(A, 2, 3, 1);
  near(one.projector.map(Math.abs), Float64Array.of(0, 5, 0), 1e-9);
  near(one.low, Float64Array.of(0, 3, 0, 0, 4, 0), 1e-9);
  near(topSingular(A, 2, 3, 2).low, A);
  const upright = topSingular(Float64Array.of(-1.6, 1.2, 3, 4, 0, 0), 3, 2, 1);
  near(upright.projector.map(Math.abs), Float64Array.of(3, 4), 1e-9);
  near(upright.low, Float64Array.of(0, 0, 3, 4, 0, 0), 1e-9);
});

Deno.test("the gradient is that of finite differences, and the paper's 2(MC − D)", () => {
  for (const [rows, columns] of SHAPES) {
    const q = quadraticOf(vectors(3, rows, columns), rows, columns);
    const M = vectors(1, rows, columns, 9)[0], gradient = mergeGradient(q, M);
    for (const at of [0, 7, rows * columns - 1]) {
      const by = Float64Array.from(M, (_, j) => Number(j === at));
      const slope = (mergeLoss(q, plus(M, by, 1e-4)) - mergeLoss(q, plus(M, by, -1e-4))) / 2e-4;
      assert.ok(Math.abs(slope - gradient[at]) < 1e-7, `${slope}, ${gradient[at]}`);
    }
    const turned = Float64Array.from(
      { length: columns * q.rank },
      (_, at) => q.projector[(at % q.rank) * columns + Math.floor(at / q.rank)],
    );
    const C = times(turned, q.projector, columns, q.rank, columns);
    const D = times(q.target, q.projector, rows, q.rank, columns);
    near(gradient, plus(times(M, C, rows, columns, columns), D, -1).map((value) => 2 * value));
  }
});

Deno.test("L is the sum over experts of ‖(M − T_i)P_iᵀ‖²/‖τ_i‖², with centred targets and raw projectors", () => {
  const [rows, columns] = [5, 8], taus = vectors(2, rows, columns), K = 2;
  const q = quadraticOf(taus, rows, columns), M = vectors(1, rows, columns, 9)[0];
  const mean = taus[0].map((value, at) => (value + taus[1][at]) / 2);
  near(q.mean, mean);
  let loss = 0;
  for (const tau of taus) {
    const P = topSingular(tau, rows, columns, K).projector;
    const T = plus(topSingular(plus(tau, mean, -1), rows, columns, K).low, mean);
    const off = plus(M, T, -1);
    for (let r = 0; r < rows; r++) {
      for (let k = 0; k < K; k++) {
        let sum = 0;
        for (let t = 0; t < columns; t++) sum += off[r * columns + t] * P[k * columns + t];
        loss += (sum / norm(tau)) ** 2;
      }
    }
  }
  assert.ok(Math.abs(mergeLoss(q, M) / loss - 1) < 1e-9);
});

Deno.test("of adapters the targets are not centred, and nothing is lost by never making a matrix of them", () => {
  for (const [rows, columns] of SHAPES) {
    const thin = [1, 2, 3].map((seed): Thin => ({
      left: vectors(1, rows, 3, seed)[0],
      right: vectors(1, 3, columns, seed)[0].map((value) => 100 * value),
      rank: 3,
    }));
    const whole = thin.map(({ left, right }) => times(left, right, rows, 3, columns));
    thin.forEach((tau, i) => assert.ok(Math.abs(normOf(tau, rows) / norm(whole[i]) - 1) < 1e-9));
    // K = ⌊5/N⌋: 1 of a rank of 3, 2, or all 3 of the 5 or 6 that there might be.
    for (const N of [3, 2, 1]) {
      const q = quadraticOf(thin.slice(0, N), rows, columns), M = vectors(1, rows, columns, 9)[0];
      const K = Math.floor(Math.min(rows, columns) / N);
      let loss = 0;
      for (const tau of whole.slice(0, N)) {
        const { projector, low } = topSingular(tau, rows, columns, K);
        const turned = Float64Array.from(
          { length: columns * K },
          (_, at) => projector[(at % K) * columns + Math.floor(at / K)],
        );
        loss += (norm(times(plus(M, low, -1), turned, rows, columns, K)) / norm(tau)) ** 2;
      }
      assert.ok(Math.abs(mergeLoss(q, M) / loss - 1) < 1e-6, `${mergeLoss(q, M)}, ${loss}`);
      const mean = whole.slice(0, N).reduce(
        (sum, tau) => plus(sum, tau, 1 / N),
        new Float64Array(rows * columns),
      );
      near(q.mean, mean);
      assert.equal(q.rank, N * Math.min(K, 3));
    }
  }
});

Deno.test("the descent in the eigenbasis ends where step after step of SGD with momentum does", () => {
  for (const [rows, columns] of SHAPES) {
    const q = quadraticOf(vectors(3, rows, columns), rows, columns);
    near(merge(q), descend(q, 300, 1e-4, 0.9), 1e-9);
    near(merge(q, { steps: 40, rate: 0.05, momentum: 0.5 }), descend(q, 40, 0.05, 0.5), 1e-9);
    near(merge(q, { steps: 0 }), q.mean);
  }
});

Deno.test("one expert: the mean is its task vector, and nothing pulls away from it", () => {
  for (const [rows, columns] of SHAPES) {
    const [tau] = vectors(1, rows, columns), q = quadraticOf([tau], rows, columns);
    assert.ok(mergeLoss(q, tau) < 1e-20);
    near(merge(q), tau);
    // From elsewhere the descent comes back to it, on the row space of P.
    const astray = { ...q, mean: vectors(1, rows, columns, 7)[0] };
    const back = merge(astray, { steps: 20_000, rate: 0.2, momentum: 0.9 });
    const seen = (M: Float64Array): Float64Array =>
      mergeGradient({ ...q, target: q.target.map(() => 0) }, M);
    near(seen(back), seen(tau), 1e-4);
  }
});

Deno.test("the path does not depend on the size of the task vectors: ten times them, ten times M", () => {
  const taus = vectors(4, 6, 9), tenfold = taus.map((tau) => tau.map((value) => 10 * value));
  near(
    merge(quadraticOf(tenfold, 6, 9)),
    merge(quadraticOf(taus, 6, 9)).map((value) => 10 * value),
  );
});

Deno.test("plain gradient descent never raises the loss below a rate of 1/λ_max", () => {
  const q = quadraticOf(vectors(3, 5, 8), 5, 8), rate = 0.99 / curvature(q);
  const losses = Array.from(
    { length: 60 },
    (_, steps) => mergeLoss(q, merge(q, { steps, rate, momentum: 0 })),
  );
  losses.slice(1).forEach((loss, i) => assert.ok(loss <= losses[i] * (1 + 1e-12), `step ${i}`));
  assert.ok(losses[59] < losses[0] / 10);
});

Deno.test("run to its minimum the merged vector inflates: what stopping early is for", () => {
  const q = quadraticOf(vectors(5, 20, 24), 20, 24);
  const early = norm(merge(q)), late = norm(merge(q, { steps: 200_000, rate: 0.1 }));
  const average = norm(q.mean);
  assert.ok(early < 1.5 * average && late > 3 * average, `${early}, ${late}, mean ${average}`);
});

Deno.test("more experts than rows, and experts that learned nothing, are merged all the same", () => {
  const many = quadraticOf(vectors(7, 3, 4), 3, 4);
  assert.equal(many.rank, 7);
  assert.ok(merge(many).every(Number.isFinite));
  const [tau] = vectors(1, 3, 4), still = new Float64Array(12);
  assert.ok(merge(quadraticOf([tau, still], 3, 4)).every(Number.isFinite));
  assert.deepEqual([...merge(quadraticOf([still, still], 3, 4))], [...still]);
});
