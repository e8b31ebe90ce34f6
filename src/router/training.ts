/**
 * Arithmetic on training data that most routers share.
 * @module
 */
import type { Memo, QueryBatch, TrainingData } from "./contract.ts";
import { type Clusters, clustersAround, kmeans } from "../linalg/kmeans.ts";
import { type Matrix, strided, takeRows } from "../linalg/matrix.ts";
import { createMemo } from "./memo.ts";
import { EXACT_UP_TO, noteSize } from "./size_notes.ts";
import { type Random, random } from "../base/random.ts";

/** Column means of [N × M] cells over all or some rows, missing cells skipped; NaN for an empty column. */
export function columnMeans(
  cells: Float64Array | Float32Array,
  columns: number,
  rows?: Iterable<number>,
): Float64Array {
  const sum = new Float64Array(columns), count = new Float64Array(columns);
  const all = rows && Uint32Array.from(rows), many = all ? all.length : cells.length / columns;
  for (let n = 0; n < many; n++) {
    for (let m = 0, at = (all ? all[n] : n) * columns; m < columns; m++, at++) {
      const value = cells[at];
      if (value === value) sum[m] += value, count[m]++;
    }
  }
  return sum.map((s, m) => s / count[m]);
}

/** Means of [N × M] cells per cluster and model, [K × M], and how many cells each mean is of. */
export function clusterMeans(
  cells: Float64Array,
  columns: number,
  assignment: ArrayLike<number>,
  clusters: number,
): { mean: Float64Array; count: Float64Array } {
  const mean = new Float64Array(clusters * columns), count = new Float64Array(clusters * columns);
  for (let i = 0; i < assignment.length; i++) {
    for (let m = 0; m < columns; m++) {
      const value = cells[i * columns + m], at = assignment[i] * columns + m;
      if (!Number.isNaN(value)) mean[at] += value, count[at]++;
    }
  }
  for (let at = 0; at < mean.length; at++) mean[at] /= count[at];
  return { mean, count };
}

/** Queries a cluster needs on average for its mean scores to say anything. */
const QUERIES_PER_CLUSTER = 10;

/**
 * k-means clusters of a batch's vectors, computed once for every (k, seed); k is lowered where there are
 * fewer than ten queries a cluster. One greedy start: it routes as well as the best of four plain ones, in a sixth of
 * their time. Of more than {@link EXACT_UP_TO} queries so many, evenly by id, make the clusters, and a note says so.
 */
export function clusters(
  queries: QueryBatch,
  k: number,
  seed: number,
): Promise<Clusters> {
  const n = queries.ids.length;
  if (n > EXACT_UP_TO) noteSize(`clusters are made of ${EXACT_UP_TO} of ${n} queries`);
  const most = Math.max(1, Math.floor(n / QUERIES_PER_CLUSTER)), count = Math.min(k, most);
  return queries.memo(`kmeans/${count}/${seed}`, async () => {
    const options = { random: random(seed, "kmeans", count), iterations: 30 }; // later ones move few rows
    if (n <= EXACT_UP_TO) {
      return await kmeans(queries.vectors, count, { ...options, rank: idRank(queries) });
    }
    const sample = takeRows(queries.vectors, strided(byId(queries), EXACT_UP_TO));
    const { centroids } = await kmeans(sample, count, options);
    return await clustersAround(centroids, queries.vectors);
  });
}

/** Rank of every query's id in ascending order. Length Q. */
export function idRank(queries: QueryBatch): Uint32Array {
  const { ids, memo } = queries;
  return memo("id-rank", () => {
    const rank = new Uint32Array(ids.length);
    byId(queries).forEach((i, position) => rank[i] = position);
    return rank;
  });
}

/** Positions of queries, or of models, in ascending order of their ids: an order that does not depend on how they came in. */
export function byId({ ids }: Pick<QueryBatch, "ids">): Uint32Array {
  return Uint32Array.from(ids.keys()).sort((a, b) => ids[a] < ids[b] ? -1 : 1);
}

/** Cells as a loss takes them: numbers, and a weight that is 0 where an outcome is missing. */
export interface MaskedCells {
  /** As the cells, 0 where missing. */
  readonly labels: Float32Array;
  /** 1, or 0 where missing. */
  readonly weights: Float32Array;
}

/** Splits cells with NaN for missing into numbers and weights, both of the cells' length. */
export function masked(cells: Float64Array): MaskedCells {
  const labels = new Float32Array(cells.length), weights = new Float32Array(cells.length);
  for (let at = 0; at < cells.length; at++) {
    if (!Number.isNaN(cells[at])) labels[at] = cells[at], weights[at] = 1;
  }
  return { labels, weights };
}

/** Rows of a row-major array of the given width, one after the other, as a new array. */
export function gather(
  from: Float32Array,
  width: number,
  rows: ArrayLike<number>,
): Float32Array {
  const out = new Float32Array(rows.length * width);
  for (let i = 0, to = 0; i < rows.length; i++) { // by hand: views of short rows take longer than copying them
    for (let at = rows[i] * width, end = at + width; at < end; at++) out[to++] = from[at];
  }
  return out;
}

/** What a network with one output a model learns from, see {@link labelledExamples}. */
export interface LabelledExamples extends MaskedCells {
  /** Rows with a known outcome, in ascending order of their ids. */
  readonly examples: Uint32Array;
}

/** Training rows with a known outcome, and their scores [N × M] as soft labels. */
export function labelledExamples({ queries, models, scores }: TrainingData): LabelledExamples {
  const M = models.length, { labels, weights } = masked(scores);
  const examples = byId(queries).filter((i) => weights.subarray(i * M, (i + 1) * M).includes(1));
  return { examples, labels, weights };
}

/**
 * The same function, computed once for each batch of vectors. A pool that takes in new models again and again asks as
 * often for what it predicts of the old ones.
 */
export function oncePerBatch<T extends WeakKey>(
  make: (queries: QueryBatch) => T,
): (queries: QueryBatch) => T {
  const made = new WeakMap<Matrix, T>();
  return (queries) => {
    const known = made.get(queries.vectors) ?? make(queries);
    made.set(queries.vectors, known);
    return known;
  };
}

/**
 * What depends on an object (a set of scores) and a key alone, made once: configurations that differ in something else
 * share it. A promise that fails is forgotten, so that it may be asked for again.
 */
export function onceFor<T>(): (of: WeakKey, make: () => T, key?: string | number) => T {
  const memos = new WeakMap<WeakKey, Memo>();
  return (of, make, key = "") => {
    const memo = memos.get(of) ?? createMemo("");
    memos.set(of, memo);
    return memo(`${key}`, make);
  };
}

/** Normal numbers for a vector of every model [M × width], drawn by its id: a start that no order changes. */
export function modelVectors(
  models: readonly string[],
  width: number,
  deviation: number,
  random: Random,
): Float32Array {
  const out = new Float32Array(models.length * width);
  models.forEach((id, m) => {
    const draw = random.fork("model", id);
    for (let j = 0; j < width; j++) out[m * width + j] = deviation * draw.normal();
  });
  return out;
}

/** Mean of the models' mean scores. */
export function poolMean(scores: Float64Array, models: number): number {
  const means = columnMeans(scores, models).filter((mean) => !Number.isNaN(mean));
  return means.reduce((sum, mean) => sum + mean, 0) / means.length;
}

/** Some queries, in the given order, as a batch of its own. @param id names them within the batch */
export function takeBatch(queries: QueryBatch, rows: readonly number[], id: string): QueryBatch {
  const { ids, texts, vectors, benchmarks, memo } = queries;
  const documents = "documents" in queries ? queries.documents : undefined; // withheld from most routers
  return {
    ids: rows.map((row) => ids[row]),
    texts: rows.map((row) => texts[row]),
    vectors: takeRows(vectors, rows),
    ...(documents && { documents: takeRows(documents, rows) }),
    ...(benchmarks && { benchmarks: rows.map((row) => benchmarks[row]) }),
    memo: createMemo(`${memo.id}/${id}`),
  };
}

/** Some rows of training data, in the given order, as a batch of its own. Validation rows stay as they are. */
export function takeTraining(
  train: TrainingData,
  rows: readonly number[],
  id: string,
): TrainingData {
  const { queries, models, scores, costs, solvedFrom, tasks } = train, M = models.length;
  // Withheld from most routers.
  const replies = "replies" in train ? train.replies : undefined;
  const plainScores = "plainScores" in train ? train.plainScores : undefined;
  const cells = (from: Float64Array): Float64Array => {
    const out = new Float64Array(rows.length * M);
    rows.forEach((row, i) => out.set(from.subarray(row * M, (row + 1) * M), i * M));
    return out;
  };
  return {
    ...train,
    queries: takeBatch(queries, rows, id),
    scores: cells(scores),
    costs: cells(costs),
    ...(plainScores && { plainScores: cells(plainScores) }),
    ...(replies && { replies: rows.flatMap((row) => replies.slice(row * M, (row + 1) * M)) }),
    solvedFrom: Float64Array.from(rows, (row) => solvedFrom[row]),
    tasks: rows.map((row) => tasks[row]),
  };
}

/** Replaces NaN cells of [K × M] by the model's overall value. */
export function fillMissing(cells: Float64Array, overall: Float64Array): Float64Array {
  return cells.map((value, at) => Number.isNaN(value) ? overall[at % overall.length] : value);
}

/** Number of stored outcomes, a size for the router card. */
export function storedCells({ scores }: TrainingData): number {
  return scores.reduce((n, s) => n + (Number.isNaN(s) ? 0 : 1), 0);
}
