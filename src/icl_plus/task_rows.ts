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
  const every = parts.flatMap(({ queries }) => queries.ids);
  const position = Uint32Array.from(every.keys()).sort((a, b) => every[a] < every[b] ? -1 : 1);
  const inOrder = (of: (part: TrainingData) => readonly string[]): string[] => {
    const all = parts.flatMap(of);
    return Array.from(position, (at) => all[at]);
  };
  const ids = inOrder(({ queries }) => queries.ids), N = ids.length;
  const vectors = matrix(N, parts[0].queries.vectors.width), place = placesIn(parts);
  position.forEach((at, i) => {
    const { part, row: own } = place(at);
    row(vectors, i).set(row(part.queries.vectors, own));
  });
  const key = rowsKey(parts, seed);
  const labels = indexed(inOrder(({ tasks }) => tasks));
  const clustered = labels.names.length < FEWEST_TASKS || N < SMALLEST_TASK * labels.names.length;
  const texts = inOrder(({ queries }) => queries.texts);
  const batch = { ids, texts, vectors, memo: createMemo(key) };
  const tasks = clustered ? await clusterTasks(batch, seed) : labels;
  const benchmarks = indexed(inOrder(benchmarksOf));
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

function benchmarksOf({ queries }: TrainingData): readonly string[] {
  if (!queries.benchmarks) throw new TypeError("training queries without benchmark labels");
  return queries.benchmarks;
}

/** Where the rows of the parts, one after the other, are. */
function placesIn(
  parts: readonly TrainingData[],
): (at: number) => { part: TrainingData; row: number } {
  return (at) => {
    let p = 0;
    while (at >= parts[p].queries.ids.length) at -= parts[p++].queries.ids.length;
    return { part: parts[p], row: at };
  };
}

/** The outcomes of the parts that rows were joined from, in the order of the rows. */
export function taskOutcomes(
  parts: readonly TrainingData[],
  rows: Pick<TaskRows, "ids" | "position">,
): TaskOutcomes {
  const [{ models: pool }] = parts, N = rows.ids.length;
  const known = new Uint8Array(pool.length), place = placesIn(parts);
  for (const { scores } of parts) {
    for (let at = 0; at < scores.length; at++) {
      if (!Number.isNaN(scores[at])) known[at % pool.length] = 1;
    }
  }
  const columns = [...pool.keys()]
    .filter((m) => known[m] === 1)
    .sort((a, b) => pool[a] < pool[b] ? -1 : 1);
  const M = columns.length, scores = new Float64Array(N * M);
  rows.position.forEach((at, i) => {
    const { part, row: own } = place(at), from = own * pool.length;
    for (let c = 0; c < M; c++) scores[i * M + c] = part.scores[from + columns[c]];
  });
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
