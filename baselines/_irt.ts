/**
 * What the two variants of IRT-Router share: their settings, and the warm-up of cold queries.
 * @module
 */
import { neighbours, type QueryBatch } from "../src/router/mod.ts";
import { type Matrix, matrix } from "../src/linalg/mod.ts";

/** One configuration of the grid. */
export interface Config {
  /** Passes over the training queries. */
  readonly epochs: number;
  /** λ_w, the share of the neighbours in the embedding of a query to be routed. */
  readonly warmUp: number;
}

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
