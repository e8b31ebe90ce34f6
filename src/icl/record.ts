/**
 * Records in the shape the network reads them, and the labels stage 2 learns from.
 * @module
 */
import type { Matrix } from "../linalg/matrix.ts";

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
  const { data, width } = vectors, out = new Float32Array(known.length * width);
  known.forEach((i, k) => out.set(data.subarray(i * width, (i + 1) * width), k * width));
  return {
    vectors: out,
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
