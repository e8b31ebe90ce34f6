/**
 * The rows a task reader learns from: training rows, at the end joined by the validation rows, in the order
 * of their ids, each with the task it belongs to.
 *
 * Tasks are the task labels of the data. Where these say nothing (fewer than four of them) or are as good as
 * query ids (fewer than five rows a label), k-means clusters of the vectors take their place.
 * @module
 */
import type { QueryBatch, TrainingData } from "../router/contract.ts";
import { hashJson, sha256 } from "../base/hash.ts";
import { type Matrix, matrix, row } from "../linalg/matrix.ts";
import { createMemo } from "../router/memo.ts";
import { clusters } from "../router/training.ts";

/** Fewer labels than these do not describe queries; lookahead's 7 still do better than 100 clusters. */
const FEWEST_TASKS = 4;
/** Fewer rows a label than these cannot be averaged. */
const SMALLEST_TASK = 5;
/** Clusters in place of labels, at most, and rows a cluster at least. */
const MOST_CLUSTERS = 100, ROWS_PER_CLUSTER = 20;

/** N rows in the order of their ids; nothing here depends on outcomes. */
export interface TaskRows {
  /** Names the rows with all that is known of them but their outcomes. */
  readonly key: string;
  /** Query ids, ascending. Length N. */
  readonly ids: readonly string[];
  /** Where each row stands in the parts, one after the other. Length N. */
  readonly position: Uint32Array;
  /** Query vectors [N × D]. */
  readonly vectors: Matrix;
  /** Task of each row. Length N. */
  readonly task: Uint32Array;
  /** Names of the tasks, each of at least one row. Length T. */
  readonly tasks: readonly string[];
  /** The tasks are clusters of the vectors, not labels. */
  readonly clustered: boolean;
  /** Benchmark of each row. Length N. */
  readonly benchmark: Uint32Array;
  /** Number of benchmarks. */
  readonly benchmarks: number;
}

/** Outcomes of {@link TaskRows}. */
export interface TaskOutcomes {
  /** Models with at least one score, ascending. Length M. */
  readonly models: readonly string[];
  /** Scores, row-major [N × M], NaN = missing. */
  readonly scores: Float64Array;
  /** Mean training cost of each model, to break ties; NaN = unpriced. Length M. */
  readonly meanCosts: Float64Array;
}

/** Names parts of training data with all that is known of their queries; the same content, the same key. */
export function rowsKey(parts: readonly TrainingData[], seed: number): string {
  return hashJson({
    seed,
    parts: parts.map(({ queries: { ids, vectors: { data }, benchmarks = [] }, tasks }) => ({
      ids,
      tasks,
      benchmarks,
      vectors: sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
    })),
  });
}

/**
 * Joins parts of training data.
 *
 * @param seed seed of the clusters, where clusters are needed
 * @throws {TypeError} when benchmark labels are absent
 */
export async function taskRows(
  parts: readonly TrainingData[],
  seed: number,
): Promise<TaskRows> {
  const every = parts.flatMap(({ queries, tasks }) => {
    if (!queries.benchmarks) throw new TypeError("training queries without benchmark labels");
    return queries.ids.map((id, i) => ({
      id,
      text: queries.texts[i],
      vector: row(queries.vectors, i),
      task: tasks[i],
      benchmark: queries.benchmarks![i],
    }));
  });
  const position = Uint32Array.from(every.keys())
    .sort((a, b) => every[a].id < every[b].id ? -1 : 1);
  const rows = Array.from(position, (at) => every[at]);
  const vectors = matrix(rows.length, parts[0].queries.vectors.width);
  rows.forEach(({ vector }, i) => row(vectors, i).set(vector));
  const ids = rows.map(({ id }) => id), key = rowsKey(parts, seed);
  const labels = indexed(rows.map(({ task }) => task));
  const clustered = labels.names.length < FEWEST_TASKS ||
    rows.length < SMALLEST_TASK * labels.names.length;
  const batch = { ids, texts: rows.map(({ text }) => text), vectors, memo: createMemo(key) };
  const tasks = clustered ? await clusterTasks(batch, seed) : labels;
  const benchmarks = indexed(rows.map(({ benchmark }) => benchmark));
  return {
    key,
    ids,
    position,
    vectors,
    task: tasks.of,
    tasks: tasks.names,
    clustered,
    benchmark: benchmarks.of,
    benchmarks: benchmarks.names.length,
  };
}

/** The outcomes of the parts that rows were joined from, in the order of the rows. */
export function taskOutcomes(parts: readonly TrainingData[], rows: TaskRows): TaskOutcomes {
  const [{ models: pool }] = parts, N = rows.ids.length;
  const source: Float64Array[] = [];
  for (const { scores, queries } of parts) {
    queries.ids.forEach((_, i) =>
      source.push(scores.subarray(i * pool.length, (i + 1) * pool.length))
    );
  }
  const columns = [...pool.keys()]
    .filter((m) => source.some((scores) => !Number.isNaN(scores[m])))
    .sort((a, b) => pool[a] < pool[b] ? -1 : 1);
  const M = columns.length, scores = new Float64Array(N * M);
  rows.position.forEach((at, i) => columns.forEach((m, c) => scores[i * M + c] = source[at][m]));
  return {
    models: columns.map((m) => pool[m]),
    scores,
    meanCosts: Float64Array.from(columns, (m) => parts[0].meanCosts[m]),
  };
}

/** Whether at least half of the validation rows are of a task that training rows have; without any, yes. */
export function validationIsFamiliar({ tasks, validation }: TrainingData): boolean {
  if (!validation || validation.tasks.length === 0) return true;
  const known = new Set(tasks);
  return 2 * validation.tasks.filter((task) => known.has(task)).length >= validation.tasks.length;
}

/** Clusters that have rows, as tasks. */
async function clusterTasks(batch: QueryBatch, seed: number): Promise<Indexed> {
  const most = Math.floor(batch.ids.length / ROWS_PER_CLUSTER);
  const k = Math.max(1, Math.min(MOST_CLUSTERS, most));
  const { assignment } = await clusters(batch, k, seed);
  return indexed(Array.from(assignment, (c) => `cluster ${String(c).padStart(3, "0")}`));
}

interface Indexed {
  readonly names: readonly string[];
  readonly of: Uint32Array;
}

/** Names in ascending order, and which one each label is. */
function indexed(labels: readonly string[]): Indexed {
  const names = [...new Set(labels)].sort();
  const at = new Map(names.map((name, i) => [name, i]));
  return { names, of: Uint32Array.from(labels, (label) => at.get(label)!) };
}
