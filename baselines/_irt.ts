/**
 * What the two variants of IRT-Router share: the warm-up of cold queries, and one training for all its settings.
 * @module
 */
import {
  type FitContext,
  neighbours,
  type QueryBatch,
  type TrainingData,
} from "../src/router/mod.ts";
import { type Matrix, matrix } from "../src/linalg/mod.ts";

/** Training queries that warm up a cold one; the paper's number is not known to us. */
const WARMING = 10;

/** φ' of every query: its embedding, of which a `share` is the mean of the nearest training queries. */
export async function warmedUp(
  batch: QueryBatch,
  store: QueryBatch,
  share: number,
): Promise<Matrix> {
  const { rows, width, data } = batch.vectors;
  if (share === 0) return batch.vectors;
  const { index, k } = await neighbours(batch, store, WARMING), near = Math.min(WARMING, k);
  const warm = new Float32Array(data.length), stored = store.vectors.data, part = share / near;
  for (let i = 0; i < rows; i++) {
    const to = i * width;
    for (let d = 0; d < width; d++) warm[to + d] = (1 - share) * data[to + d];
    for (let j = 0; j < near; j++) {
      const from = index[i * k + j] * width;
      for (let d = 0; d < width; d++) warm[to + d] += part * stored[from + d];
    }
  }
  return matrix(rows, width, warm);
}

/** Makes what the same outcomes, seed and number of epochs make, once. */
export function onceForOutcomes<T>(
  make: (train: TrainingData, epochs: number, context: FitContext) => Promise<T>,
): typeof make {
  const made = new WeakMap<Float64Array, Map<string, Promise<T>>>();
  return (train, epochs, context) => {
    const known = made.get(train.scores) ?? new Map<string, Promise<T>>();
    made.set(train.scores, known);
    const key = `${context.seed}/${epochs}`;
    const result = known.get(key) ?? make(train, epochs, context);
    known.set(key, result);
    result.catch(() => known.delete(key)); // an aborted one may be asked for again
    return result;
  };
}
