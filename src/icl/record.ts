/**
 * Records in the shape the network reads them, and the rows a network is trained on, in an order that depends on
 * their ids alone.
 * @module
 */
import { sha256 } from "../base/hash.ts";
import { type Matrix, takeRows } from "../linalg/matrix.ts";
import type { Random } from "../base/random.ts";
import type { TrainingData } from "../router/contract.ts";

/** What models did on queries, ready for training. */
export interface Outcomes {
  /** Query vectors [N × input]. */
  readonly vectors: Matrix;
  /** Outcome of every query and model in [0, 1], row-major [N × M], NaN = missing. */
  readonly labels: Float64Array;
  /** Number of models. */
  readonly models: number;
  /** Benchmark of each row, for pseudo-models. */
  readonly benchmarks: readonly string[];
}

/** A model's record: which queries, and whether it solved them. */
export interface Record {
  /** Query vectors in record order [K × input]. */
  readonly vectors: Float32Array;
  /** 1 = solved, 0 = not. Length K. */
  readonly labels: BigInt64Array;
}

/** The record of one model on a list of rows; rows without an outcome are left out. */
export function recordOf(
  { vectors, labels, models }: Pick<Outcomes, "vectors" | "labels" | "models">,
  rows: ArrayLike<number>,
  model: number,
): Record {
  const known = Array.from(rows).filter((i) => !Number.isNaN(labels[i * models + model]));
  return {
    vectors: takeRows(vectors, known).data,
    labels: BigInt64Array.from(known, (i) => BigInt(labels[i * models + model] >= 0.5 ? 1 : 0)),
  };
}

/** Scores against each row's threshold: 1 = solved, 0 = not, NaN = missing. [N × M] */
export function solvedOf(scores: Float64Array, solvedFrom: ArrayLike<number>): Float64Array {
  const models = scores.length / solvedFrom.length;
  return scores.map((s, at) =>
    Number.isNaN(s) ? NaN : s >= solvedFrom[Math.floor(at / models)] ? 1 : 0
  );
}

/** Rows with texts, vectors and labels. */
export interface Labelled extends Outcomes {
  /** Query ids. */
  readonly ids: readonly string[];
  /** Query texts. */
  readonly texts: readonly string[];
  /** Scores [N × M]. */
  readonly scores: Float64Array;
  /** How many of the rows are training rows; they come first. */
  readonly training: number;
}

/** Scores of some rows [rows × models]. */
export function scoresOf({ scores, models: M }: Labelled, rows: Uint32Array): Float64Array {
  return Float64Array.from(
    { length: rows.length * M },
    (_, at) => scores[rows[Math.floor(at / M)] * M + at % M],
  );
}

/** Columns of models by ascending id. */
export function byId(models: readonly string[]): number[] {
  return [...models.keys()].sort((a, b) => models[a] < models[b] ? -1 : 1);
}

/** What a network learns of a batch of queries beside their vectors, for its name in a memo: models, hashes of scores. */
export function taughtBy(
  { models, scores, validation }: TrainingData,
): { readonly models: readonly string[]; readonly scores: readonly string[] } {
  const parts = validation ? [scores, validation.scores] : [scores];
  return {
    models,
    scores: parts.map(({ buffer, byteOffset, byteLength }) =>
      sha256(new Uint8Array(buffer, byteOffset, byteLength))
    ),
  };
}

/** Training rows, then validation rows, each by ascending id; columns in the given order. */
export function labelled(train: TrainingData, order: readonly number[]): Labelled {
  const parts = train.validation ? [train, train.validation] : [train];
  const M = train.models.length;
  const picked = parts.flatMap((part) =>
    [...part.queries.ids.keys()]
      .sort((a, b) => part.queries.ids[a] < part.queries.ids[b] ? -1 : 1)
      .map((i) => ({ part, i }))
  );
  const width = train.queries.vectors.width;
  const data = new Float32Array(picked.length * width);
  const scores = new Float64Array(picked.length * M);
  picked.forEach(({ part, i }, at) => {
    data.set(part.queries.vectors.data.subarray(i * width, (i + 1) * width), at * width);
    order.forEach((m, j) => scores[at * M + j] = part.scores[i * M + m]);
  });
  const vectors: Matrix = { ...train.queries.vectors, rows: picked.length, data };
  return {
    ids: picked.map(({ part, i }) => part.queries.ids[i]),
    texts: picked.map(({ part, i }) => part.queries.texts[i]),
    benchmarks: picked.map(({ part, i }) => part.queries.benchmarks![i]),
    vectors,
    scores,
    labels: solvedOf(scores, picked.map(({ part, i }) => part.solvedFrom[i])),
    models: M,
    training: train.queries.ids.length,
  };
}

/**
 * More records to learn from than there are models (a variant, icl-router.md §6): the models of some rows and, for
 * each, a number of made-up ones, which take in every benchmark the outcomes of a random real model.
 */
export function withPseudoModels(
  rows: Labelled,
  perModel: number,
  stream: Random,
): { solved: Outcomes; scores: Float64Array } {
  if (perModel === 0) return { solved: rows, scores: rows.scores };
  const M = rows.models, all = M * (1 + perModel), N = rows.ids.length;
  const labels = new Float64Array(N * all), scores = new Float64Array(N * all);
  const source = (benchmark: string, m: number): number =>
    m < M ? m : stream.fork("pseudo-model", benchmark, m).integer(M);
  const sources = new Map(
    [...new Set(rows.benchmarks)].map((b) => [
      b,
      Uint32Array.from({ length: all }, (_, m) => source(b, m)),
    ]),
  );
  for (let i = 0; i < N; i++) {
    const of = sources.get(rows.benchmarks[i])!;
    for (let m = 0; m < all; m++) {
      labels[i * all + m] = rows.labels[i * M + of[m]];
      scores[i * all + m] = rows.scores[i * M + of[m]];
    }
  }
  return { solved: { ...rows, labels, models: all }, scores };
}
