/**
 * How much a record may move the picture of a model, learned by treating every known model as a new one.
 *
 * The scores of model j on n rows, less what the other models let expect, are
 *
 *   r = F w + noise,  w_f ~ N(0, v_group(f)),  noise_k ~ N(0, σ·ν_t(k))
 *
 * with the features F of `record_features.ts` made from the other models alone. The six variances and σ
 * maximise the sum over j of log N(r_j; 0, σD + F V Fᵀ), D = diag(ν), by a coordinate search in log space.
 *
 * With G = FᵀD⁻¹F and b = FᵀD⁻¹r this is, up to a constant,
 *
 *   −½ (rᵀD⁻¹r/σ − zᵀz) − Σ log diag L − ½ (log det D + n log σ),
 *   L Lᵀ = I + V^½ G V^½/σ,  z = L⁻¹ V^½ b/σ
 *
 * and since a row is of one task, the block of the task indicators in G is diagonal and is eliminated first:
 * with h_t = 1/(σ/v_δ + G_tt), what remains is the same formula in the few shared features, G replaced by
 * G − Σ_t h_t u_t u_tᵀ and b by b − Σ_t h_t b_t u_t, u_t the column of task t.
 * @module
 */
import { productF64 } from "../linalg/gemm.ts";
import {
  featureGroups,
  GROUPS,
  type KnownModels,
  oneHot,
  recordFeatures,
  TASK_GROUP,
} from "./record_features.ts";

/** Variances of the six groups and σ, the noise relative to ν: seven numbers in this order. */
export type Variances = readonly number[];

const NAMES = ["α", "c", "w", "ρ", "v", "δ", "σ"];
const START: Variances = [0.04, 0.05, 0.05, 0.05, 0.05, 0.01, 1];
const STEPS = [8, 3, 1.6], SWEEPS = 2, LEAST_GAIN = 1e-3;
const LEAST = [1e-6, 1e-6, 1e-6, 1e-6, 1e-6, 1e-6, 0.05], MOST = [4, 4, 4, 4, 4, 4, 5];
/** A new model's ability stays uncertain, however alike the known ones are. */
const LEAST_ABILITY = 0.003;

/** Sufficient statistics of one model played as a new one. */
export interface Trial {
  /** Number of rows, n. */
  readonly rows: number;
  /** rᵀD⁻¹r. */
  readonly squares: number;
  /** log det D. */
  readonly logNoise: number;
  /** G of the q shared features, [q × q]. */
  readonly gram: Float64Array;
  /** b of the shared features. Length q. */
  readonly cross: Float64Array;
  /** u_t, one row a task, [T × q]. */
  readonly taskGram: Float64Array;
  /** G_tt. Length T. */
  readonly taskSquares: Float64Array;
  /** b_t. Length T. */
  readonly taskCross: Float64Array;
  /** Group of each shared feature. Length q. */
  readonly groups: Uint8Array;
}

/** Rows on which known models are played as new ones. */
export interface TrialRows {
  /** Task of each row. Length n. */
  readonly task: ArrayLike<number>;
  /** Scores, row-major [n × M], NaN = missing. */
  readonly scores: Float64Array;
  /** Residuals E, row-major [n × M], NaN = missing. */
  readonly residuals: Float64Array;
  /** ν of each task. Length T. */
  readonly noise: Float64Array;
}

/** Model j as a new one, described by the others. */
export async function trialOf(
  known: KnownModels,
  { task, scores, residuals, noise }: TrialRows,
  j: number,
  rho: number,
): Promise<Trial> {
  const M = known.means.length, T = noise.length;
  const rows = Array.from({ length: task.length }, (_, k) => k)
    .filter((k) => !Number.isNaN(scores[k * M + j]));
  const others = {
    theta: known.theta.filter((_, at) => at % M !== j),
    means: known.means.filter((_, m) => m !== j),
  };
  const tasks = rows.map((k) => task[k]), own = new Float64Array(rows.length * (M - 1));
  rows.forEach((k, i) => {
    const cells = residuals.subarray(k * M, (k + 1) * M).filter((_, m) => m !== j);
    own.set(cells, i * (M - 1));
  });
  const { baseline, agreement, shared } = recordFeatures(others, oneHot(tasks, T), own);
  const n = rows.length, q = 3 + 2 * (M - 1);
  const weighted = new Float64Array(q * n), taskGram = new Float64Array(T * q);
  const taskSquares = new Float64Array(T), taskCross = new Float64Array(T);
  const target = new Float64Array(n);
  let squares = 0, logNoise = 0;
  for (let k = 0; k < n; k++) {
    const t = tasks[k], precision = 1 / noise[t];
    target[k] = scores[rows[k] * M + j] - baseline[k] - rho * agreement[k];
    squares += precision * target[k] ** 2;
    logNoise += Math.log(noise[t]);
    taskSquares[t] += precision;
    taskCross[t] += precision * target[k];
    for (let f = 0; f < q; f++) {
      const value = precision * shared[k * q + f];
      weighted[f * n + k] = value;
      taskGram[t * q + f] += value;
    }
  }
  return {
    rows: n,
    squares,
    logNoise,
    gram: await productF64(weighted, shared, q, n, q),
    cross: await productF64(weighted, target, q, n, 1),
    taskGram,
    taskSquares,
    taskCross,
    groups: featureGroups(M - 1, 0),
  };
}

/** The log marginal likelihood of a trial, up to −(n/2)·log 2π. */
export function logLikelihood(trial: Trial, variances: Variances): number {
  return likelihoodOf(trial, eliminateTasks(trial, variances), variances);
}

/** What is left of a trial when the task indicators are integrated out, at given v_δ and σ. */
interface Eliminated {
  /** G − Σ_t h_t u_t u_tᵀ, its lower triangle. [q × q] */
  readonly gram: Float64Array;
  /** b − Σ_t h_t b_t u_t. Length q. */
  readonly cross: Float64Array;
  /** The part of zᵀz. */
  readonly squares: number;
  /** The part of Σ log diag L. */
  readonly logDet: number;
}

function eliminateTasks(trial: Trial, variances: Variances): Eliminated {
  const { taskGram, taskSquares, taskCross, groups: { length: q } } = trial;
  const gram = trial.gram.slice(), cross = trial.cross.slice();
  const variance = variances[TASK_GROUP], sigma = variances[GROUPS];
  let squares = 0, logDet = 0;
  for (let t = 0; t < taskSquares.length; t++) {
    if (taskSquares[t] === 0) continue;
    const h = 1 / (sigma / variance + taskSquares[t]), b = taskCross[t], at = t * q;
    squares += h * b * b / sigma;
    logDet += Math.log1p(variance * taskSquares[t] / sigma) / 2;
    for (let i = 0; i < q; i++) {
      const u = h * taskGram[at + i];
      cross[i] -= u * b;
      for (let j = 0; j <= i; j++) gram[i * q + j] -= u * taskGram[at + j];
    }
  }
  return { gram, cross, squares, logDet };
}

function likelihoodOf(trial: Trial, left: Eliminated, variances: Variances): number {
  const { groups, rows, logNoise } = trial, q = groups.length, sigma = variances[GROUPS];
  const root = Float64Array.from(groups, (group) => Math.sqrt(variances[group]));
  const factor = new Float64Array(q * q), z = new Float64Array(q);
  let explained = left.squares, logDet = left.logDet;
  for (let i = 0; i < q; i++) { // Cholesky row by row, the solution along with it
    let value = root[i] * left.cross[i] / sigma;
    for (let j = 0; j <= i; j++) {
      let sum = root[i] * left.gram[i * q + j] * root[j] / sigma + (i === j ? 1 : 0);
      for (let k = 0; k < j; k++) sum -= factor[i * q + k] * factor[j * q + k];
      factor[i * q + j] = i === j ? Math.sqrt(sum) : sum / factor[j * q + j];
      if (j < i) value -= factor[i * q + j] * z[j];
    }
    z[i] = value / factor[i * q + i];
    explained += z[i] * z[i];
    logDet += Math.log(factor[i * q + i]);
  }
  return -(trial.squares / sigma - explained) / 2 - logDet -
    (logNoise + rows * Math.log(sigma)) / 2;
}

/**
 * The variances that make known models likeliest as new ones: from a start, one variance at a time is
 * multiplied by 8, 3 and 1.6 or divided by it, as long as that gains.
 *
 * @param trials one a known model
 */
export function fitVariances(trials: readonly Trial[]): Variances {
  let variances = START, left = trials.map((trial) => eliminateTasks(trial, START));
  let best = total(trials, left, START);
  for (const step of STEPS) {
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      for (let k = 0; k < START.length; k++) {
        for (const factor of [step, 1 / step]) {
          while (true) {
            const moved = Math.min(MOST[k], Math.max(LEAST[k], variances[k] * factor));
            const next = variances.with(k, moved);
            const again = k < TASK_GROUP
              ? left
              : trials.map((trial) => eliminateTasks(trial, next));
            const value = total(trials, again, next);
            if (!(value > best + LEAST_GAIN)) break;
            best = value, variances = next, left = again;
          }
        }
      }
    }
  }
  return variances.with(0, Math.max(LEAST_ABILITY, variances[0]));
}

/** One line for the router card: `α 0.12, c 0.0063, …`. */
export function describeVariances(variances: Variances): string {
  return variances.map((value, k) => `${NAMES[k]} ${value.toPrecision(2)}`).join(", ");
}

function total(
  trials: readonly Trial[],
  left: readonly Eliminated[],
  variances: Variances,
): number {
  return trials.reduce((sum, trial, j) => sum + likelihoodOf(trial, left[j], variances), 0);
}
