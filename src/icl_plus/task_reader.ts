/**
 * A task reader, fitted: where queries stand, what known models score on each task, and how the records of
 * new models are read. Nothing here depends on a configuration, so configurations share it.
 * @module
 */
import type { ModelProfiles, QueryBatch, TrainingData } from "../router/contract.ts";
import { CapabilityError } from "../base/errors.ts";
import { hashJson, sha256 } from "../base/hash.ts";
import { random } from "../base/random.ts";
import { takeRows } from "../linalg/matrix.ts";
import { productF64 } from "../linalg/gemm.ts";
import { fitNovelty, type Novelty, taskDistance } from "./novelty_gate.ts";
import { oneHot } from "./record_features.ts";
import { fitRecordPrior, readRecords, type RecordPrior } from "./record_prior.ts";
import { fitTaskMeans, type TaskMeans } from "./task_means.ts";
import {
  fitTaskPosterior,
  taskAttention,
  type TaskEvidence,
  taskEvidence,
  type TaskPosterior,
} from "./task_posterior.ts";
import { rowsKey, taskOutcomes, type TaskRows, taskRows } from "./task_rows.ts";

/** Models with what they score, from all their rows or from a record. */
export interface ReadModels {
  /** Ids. Length k. */
  readonly models: readonly string[];
  /** μ, expected mean score on the training rows. Length k. */
  readonly means: Float64Array;
  /** θ, expected score on each task, row-major [T × k]. */
  readonly theta: Float64Array;
}

/** What is learned from queries and tasks alone. */
export interface ReaderQueries {
  /** The rows, without their vectors: a reader outlives its fit, and they are most of it. */
  readonly rows: Omit<TaskRows, "vectors">;
  /** Which task a query is of. */
  readonly posterior: TaskPosterior;
  /** Where the rows themselves stand. */
  readonly evidence: TaskEvidence;
}

/** A fitted reader. */
export interface TaskReader extends ReaderQueries {
  /** Models with at least one training score, ascending. */
  readonly models: readonly string[];
  /** What they score. */
  readonly means: TaskMeans;
  /** How far a query may be trusted to be of a known task. */
  readonly novelty: Novelty;
  /**
   * What is expected of a new model; learned when first asked for.
   * @throws {CapabilityError} when there are fewer than two known models
   */
  readonly prior: () => Promise<RecordPrior>;
}

/**
 * Fits a reader to training rows and, if given, validation rows; once for the same content.
 * @throws {CapabilityError} when no row has a score
 */
export function fitTaskReader(
  train: TrainingData,
  validation: TrainingData | undefined,
  seed: number,
): Promise<TaskReader> {
  const parts = validation ? [train, validation] : [train], key = rowsKey(parts, seed);
  const outcomes = hashJson({
    rows: key,
    models: train.models,
    scores: parts.map(({ scores: { buffer, byteOffset, byteLength } }) =>
      sha256(new Uint8Array(buffer, byteOffset, byteLength))
    ),
    costs: Array.from(train.meanCosts, String), // they break ties
  });
  const { memo } = train.queries;
  return memo(`task-reader/outcomes/${outcomes}`, async () => {
    const queries = await memo(`task-reader/queries/${key}`, () => fitQueries(parts, seed));
    return await fitOutcomes(queries, parts, seed);
  });
}

async function fitQueries(parts: readonly TrainingData[], seed: number): Promise<ReaderQueries> {
  const { vectors, ...rows } = await taskRows(parts, seed), stream = random(seed, "task posterior");
  const posterior = await fitTaskPosterior(vectors, rows.task, rows.tasks.length, stream);
  return { rows, posterior, evidence: await taskEvidence(posterior, vectors) };
}

async function fitOutcomes(
  queries: ReaderQueries,
  parts: readonly TrainingData[],
  seed: number,
): Promise<TaskReader> {
  const { rows, posterior, evidence } = queries;
  const { models, scores, meanCosts } = taskOutcomes(parts, rows), M = models.length;
  if (M === 0) throw new CapabilityError("no training query has a score");
  const means = fitTaskMeans(scores, M, rows.task, rows.tasks.length);
  const pool = { models, meanCosts };
  const novelty = await fitNovelty({ ...rows, scores, pool }, posterior, evidence, means);
  let prior: Promise<RecordPrior> | undefined;
  return {
    ...queries,
    models,
    means,
    novelty,
    prior: () => {
      if (M < 2) {
        throw new CapabilityError(
          `a new model is read in the light of at least two known ones; there is ${M}`,
        );
      }
      return prior ??= fitRecordPrior({ ...rows, scores }, means, seed);
    },
  };
}

/** Where the queries of a batch stand; computed once for all pools that are routed. */
export function placeQueries(
  { rows, posterior }: TaskReader,
  batch: QueryBatch,
): Promise<{
  /** P(t|x), row-major [Q × T]. */
  attention: Float64Array;
  /** ν(x). Length Q. */
  distance: Float64Array;
}> {
  return batch.memo(`task-reader/placed/${rows.key}`, async () => {
    const evidence = await taskEvidence(posterior, batch.vectors);
    return {
      attention: taskAttention(posterior, evidence),
      distance: taskDistance(posterior, evidence),
    };
  });
}

/**
 * Writes μ_m + gate(x)·( Σ_t P(t|x) θ_tm − μ_m ) into the columns of some models.
 *
 * @param quality [Q × columns]
 * @param attention P(t|x), row-major [Q × T]
 * @param gates gate(x). Length Q.
 */
export async function answer(
  quality: Float64Array,
  columns: readonly string[],
  { models, means, theta }: ReadModels,
  attention: Float64Array,
  gates: Float64Array,
): Promise<void> {
  const k = models.length, Q = gates.length;
  if (k === 0) return;
  const dense = await productF64(attention, theta, Q, theta.length / k, k);
  models.forEach((model, m) => {
    const column = columns.indexOf(model);
    for (let i = 0; i < Q; i++) {
      quality[i * columns.length + column] = means[m] + gates[i] * (dense[i * k + m] - means[m]);
    }
  });
}

/**
 * Reads the records of new models, μ_new = Σ_t (n_t/N) θ_new,t. The task and the residuals of a row that
 * the reader was fitted on are known by its id; any other row is of its tasks with P(t|x), and nothing is
 * known of how the old models did on it. Models without a label are left out.
 *
 * @throws {CapabilityError} when there are fewer than two known models
 */
export async function readProfiles(
  reader: TaskReader,
  { queries, models: pool, scores }: ModelProfiles,
): Promise<ReadModels> {
  const { rows, posterior, means } = reader, T = rows.tasks.length, M = reader.models.length;
  const prior = await reader.prior();
  const order = [...queries.ids.keys()].sort((a, b) => queries.ids[a] < queries.ids[b] ? -1 : 1);
  const columns = [...pool.keys()].filter((m) =>
    order.some((i) => !Number.isNaN(scores[i * pool.length + m]))
  );
  const evidence = await taskEvidence(posterior, takeRows(queries.vectors, order));
  const attention = taskAttention(posterior, evidence);
  const residuals = new Float64Array(order.length * M).fill(NaN);
  const known = new Map(rows.ids.map((id, i) => [id, i]));
  order.forEach((i, k) => {
    const row = known.get(queries.ids[i]);
    if (row === undefined) return;
    attention.set(oneHot([rows.task[row]], T), k * T);
    residuals.set(means.residuals.subarray(row * M, (row + 1) * M), k * M);
  });
  const labels = order.flatMap((i) => columns.map((m) => scores[i * pool.length + m]));
  const records = { attention, residuals, scores: Float64Array.from(labels) };
  const k = columns.length, theta = await readRecords(prior, records, k);
  const overall = new Float64Array(k);
  theta.forEach((value, at) => overall[at % k] += means.shares[Math.floor(at / k)] * value);
  return { models: columns.map((m) => pool[m]), means: overall, theta };
}
