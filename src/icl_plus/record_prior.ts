/**
 * A new model from its record: a ridge regression whose penalties were learned on the known models.
 *
 *   r_k = y_k − θ̄_{t(k)} − ρ₀ Ē_k
 *   w = (Fᵀ D⁻¹ F + diag(1/v))⁻¹ Fᵀ D⁻¹ r,  D_k = σ ν_{t(k)}
 *   θ_new,t = θ̄_t + F(task t, E = 0) w
 *
 * with the features F of `record_features.ts` and the variances v, σ of `record_variances.ts`. This is the
 * posterior mean, so an empty record gives the mean of the known models, and every label moves it. ρ₀ is how
 * closely a model follows the others on single queries:
 *
 *   ρ₀ = Σ_j ⟨Ē₋ⱼ, E_j⟩ / Σ_j ⟨Ē₋ⱼ, Ē₋ⱼ⟩,  Ē₋ⱼ = mean residual of all models but j
 *
 * The record is read once: what remains of it is a number a task.
 * @module
 */
import { solveSpd } from "../linalg/cholesky.ts";
import { productF64 } from "../linalg/gemm.ts";
import { stratified } from "../router/stratify.ts";
import {
  featureGroups,
  GROUPS,
  type KnownModels,
  oneHot,
  recordFeatures,
} from "./record_features.ts";
import { fitVariances, trialOf, type Variances } from "./record_variances.ts";
import type { TaskMeans } from "./task_means.ts";

/** Rows on which known models are played as new ones. */
const TRIAL_ROWS = 600;

/** What is expected of a new model before its record is read. */
export interface RecordPrior {
  /** The known models. */
  readonly known: KnownModels;
  /** ν, noise variance of each task. Length T. */
  readonly noise: Float64Array;
  /** ρ₀. */
  readonly rho: number;
  /** Variances of the feature groups, and σ. */
  readonly variances: Variances;
}

/** Rows the known models were fitted on. */
export interface PriorRows {
  /** Query ids. Length N. */
  readonly ids: readonly string[];
  /** Task of each row. Length N. */
  readonly task: Uint32Array;
  /** Names of the tasks. Length T. */
  readonly tasks: readonly string[];
  /** Scores of the M known models, row-major [N × M], NaN = missing. */
  readonly scores: Float64Array;
}

/**
 * Learns the prior by leaving out one known model at a time, on 600 rows drawn evenly from the tasks.
 *
 * @param means the known models, at least two
 * @throws {RangeError} for fewer
 */
export async function fitRecordPrior(
  rows: PriorRows,
  means: TaskMeans,
  seed: number,
): Promise<RecordPrior> {
  const { ids, task, tasks, scores } = rows, M = means.means.length;
  if (M < 2) throw new RangeError(`a prior over models needs at least two, got ${M}`);
  const rho = agreementSlope(means.residuals, M);
  const keys = { id: (i: number) => ids[i], benchmark: (i: number) => tasks[task[i]] };
  const chosen = stratified([...ids.keys()], keys, seed, "records of known models")
    .slice(0, TRIAL_ROWS);
  const take = (cells: Float64Array): Float64Array => {
    const out = new Float64Array(chosen.length * M);
    chosen.forEach((row, i) => out.set(cells.subarray(row * M, (row + 1) * M), i * M));
    return out;
  };
  const trialRows = {
    task: chosen.map((row) => task[row]),
    scores: take(scores),
    residuals: take(means.residuals),
    noise: means.noise,
  };
  const trials = [];
  for (let j = 0; j < M; j++) trials.push(await trialOf(means, trialRows, j, rho));
  return { known: means, noise: means.noise, rho, variances: fitVariances(trials) };
}

/** ρ₀; 0 where the models leave nothing over. */
function agreementSlope(residuals: Float64Array, models: number): number {
  let together = 0, square = 0;
  for (let start = 0; start < residuals.length; start += models) {
    let sum = 0, known = 0;
    for (let m = 0; m < models; m++) {
      const own = residuals[start + m];
      if (!Number.isNaN(own)) sum += own, known++;
    }
    if (known < 2) continue;
    for (let m = 0; m < models; m++) {
      const own = residuals[start + m];
      if (Number.isNaN(own)) continue;
      const others = (sum - own) / (known - 1);
      together += others * own;
      square += others * others;
    }
  }
  return square > 0 ? together / square : 0;
}

/** Records of k models on the same n rows. */
export interface Records {
  /** Which task each row is of, row-major [n × T]. */
  readonly attention: Float64Array;
  /** Residuals of the known models on the rows, row-major [n × M], NaN = unknown. */
  readonly residuals: Float64Array;
  /** Scores of the new models, row-major [n × k], NaN = missing. */
  readonly scores: Float64Array;
}

/** θ of k new models, row-major [T × k]. A model without a label gets the mean of the known ones. */
export async function readRecords(
  prior: RecordPrior,
  records: Records,
  models: number,
): Promise<Float64Array> {
  const { known, noise } = prior, T = noise.length, M = known.means.length;
  const tasks = recordFeatures(
    known,
    oneHot(noise.map((_, t) => t), T),
    new Float64Array(T * M).fill(NaN),
  );
  const every = joined(tasks.shared, oneHot(noise.map((_, t) => t), T), T);
  const theta = new Float64Array(T * models), p = every.length / T;
  for (const { rows, columns } of byKnownRows(records.scores, models)) {
    const weights = await posterior(prior, records, models, rows, columns, p);
    const moved = await productF64(every, weights, T, p, columns.length);
    for (let t = 0; t < T; t++) {
      columns.forEach((m, c) =>
        theta[t * models + m] = tasks.baseline[t] + moved[t * columns.length + c]
      );
    }
  }
  return theta;
}

/** w of the models that are labelled on the same rows, row-major [p × columns]. */
async function posterior(
  { known, noise, rho, variances }: RecordPrior,
  { attention, residuals, scores }: Records,
  models: number,
  rows: readonly number[],
  columns: readonly number[],
  p: number,
): Promise<Float64Array> {
  const T = noise.length, M = known.means.length, n = rows.length, k = columns.length;
  if (n === 0) return new Float64Array(p * k);
  const own = takeRows(attention, rows, T);
  const { baseline, agreement, shared } = recordFeatures(known, own, takeRows(residuals, rows, M));
  const features = joined(shared, own, n), weighted = new Float64Array(p * n);
  const target = new Float64Array(n * k);
  for (let i = 0; i < n; i++) {
    let variance = 0;
    for (let t = 0; t < T; t++) variance += own[i * T + t] * noise[t];
    const precision = 1 / (variance * variances[GROUPS]);
    for (let f = 0; f < p; f++) weighted[f * n + i] = precision * features[i * p + f];
    columns.forEach((m, c) => {
      target[i * k + c] = scores[rows[i] * models + m] - baseline[i] - rho * agreement[i];
    });
  }
  const left = await productF64(weighted, features, p, n, p);
  featureGroups(M, T).forEach((group, f) => left[f * (p + 1)] += 1 / variances[group]);
  return await solveSpd(left, await productF64(weighted, target, p, n, k), p, k);
}

/** Shared features and task indicators side by side, for n rows. */
function joined(shared: Float64Array, attention: Float64Array, n: number): Float64Array {
  const q = shared.length / n, T = attention.length / n, p = q + T, out = new Float64Array(n * p);
  for (let i = 0; i < n; i++) {
    out.set(shared.subarray(i * q, (i + 1) * q), i * p);
    out.set(attention.subarray(i * T, (i + 1) * T), i * p + q);
  }
  return out;
}

function takeRows(cells: Float64Array, rows: readonly number[], width: number): Float64Array {
  const out = new Float64Array(rows.length * width);
  rows.forEach((row, i) => out.set(cells.subarray(row * width, (row + 1) * width), i * width));
  return out;
}

/** New models that are labelled on the same rows are read together. */
function byKnownRows(
  scores: Float64Array,
  models: number,
): { rows: number[]; columns: number[] }[] {
  const every = Array.from({ length: scores.length / models }, (_, i) => i);
  const rowsOf = (m: number): number[] =>
    every.filter((i) => !Number.isNaN(scores[i * models + m]));
  const columns = Array.from({ length: models }, (_, m) => m);
  return [...Map.groupBy(columns, (m) => rowsOf(m).join()).values()]
    .map((group) => ({ rows: rowsOf(group[0]), columns: group }));
}
