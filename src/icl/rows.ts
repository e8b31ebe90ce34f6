/**
 * Training and validation rows in an order that hangs on their ids alone.
 * @module
 */
import type { TrainingData } from "../router/contract.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { type Outcomes, solvedOf } from "./record.ts";

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
