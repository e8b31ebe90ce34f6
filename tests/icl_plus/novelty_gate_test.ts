/** The gate: both normals, their ratio, and the bias learned by leaving benchmarks out. */
import assert from "node:assert/strict";
import { fitNovelty, gateOf, logRatio, type NoveltyRows } from "../../src/icl_plus/novelty_gate.ts";
import { fitTaskPosterior, taskEvidence } from "../../src/icl_plus/task_posterior.ts";
import { fitTaskMeans } from "../../src/icl_plus/task_means.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { random } from "../../src/base/random.ts";

const near = (actual: number, expected: number, what: string): void =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${what}: ${actual}, expected ${expected}`);

Deno.test("gate: a ratio of two normals, clipped to between their means", () => {
  const known = { mean: -2, sd: .5 }, novel = { mean: -1, sd: 1 };
  const ratio = (v: number): number => -(((v + 2) / .5) ** 2) / 2 + (v + 1) ** 2 / 2 + Math.log(2);
  near(logRatio({ known, novel }, -1.5), ratio(-1.5), "between");
  near(logRatio({ known, novel }, -9), ratio(-2), "below");
  near(logRatio({ known, novel }, 3), ratio(-1), "above");
  const reversed = { known: novel, novel: known };
  near(logRatio(reversed, 3), -ratio(3), "not clipped where novel queries are nearer");
  assert.equal(logRatio({ known }, 1), 0);
  const novelty = { known, novel, safeBias: 0 };
  near(gateOf(novelty, -1.5, -1), 1 / (1 + Math.exp(1 - ratio(-1.5))), "gate");
  assert.deepEqual([gateOf(novelty, 0, Infinity), gateOf(novelty, 0, -Infinity)], [1, 0]);
});

/** Benchmarks of two tasks each, 12 rows a task; models by a rule of (benchmark, task, row). */
async function scene(
  benchmarks: number,
  centre: (task: number) => readonly number[],
  score: (benchmark: number, task: number, model: number, row: number) => number,
) {
  const stream = random(4, "novelty"), per = 12, T = 2 * benchmarks, N = per * T, M = 3;
  const width = centre(0).length, x = matrix(N, width);
  const task = Uint32Array.from({ length: N }, (_, i) => Math.floor(i / per));
  const benchmark = task.map((t) => t >> 1);
  for (let i = 0; i < N; i++) {
    centre(task[i]).forEach((c, j) => x.data[i * width + j] = c + .2 * stream.normal());
  }
  const scores = Float64Array.from(
    { length: N * M },
    (_, at) =>
      score(benchmark[Math.floor(at / M)], task[Math.floor(at / M)], at % M, Math.floor(at / M)),
  );
  const rows: NoveltyRows = {
    task,
    benchmark,
    benchmarks,
    scores,
    pool: { models: ["a", "b", "c"], meanCosts: new Float64Array(M).fill(NaN) },
  };
  const posterior = await fitTaskPosterior(x, task, T, stream);
  const evidence = await taskEvidence(posterior, x);
  return { rows, posterior, evidence, means: fitTaskMeans(scores, M, task, T) };
}

/** Tasks in two kinds by their second coordinate; the first tells benchmarks apart. */
const kinds = (t: number): readonly number[] => [(t >> 1) * .3, t % 2 === 0 ? -1 : 1];

Deno.test("novelty: known rows are nearer to a task than rows whose benchmark is struck out", async () => {
  const { rows, posterior, evidence, means } = await scene(
    4,
    kinds,
    (_b, t, m) => Number(m === t % 2),
  );
  const { known, novel } = await fitNovelty(rows, posterior, evidence, means);
  assert.ok(known.mean < novel!.mean, `${known.mean} < ${novel!.mean}`);
  // Naively: every benchmark has as many rows, so the mean of all values.
  const T = posterior.squares.length;
  const values = [...rows.task.keys()].map((i) => {
    const ratios = [...Array(T).keys()].filter((t) => t >> 1 !== rows.benchmark[i]).map((t) =>
      (evidence.squares[i] + posterior.squares[t] - 2 * evidence.inner[i * T + t]) /
      evidence.squares[i]
    );
    return Math.log(Math.min(...ratios));
  });
  const mean = values.reduce((a, b) => a + b) / values.length;
  near(novel!.mean, mean, "mean");
  near(
    novel!.sd,
    Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length) + 1e-6,
    "sd",
  );
});

Deno.test("safe bias: routing is trusted on unseen benchmarks where kinds of tasks come again", async () => {
  // Who solves a task depends on its kind in all benchmarks: routing a new benchmark gains.
  const same = await scene(4, kinds, (_b, t, m) => m === 2 ? .6 : Number(m === t % 2));
  const { safeBias } = await fitNovelty(same.rows, same.posterior, same.evidence, same.means);
  assert.equal(safeBias, 0);
  // It depends on the kind the other way round in every second benchmark: routing misleads.
  const other = await scene(4, kinds, (b, t, m) => m === 2 ? .6 : Number(m === (t + b) % 2));
  const misled = await fitNovelty(other.rows, other.posterior, other.evidence, other.means);
  assert.ok(misled.safeBias < 0, String(misled.safeBias));
});

Deno.test("novelty: with one benchmark there is nothing to compare with, and unseen ones are not routed", async () => {
  const { rows, posterior, evidence, means } = await scene(
    1,
    kinds,
    (_b, t, m) => Number(m === t % 2),
  );
  const novelty = await fitNovelty(rows, posterior, evidence, means);
  assert.equal(novelty.novel, undefined);
  assert.equal(novelty.safeBias, -Infinity);
  assert.equal(gateOf(novelty, 5, 2), 1 / (1 + Math.exp(-2)));
});
