/**
 * What known models score on each task: task means, shrunk as far as the data say.
 *
 *   μ_m = mean score of model m,  μ̄ = their mean
 *   e_t = μ̄ + Σ_{i∈t} mean_m(y_im − μ_m) / (n_t + 2)                    difficulty of task t
 *   θ_tm = (Σ_{i∈t} y_im + a·(μ_m + e_t − μ̄)) / (n_tm + a)              shrunk to ability plus difficulty
 *
 * a = s²/b² is the ratio of the variances within and between tasks by the method of moments, both after
 * taking out the mean over models: s² of a score around its task mean; b² of the task means around ability
 * plus difficulty, less what s² explains, over tasks of at least five scores. What tasks do not explain:
 *
 *   E_im = y_im − θ_{t(i)m},  ν_t = (Σ_{i∈t} mean_m E²_im + 5·mean E²) / (n_t + 5)   noise variance of a task
 *
 * Missing scores are left out of every sum and count.
 * @module
 */
import { clusterMeans, columnMeans } from "../router/training.ts";

/** Scores that a task needs for its mean to be evidence about b². */
const EVIDENCE = 5;
/** Least b², and least noise variance: where all scores are equal there would be none. */
const LEAST_BETWEEN = 1e-4, LEAST_NOISE = 1e-6;

/** Shrunk task means of M models on T tasks, and what they leave over on N rows. */
export interface TaskMeans {
  /** μ_m. Length M. */
  readonly means: Float64Array;
  /** θ, row-major [T × M]. */
  readonly theta: Float64Array;
  /** n_t/N, share of the rows that are of a task. Length T. */
  readonly shares: Float64Array;
  /** a, in scores. */
  readonly strength: number;
  /** E, row-major [N × M], NaN = missing. */
  readonly residuals: Float64Array;
  /** ν. Length T. */
  readonly noise: Float64Array;
}

/**
 * Fits task means.
 *
 * @param scores row-major [N × M], NaN = missing; every model has a score
 * @param task task of each row, of `tasks`
 */
export function fitTaskMeans(
  scores: Float64Array,
  models: number,
  task: Uint32Array,
  tasks: number,
): TaskMeans {
  const N = task.length, M = models, means = columnMeans(scores, M), overall = mean(means);
  const raw = clusterMeans(scores, M, task, tasks);
  const rows = new Float64Array(tasks), scored = new Float64Array(tasks);
  const difficulty = new Float64Array(tasks);
  const ease = rowMeans(scores, M, (score, m) => score - means[m]);
  for (let i = 0; i < N; i++) {
    rows[task[i]]++;
    if (Number.isNaN(ease[i])) continue;
    difficulty[task[i]] += ease[i];
    scored[task[i]]++;
  }
  for (let t = 0; t < tasks; t++) difficulty[t] = overall + difficulty[t] / (scored[t] + 2);

  const strength = shrinkage(scores, means, raw, task);
  const theta = raw.mean.map((own, at) => {
    const n = raw.count[at], prior = means[at % M] + difficulty[Math.floor(at / M)] - overall;
    return n > 0 ? (n * own + strength * prior) / (n + strength) : prior;
  });
  const residuals = scores.map((y, at) => y - theta[task[Math.floor(at / M)] * M + at % M]);
  const noise = noiseOfTasks(residuals, M, task, scored);
  return { means, theta, shares: rows.map((n) => n / N), strength, residuals, noise };
}

/** a = s²/b². */
function shrinkage(
  scores: Float64Array,
  means: Float64Array,
  raw: { readonly mean: Float64Array; readonly count: Float64Array },
  task: Uint32Array,
): number {
  const M = means.length, own = (at: number): number => task[Math.floor(at / M)] * M + at % M;
  const deviation = scores.map((y, at) => y - raw.mean[own(at)]);
  const centre = rowMeans(deviation, M);
  let within = 0, known = 0;
  deviation.forEach((value, at) => {
    if (!Number.isNaN(value)) within += (value - centre[Math.floor(at / M)]) ** 2, known++;
  });
  within /= known;

  const between: number[] = [];
  for (let start = 0; start < raw.mean.length; start += M) {
    const cells = [...means.keys()].filter((m) => raw.count[start + m] >= EVIDENCE);
    if (cells.length === 0) continue;
    const interaction = cells.map((m) => raw.mean[start + m] - means[m]);
    const level = mean(interaction);
    between.push(
      mean(cells.map((m, c) => (interaction[c] - level) ** 2 - within / raw.count[start + m])),
    );
  }
  return within / Math.max(LEAST_BETWEEN, between.length > 0 ? mean(between) : 0);
}

function noiseOfTasks(
  residuals: Float64Array,
  models: number,
  task: Uint32Array,
  scored: Float64Array,
): Float64Array {
  const square = rowMeans(residuals, models, (e) => e * e), sums = new Float64Array(scored.length);
  square.forEach((value, i) => sums[task[i]] += Number.isNaN(value) ? 0 : value);
  const overall = mean(square.filter((value) => !Number.isNaN(value)));
  return sums.map((sum, t) => Math.max(LEAST_NOISE, (sum + 5 * overall) / (scored[t] + 5)));
}

/** Mean over the known cells of each row, of their value or what is made of it; NaN for an empty row. */
export function rowMeans(
  cells: Float64Array,
  columns: number,
  value: (cell: number, column: number) => number = (cell) => cell,
): Float64Array {
  const out = new Float64Array(cells.length / columns);
  for (let i = 0; i < out.length; i++) {
    let sum = 0, known = 0;
    for (let m = 0; m < columns; m++) {
      const cell = cells[i * columns + m];
      if (!Number.isNaN(cell)) sum += value(cell, m), known++;
    }
    out[i] = sum / known;
  }
  return out;
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}
