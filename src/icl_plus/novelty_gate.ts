/**
 * How far a query may be trusted to be of a known task: the gate between routing and the best single model.
 *
 * The measure is how much nearer a query is to its nearest task than to the middle of all rows,
 *
 *   ν(x) = log min_t |x − μ_t|²_S / |x − g|²_S
 *
 * Two normals are fitted to it on the training rows, every benchmark with equal weight: one as it is
 * (known), one with the tasks of a row's own benchmark struck out, as if it had never been seen (novel).
 *
 *   gate(x) = sigmoid( log N(ν; known) − log N(ν; novel) + β ),  ν clipped to between the two means
 *   ŝ(x,m) = μ_m + gate(x)·( Σ_t P(t|x) θ_tm − μ_m )
 *
 * How much an unseen benchmark may be routed is learned by striking benchmarks out of the posterior (the
 * means of the remaining tasks stay as fitted): β₋ is the largest of
 * 0, −1, −2, −3, −4, −6 at which routing the rows of a struck-out benchmark gains over the best model of
 * the others, on average over benchmarks less one standard error; else −∞, which never routes.
 * @module
 */
import { productF64 } from "../linalg/gemm.ts";
import { decide, type Pool } from "../router/decide.ts";
import { columnMeans } from "../router/training.ts";
import type { TaskMeans } from "./task_means.ts";
import { taskAttention, type TaskEvidence, type TaskPosterior } from "./task_posterior.ts";

/** Candidates for β₋, largest first. */
const BIASES = [0, -1, -2, -3, -4, -6];
/** Distances are at least this, so that logarithms exist. */
const LEAST = 1e-6;

/** A normal distribution. */
export interface Normal {
  /** Mean. */
  readonly mean: number;
  /** Standard deviation. */
  readonly sd: number;
}

/** The measure on known and on novel queries. */
export interface Novelty {
  /** With all tasks. */
  readonly known: Normal;
  /** With the tasks of the own benchmark struck out; absent where nothing is then left. */
  readonly novel?: Normal;
  /** β₋, the safe bias on unseen benchmarks. */
  readonly safeBias: number;
}

/** Rows a novelty measure is fitted on. */
export interface NoveltyRows {
  /** Task of each row. Length N. */
  readonly task: Uint32Array;
  /** Benchmark of each row. Length N. */
  readonly benchmark: Uint32Array;
  /** Number of benchmarks. */
  readonly benchmarks: number;
  /** Scores, row-major [N × M], NaN = missing. */
  readonly scores: Float64Array;
  /** The models, for the decision rule. */
  readonly pool: Pool;
}

/** Fits both normals and β₋. */
export async function fitNovelty(
  rows: NoveltyRows,
  posterior: TaskPosterior,
  evidence: TaskEvidence,
  means: Pick<TaskMeans, "theta">,
): Promise<Novelty> {
  const { benchmark, benchmarks } = rows, home = homes(rows, posterior.squares.length);
  const foreign = (row: number, task: number): boolean => home[task] !== benchmark[row];
  const struck = taskDistance(posterior, evidence, foreign);
  const known = normalOf(taskDistance(posterior, evidence), benchmark, benchmarks)!;
  const novel = normalOf(struck, benchmark, benchmarks);
  if (!novel) return { known, safeBias: -Infinity };
  const { theta } = means, T = posterior.squares.length, N = benchmark.length;
  const attention = taskAttention(posterior, evidence, foreign);
  const dense = await productF64(attention, theta, N, T, theta.length / T);
  const ratio = struck.map((value) => logRatio({ known, novel }, value));
  return { known, novel, safeBias: safeBias(rows, dense, ratio) };
}

/** Benchmark that most rows of a task are of; the first by name among equals. Length T. */
function homes({ task, benchmark, benchmarks }: NoveltyRows, tasks: number): Int32Array {
  const count = new Float64Array(tasks * benchmarks);
  for (let i = 0; i < task.length; i++) count[task[i] * benchmarks + benchmark[i]]++;
  return Int32Array.from({ length: tasks }, (_, t) => {
    const own = count.subarray(t * benchmarks, (t + 1) * benchmarks);
    return own.indexOf(Math.max(...own));
  });
}

/**
 * ν of every row. Length Q.
 *
 * @param open which tasks count (default: all); a row without any is NaN
 */
export function taskDistance(
  posterior: TaskPosterior,
  { inner, squares }: TaskEvidence,
  open: (row: number, task: number) => boolean = () => true,
): Float64Array {
  const T = posterior.squares.length;
  return squares.map((square, i) => {
    const scale = Math.max(LEAST, square);
    let least = Infinity;
    for (let t = 0; t < T; t++) {
      if (!open(i, t)) continue;
      const distance = square + posterior.squares[t] - 2 * inner[i * T + t];
      least = Math.min(least, Math.max(LEAST, distance) / scale);
    }
    return least < Infinity ? Math.log(least) : NaN;
  });
}

/** log N(ν; known) − log N(ν; novel), ν clipped to between the means; 0 where novel is not known. */
export function logRatio(
  { known, novel }: Pick<Novelty, "known" | "novel">,
  value: number,
): number {
  if (!novel) return 0;
  const clipped = novel.mean > known.mean
    ? Math.min(novel.mean, Math.max(known.mean, value))
    : value;
  return logDensity(known, clipped) - logDensity(novel, clipped);
}

/** Weight of what a query's task says, between 0 and 1. */
export function gateOf(novelty: Novelty, value: number, bias: number): number {
  return sigmoid(logRatio(novelty, value) + bias);
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** Mean and deviation of the values that exist, every group with equal weight. */
function normalOf(
  values: Float64Array,
  group: Uint32Array,
  groups: number,
): Normal | undefined {
  const size = new Float64Array(groups);
  group.forEach((g) => size[g]++);
  let weight = 0, sum = 0, square = 0;
  values.forEach((value, i) => {
    if (!Number.isNaN(value)) weight += 1 / size[group[i]], sum += value / size[group[i]];
  });
  if (weight === 0) return undefined;
  const mean = sum / weight;
  values.forEach((value, i) => {
    if (!Number.isNaN(value)) square += (value - mean) ** 2 / size[group[i]];
  });
  return { mean, sd: Math.sqrt(square / weight) + 1e-6 };
}

function logDensity({ mean, sd }: Normal, value: number): number {
  return -(((value - mean) / sd) ** 2) / 2 - Math.log(sd);
}

/** β₋ from the routed gains on benchmarks left out. */
function safeBias(
  { benchmark, benchmarks, scores, pool }: NoveltyRows,
  dense: Float64Array,
  ratio: Float64Array,
): number {
  const M = pool.models.length, every = [...benchmark.keys()];
  const gains: number[][] = [];
  for (let b = 0; b < benchmarks; b++) {
    const inside = every.filter((i) => benchmark[i] === b && !Number.isNaN(ratio[i]));
    const usual = columnMeans(scores, M, every.filter((i) => benchmark[i] !== b));
    if (inside.length === 0 || usual.every(Number.isNaN)) continue;
    const routed = (bias: number): number => {
      const quality = new Float64Array(inside.length * M);
      inside.forEach((i, q) => {
        const gate = sigmoid(ratio[i] + bias);
        for (let m = 0; m < M; m++) {
          quality[q * M + m] = usual[m] + gate * (dense[i * M + m] - usual[m]);
        }
      });
      return meanScore(decide({ quality }, pool), inside, scores, M);
    };
    const single = routed(-Infinity);
    if (!Number.isNaN(single)) gains.push(BIASES.map((bias) => routed(bias) - single));
  }
  return BIASES.find((_, c) => lowerMean(gains.map((gain) => gain[c])) >= -1e-9) ?? -Infinity;
}

/** Mean less one standard error; −∞ for a single value. */
function lowerMean(values: readonly number[]): number {
  const n = values.length;
  if (n < 2) return -Infinity;
  const mean = values.reduce((a, b) => a + b) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return mean - Math.sqrt(variance / n);
}

function meanScore(
  choice: Uint16Array,
  rows: readonly number[],
  scores: Float64Array,
  models: number,
): number {
  let sum = 0, known = 0;
  choice.forEach((m, q) => {
    const score = scores[rows[q] * models + m];
    if (!Number.isNaN(score)) sum += score, known++;
  });
  return known > 0 ? sum / known : NaN;
}
