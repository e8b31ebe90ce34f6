/**
 * What a labelled query says about a new model, in terms of the known ones: the features of the task
 * reader's regression, in six groups that are shrunk on their own.
 *
 * For a row whose task is t (or is t with probability p_t: everything below is then averaged over p), with
 * θ̄_t = mean_j θ_tj, E_kj the residuals of the known models on this very query, and
 * W_tj = θ_tj − θ̄_t − (μ_j − μ̄), centred over tasks, what model j is especially good at:
 *
 *   0 α   1                      the model is better or worse all round
 *   1 c   θ̄_t − mean θ̄          it gains more or less from easy tasks
 *   2 w   W_tj       (M)         it has the strengths of model j
 *   3 ρ   Ē_k                    it follows the others on queries easier or harder than their task
 *   4 v   E_kj − Ē_k (M)         it solves what model j solves
 *   5 δ   [task = t] (T)         it is better or worse at this task, like no other model
 * @module
 */
import { rowMeans } from "./task_means.ts";

/** Number of feature groups. */
export const GROUPS = 6;
/** The group of the task indicators, δ. */
export const TASK_GROUP = 5;

/** What is known of M models on T tasks. */
export interface KnownModels {
  /** θ, row-major [T × M]. */
  readonly theta: Float64Array;
  /** μ. Length M. */
  readonly means: Float64Array;
}

/** Features of n rows. */
export interface RecordFeatures {
  /** θ̄ of each row's task: what is expected of a model one knows nothing about. Length n. */
  readonly baseline: Float64Array;
  /** Ē, mean residual of the known models; 0 where none is known. Length n. */
  readonly agreement: Float64Array;
  /** Groups 0 to 4, row-major [n × (3 + 2M)]. Group 5 is the attention itself. */
  readonly shared: Float64Array;
}

/** Group of each of the 3 + 2M + T features. */
export function featureGroups(models: number, tasks: number): Uint8Array {
  const group = new Uint8Array(3 + 2 * models + tasks).fill(TASK_GROUP);
  group[0] = 0;
  group[1] = 1;
  group.fill(2, 2, 2 + models);
  group[2 + models] = 3;
  group.fill(4, 3 + models, 3 + 2 * models);
  return group;
}

/**
 * Features of rows.
 *
 * @param attention which task each row is of, row-major [n × T]: all weight on one, or a posterior
 * @param residuals E of the known models, row-major [n × M], NaN = unknown
 */
export function recordFeatures(
  { theta, means }: KnownModels,
  attention: Float64Array,
  residuals: Float64Array,
): RecordFeatures {
  const M = means.length, T = theta.length / M, n = attention.length / T, width = 3 + 2 * M;
  const level = rowMeans(theta, M), overall = sum(level) / T;
  const strengths = strengthsOf(theta, means, level);
  const baseline = new Float64Array(n), shared = new Float64Array(n * width);
  const agreement = rowMeans(residuals, M).map((value) => Number.isNaN(value) ? 0 : value);
  for (let k = 0; k < n; k++) {
    const at = k * width;
    for (let t = 0; t < T; t++) {
      const weight = attention[k * T + t];
      if (weight === 0) continue;
      baseline[k] += weight * level[t];
      for (let j = 0; j < M; j++) shared[at + 2 + j] += weight * strengths[t * M + j];
    }
    shared[at] = 1;
    shared[at + 1] = baseline[k] - overall;
    shared[at + 2 + M] = agreement[k];
    for (let j = 0; j < M; j++) {
      const own = residuals[k * M + j];
      shared[at + 3 + M + j] = Number.isNaN(own) ? 0 : own - agreement[k];
    }
  }
  return { baseline, agreement, shared };
}

/** W, row-major [T × M]. */
function strengthsOf(theta: Float64Array, means: Float64Array, level: Float64Array): Float64Array {
  const M = means.length, T = level.length, overall = sum(means) / M;
  const out = theta.map((own, at) => own - level[Math.floor(at / M)] - (means[at % M] - overall));
  for (let j = 0; j < M; j++) {
    let mean = 0;
    for (let t = 0; t < T; t++) mean += out[t * M + j] / T;
    for (let t = 0; t < T; t++) out[t * M + j] -= mean;
  }
  return out;
}

/** One-hot attention of rows whose task is known, row-major [n × T]. */
export function oneHot(task: ArrayLike<number>, tasks: number): Float64Array {
  const out = new Float64Array(task.length * tasks);
  for (let k = 0; k < task.length; k++) out[k * tasks + task[k]] = 1;
  return out;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
