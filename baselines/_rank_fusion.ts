/**
 * Rank fusion over clusters, the decision core of Avengers and Avengers-Pro:
 *
 *   ŝ(x,m) = Σ_c P(c) / (rank_c(m) + a),   P = softmax(−β·d) over the top_k nearest clusters, d = 1 − cosine
 * @module
 */
import { tieOrder } from "../src/router/mod.ts";
import type { Matrix } from "../src/linalg/mod.ts";

/** How rankings are fused. */
export interface Fusion {
  /** Clusters that vote. */
  readonly topK: number;
  /** Sharpness of the softmax over their distances. */
  readonly beta: number;
  /** Constant a of the reciprocal rank. */
  readonly offset: number;
}

/**
 * Ranks the models of every cluster by a value, 0 = best; ties by lower mean cost, then id. A model whose
 * value is NaN has no rank (NaN), and the others are ranked as if it were not there.
 *
 * @param values [K × M]
 */
export function rankInClusters(
  values: Float64Array,
  models: readonly string[],
  meanCosts: Float64Array,
): Float64Array {
  const M = models.length;
  const order = Array.from(tieOrder({ models, meanCosts }));
  const ranks = new Float64Array(values.length).fill(NaN);
  for (let start = 0; start < values.length; start += M) {
    // The sort is stable, so equal values keep the tie order.
    const best = order.filter((m) => !Number.isNaN(values[start + m]))
      .sort((a, b) => values[start + b] - values[start + a]);
    best.forEach((m, rank) => ranks[start + m] = rank);
  }
  return ranks;
}

/**
 * Fused reciprocal ranks, [Q × M]; NaN where a model has no rank.
 *
 * @param cosines [Q × K] of queries and cluster centres
 * @param ranks [K × M], 0 = best
 */
export function fuseRanks(
  cosines: Matrix,
  ranks: Float64Array,
  models: number,
  { topK, beta, offset }: Fusion,
): Float64Array {
  const K = cosines.width, voters = Math.min(topK, K);
  const quality = new Float64Array(cosines.rows * models);
  const chosen = new Int32Array(voters), weight = new Float64Array(voters);
  for (let i = 0; i < cosines.rows; i++) {
    const row = cosines.data.subarray(i * K, (i + 1) * K);
    nearestClusters(row, chosen);
    let sum = 0;
    for (let v = 0; v < voters; v++) {
      weight[v] = Math.exp(beta * (row[chosen[v]] - row[chosen[0]]));
      sum += weight[v];
    }
    for (let v = 0; v < voters; v++) {
      const at = chosen[v] * models;
      for (let m = 0; m < models; m++) {
        quality[i * models + m] += weight[v] / sum / (ranks[at + m] + offset);
      }
    }
  }
  return quality;
}

/** Fills `chosen` with the columns of the largest values, largest first; ties to the lower column. */
function nearestClusters(values: Float32Array, chosen: Int32Array): void {
  chosen.fill(-1);
  for (let c = 0; c < values.length; c++) {
    let at = chosen.length;
    while (at > 0 && (chosen[at - 1] < 0 || values[c] > values[chosen[at - 1]])) at--;
    if (at === chosen.length) continue;
    chosen.copyWithin(at + 1, at);
    chosen[at] = c;
  }
}
