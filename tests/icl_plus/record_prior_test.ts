/**
 * The task reader's regression against the same thing written as a Gaussian process, and its marginal
 * likelihood against the density of a multivariate normal.
 */
import assert from "node:assert/strict";
import { fitRecordPrior, readRecords, type RecordPrior } from "../../src/icl_plus/record_prior.ts";
import { featureGroups, oneHot, recordFeatures } from "../../src/icl_plus/record_features.ts";
import {
  fitVariances,
  logLikelihood,
  type Trial,
  trialOf,
  type Variances,
} from "../../src/icl_plus/record_variances.ts";
import { fitTaskMeans } from "../../src/icl_plus/task_means.ts";
import { solveSpd } from "../../src/linalg/cholesky.ts";
import { type Random, random } from "../../src/base/random.ts";

const VARIANCES: Variances = [.04, .02, .3, .05, .1, .01, .7];

/** N rows of 3 tasks and M models with skills per task; a tenth of the scores is missing. */
function world(N: number, M: number, seed = 1) {
  const stream = random(seed, "world"), T = 3;
  const task = Uint32Array.from({ length: N }, (_, i) => i % T);
  const scores = Float64Array.from({ length: N * M }, (_, at) => {
    const i = Math.floor(at / M), m = at % M, draw = stream.fork(i, m);
    if (draw.next() < .1) return NaN;
    const skill = .5 + .3 * stream.fork("skill", m, task[i]).normal();
    return Number(draw.next() < skill + .2 * stream.fork("ease", i).normal());
  });
  return { task, scores, tasks: ["a", "b", "c"], means: fitTaskMeans(scores, M, task, T), T, M, N };
}

/** Fᵀ-side matrices, naively: F [n × p] with task indicators, and V. */
function naive(
  known: { theta: Float64Array; means: Float64Array },
  attention: Float64Array,
  residuals: Float64Array,
  T: number,
) {
  const M = known.means.length, n = attention.length / T;
  const { baseline, agreement, shared } = recordFeatures(known, attention, residuals);
  const q = 3 + 2 * M;
  const F = Array.from({ length: n }, (_, k) => [
    ...shared.subarray(k * q, (k + 1) * q),
    ...attention.subarray(k * T, (k + 1) * T),
  ]);
  const v = Array.from(featureGroups(M, T), (group) => VARIANCES[group]);
  const kernel = (a: number[], b: number[]): number =>
    a.reduce((sum, value, f) => sum + value * v[f] * b[f], 0);
  return { F, kernel, baseline, agreement };
}

Deno.test("features by hand: two tasks, two models", () => {
  const known = { theta: Float64Array.of(.8, .4, .2, .6), means: Float64Array.of(.6, .5) };
  const { baseline, agreement, shared } = recordFeatures(
    known,
    Float64Array.of(1, 0, .25, .75),
    Float64Array.of(.2, -.4, NaN, NaN),
  );
  const round = (values: Float64Array) => Array.from(values, (x) => Math.round(x * 1e12) / 1e12);
  // θ̄ = .6, .4; abilities around their mean ±.05; W before centring: ±(.2 − .05), ±(−.2 − .05)
  assert.deepEqual(round(baseline), [.6, .45]);
  assert.deepEqual(round(agreement), [-.1, 0]);
  assert.deepEqual(round(shared), [
    ...[1, .1, .2, -.2, -.1, .3, -.3],
    ...[1, -.05, -.1, .1, 0, 0, 0],
  ]);
  assert.deepEqual([...featureGroups(2, 2)], [0, 1, 2, 2, 3, 4, 4, 5, 5]);
});

Deno.test("a record is read as the Gaussian process with the kernel F V Fᵀ and noise σν", async () => {
  const { means, T, M, scores: old, task } = world(40, 4), k = 3;
  const prior: RecordPrior = { known: means, noise: means.noise, rho: .4, variances: VARIANCES };
  const rows = [0, 3, 5, 10, 11, 13, 21], n = rows.length;
  const attention = oneHot(rows.map((i) => task[i]), T);
  const residuals = new Float64Array(n * M);
  rows.forEach((i, r) => residuals.set(means.residuals.subarray(i * M, (i + 1) * M), r * M));
  // The last row is one the fit has not seen.
  attention.set([.2, .5, .3], (n - 1) * T);
  residuals.fill(NaN, (n - 1) * M);
  const scores = Float64Array.from({ length: n * k }, (_, at) => [1, 0, 0, 1, .5][at % 5]);
  scores[1] = scores[4] = NaN; // the second model has two labels less
  for (let r = 0; r < n; r++) scores[r * k + 2] = NaN; // the third has none
  const theta = await readRecords(prior, { attention, residuals, scores }, k);

  const record = naive(means, attention, residuals, T);
  const tasks = naive(means, oneHot([0, 1, 2], T), new Float64Array(T * M).fill(NaN), T);
  for (let m = 0; m < k; m++) {
    const known = [...rows.keys()].filter((r) => !Number.isNaN(scores[r * k + m])),
      size = known.length;
    const K = Float64Array.from({ length: size * size }, (_, at) => {
      const a = known[Math.floor(at / size)], b = known[at % size];
      const noise = [0, 1, 2].reduce((s, t) => s + attention[a * T + t] * means.noise[t], 0);
      return record.kernel(record.F[a], record.F[b]) + (a === b ? VARIANCES[6] * noise : 0);
    });
    const target = Float64Array.from(
      known,
      (r) => scores[r * k + m] - record.baseline[r] - .4 * record.agreement[r],
    );
    const solved = await solveSpd(K, target, size, 1);
    for (let t = 0; t < T; t++) {
      const moved = known.reduce(
        (s, r, i) => s + record.kernel(tasks.F[t], record.F[r]) * solved[i],
        0,
      );
      const expected = tasks.baseline[t] + moved;
      assert.ok(Math.abs(theta[t * k + m] - expected) < 1e-9, `${m}, ${t}: ${theta[t * k + m]}`);
      if (m === 2) assert.equal(moved, 0);
    }
  }
  assert.ok(old.some(Number.isNaN));
});

Deno.test("the marginal likelihood is the density of a multivariate normal", async () => {
  const { means, scores, task, T, M, N } = world(24, 3);
  const rho = .3;
  for (let j = 0; j < M; j++) {
    const trial = await trialOf(
      means,
      { task, scores, residuals: means.residuals, noise: means.noise },
      j,
      rho,
    );
    const rows = [...task.keys()].filter((i) => !Number.isNaN(scores[i * M + j])), n = rows.length;
    assert.ok(n < N || j > 0);
    const without = (cells: Float64Array): Float64Array => cells.filter((_, at) => at % M !== j);
    const own = without(means.residuals);
    const residuals = Float64Array.from(
      rows.flatMap((i) => [...own.subarray(i * (M - 1), (i + 1) * (M - 1))]),
    );
    const { F, kernel, baseline, agreement } = naive(
      { theta: without(means.theta), means: without(means.means) },
      oneHot(rows.map((i) => task[i]), T),
      residuals,
      T,
    );
    const r = Float64Array.from(
      rows,
      (i, k) => scores[i * M + j] - baseline[k] - rho * agreement[k],
    );
    const K = Float64Array.from({ length: n * n }, (_, at) => {
      const a = Math.floor(at / n), b = at % n;
      return kernel(F[a], F[b]) + (a === b ? VARIANCES[6] * means.noise[task[rows[a]]] : 0);
    });
    const solved = await solveSpd(K, r, n, 1);
    const quadratic = r.reduce((sum, value, k) => sum + value * solved[k], 0);
    const expected = -quadratic / 2 - logDeterminant(K, n) / 2;
    const got = logLikelihood(trial, VARIANCES);
    assert.ok(Math.abs(got - expected) < 1e-8, `${j}: ${got}, expected ${expected}`);
  }
});

/** log det by Gaussian elimination. */
function logDeterminant(from: Float64Array, n: number): number {
  const a = from.slice();
  let log = 0;
  for (let k = 0; k < n; k++) {
    log += Math.log(a[k * n + k]);
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k] / a[k * n + k];
      for (let j = k; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
    }
  }
  return log;
}

Deno.test("variances: the same coordinate search without short cuts ends at the same place", async () => {
  const { means, scores, task, M } = world(120, 5);
  const rows = { task, scores, residuals: means.residuals, noise: means.noise };
  const trials: Trial[] = [];
  for (let j = 0; j < M; j++) trials.push(await trialOf(means, rows, j, .3));
  const total = (v: Variances): number => trials.reduce((sum, t) => sum + logLikelihood(t, v), 0);
  const start: Variances = [.04, .05, .05, .05, .05, .01, 1];
  let v = start;
  for (const step of [8, 8, 3, 3, 1.6, 1.6]) {
    for (let k = 0; k < 7; k++) {
      for (const factor of [step, 1 / step]) {
        const moved = (): Variances => {
          const [low, high] = k < 6 ? [1e-6, 4] : [.05, 5];
          return v.with(k, Math.min(high, Math.max(low, v[k] * factor)));
        };
        while (total(moved()) > total(v) + 1e-3) v = moved();
      }
    }
  }
  assert.ok(total(v) > total(start) + 1);
  assert.ok(v.filter((value, k) => value !== start[k]).length > 3);
  assert.deepEqual(fitVariances(trials), v.with(0, Math.max(.003, v[0])));
});

Deno.test("a prior learned where models come in two kinds recognises the kind from few labels", async () => {
  // Four models solve task a and fail b, four the other way round; all do half of c.
  const N = 240, M = 8, draws: Random = random(2, "kinds");
  const ids = Array.from({ length: N }, (_, i) => `q${String(i).padStart(3, "0")}`);
  const task = Uint32Array.from({ length: N }, (_, i) => i % 3);
  const chance = (m: number, t: number): number => t === 2 ? .5 : (m % 2 === t ? .9 : .1);
  const outcome = (i: number, m: number): number =>
    Number(draws.fork(i, m).next() < chance(m, task[i]));
  const scores = Float64Array.from(
    { length: N * M },
    (_, at) => outcome(Math.floor(at / M), at % M),
  );
  const means = fitTaskMeans(scores, M, task, 3);
  const prior = await fitRecordPrior({ ids, task, tasks: ["a", "b", "c"], scores }, means, 1);
  // Labels on task a alone: three of four are solved.
  const rows = [0, 3, 6, 9];
  const residuals = Float64Array.from(
    rows.flatMap((i) => [...means.residuals.subarray(i * M, (i + 1) * M)]),
  );
  const theta = await readRecords(prior, {
    attention: oneHot(rows.map(() => 0), 3),
    residuals,
    scores: Float64Array.of(1, 1, 0, 1),
  }, 1);
  assert.ok(theta[0] > .65, `task a: ${theta[0]}`);
  assert.ok(theta[1] < .35, `task b, never seen: ${theta[1]}`);
  assert.ok(Math.abs(theta[2] - .5) < .15, `task c: ${theta[2]}`);
  await assert.rejects(
    () =>
      fitRecordPrior(
        { ids, task, tasks: [], scores },
        fitTaskMeans(scores.subarray(0, N), 1, task, 3),
        1,
      ),
    /at least two, got 1/,
  );
});
