/**
 * Rank fusion over clusters, the decision core of Avengers and Avengers-Pro:
 *
 *   ŝ(x,m) = Σ_c P(c) / (rank_c(m) + a),   P = softmax(−β·d) over the top_k nearest clusters, d = 1 − cosine
 * @module
 */
import { tieOrder } from "../src/router/mod.ts";
import type { Matrix } from "../src/linalg/mod.ts";

/** Who votes. */
export interface Electorate {
  /** Clusters that vote. */
  readonly topK: number;
  /** Sharpness of the softmax over their distances. */
  readonly beta: number;
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

/** Which clusters vote on each query, and P(c) of each vote: [Q × voters]. */
export interface Votes {
  /** Votes a query. */
  readonly voters: number;
  /** The clusters, nearest first. */
  readonly cluster: Int32Array;
  /** Their shares. */
  readonly share: Float64Array;
}

/** The votes on queries, from their cosines with the cluster centres, [Q × K]. */
export function votesOf(
  { data, rows, width: K }: Matrix,
  { topK, beta }: Electorate,
): Votes {
  const voters = Math.min(topK, K);
  const cluster = new Int32Array(rows * voters), share = new Float64Array(rows * voters);
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * K, (i + 1) * K), from = i * voters, to = from + voters;
    nearestClusters(row, cluster.subarray(from, to));
    let sum = 0;
    for (let v = from; v < to; v++) {
      sum += share[v] = Math.exp(beta * (row[cluster[v]] - row[cluster[from]]));
    }
    for (let v = from; v < to; v++) share[v] /= sum;
  }
  return { voters, cluster, share };
}

/**
 * Fused reciprocal ranks, [Q × M]; NaN where a model has no rank.
 *
 * @param ranks [K × M], 0 = best
 * @param offset a, of the reciprocal rank
 */
export function fuseRanks(
  { voters, cluster, share }: Votes,
  ranks: Float64Array,
  models: number,
  offset: number,
): Float64Array {
  const quality = new Float64Array(cluster.length / voters * models);
  for (let i = 0; i * voters < cluster.length; i++) {
    for (let v = i * voters; v < (i + 1) * voters; v++) {
      const at = cluster[v] * models;
      for (let m = 0; m < models; m++) {
        quality[i * models + m] += share[v] / (ranks[at + m] + offset);
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
