/**
 * Votes of the nearest labelled queries, of `knn.ts` and what builds on it.
 * @module
 */
import { columnMeans, neighbours, type QueryBatch } from "../src/router/mod.ts";
import { squareNorms } from "../src/linalg/mod.ts";

/** Who votes. */
export interface Voting {
  /** Neighbours that vote. */
  readonly k: number;
  /** Equal votes, or by 1/distance: `inverse` gives exact matches all the weight. */
  readonly weights: "uniform" | "inverse";
}

/** Neighbours to search for, so that one search serves all these configurations. */
export function widest(configs: readonly unknown[]): number {
  return Math.max(...(configs as Pick<Voting, "k">[]).map(({ k }) => k));
}

/** Labelled queries. */
export interface Labelled {
  /** N of them. */
  readonly queries: QueryBatch;
  /** Models that have scores of them. */
  readonly models: readonly string[];
  /** Scores [N × models], NaN = missing. */
  readonly scores: Float64Array;
}

/** Up to this distance two vectors point the same way: one step of the grid is about 10⁻⁷. */
const EXACT = 1e-8;

/**
 * ŝ(x,m) = Σ_j w_j s(j,m) / Σ_j w_j over the k nearest labelled queries that have a score of m, else m's mean; [Q × M].
 *
 * @param most neighbours to search for, at least k, see {@link widest}
 * @param own whether a labelled query of the same id may vote; `apart`: it may not
 */
export async function vote(
  batch: QueryBatch,
  { queries, models: { length: M }, scores }: Labelled,
  { k, weights }: Voting,
  most: number,
  own: "votes" | "apart" = "votes",
): Promise<Float64Array> {
  const apart = own === "apart";
  const { index, similarity, k: found } = await neighbours(batch, queries, most + Number(apart));
  const quality = new Float64Array(batch.ids.length * M);
  let means: Float64Array | undefined; // of all rows: longer to compute than a vote, and seldom needed
  const near = new Int32Array(Math.min(k, found)), weight = new Float64Array(near.length);
  const sum = new Float64Array(M), total = new Float64Array(M);
  const asked = lengths(batch), stored = lengths(queries);
  for (let i = 0; i < batch.ids.length; i++) {
    let voters = 0;
    for (let at = i * found; at < (i + 1) * found && voters < near.length; at++) {
      const row = index[at];
      if (apart && queries.ids[row] === batch.ids[i]) continue;
      weight[voters] = weights === "uniform"
        ? 1
        : 1 - similarity[at] / (asked[i] * stored[row] || 1);
      near[voters++] = row;
    }
    if (weights === "inverse") invert(weight.subarray(0, voters));
    sum.fill(0), total.fill(0);
    for (let j = 0; j < voters; j++) {
      if (weight[j] !== 0) addVote(scores, near[j] * M, weight[j], sum, total);
    }
    for (let m = 0; m < M; m++) {
      quality[i * M + m] = total[m] > 0 ? sum[m] / total[m] : (means ??= columnMeans(scores, M))[m];
    }
  }
  return quality;
}

/** Adds a voter's scores, which begin at `at`, to the sums and its weight to those of the models it has scores of. */
function addVote(
  scores: Float64Array,
  at: number,
  weight: number,
  sum: Float64Array,
  total: Float64Array,
): void {
  for (let m = 0; m < sum.length; m++, at++) {
    const score = scores[at];
    if (score === score) sum[m] += weight * score, total[m] += weight;
  }
}

/** 1/distance in place; where some are 0 (exact matches), 1 for those and 0 for the others. */
function invert(distance: Float64Array): void {
  const exact = distance.some((d) => d < EXACT);
  for (let j = 0; j < distance.length; j++) {
    distance[j] = exact ? Number(distance[j] < EXACT) : 1 / (distance[j] + 1e-8);
  }
}

/** |x| of every query: rounding to the grid leaves lengths up to 0.1% off 1. */
function lengths({ vectors, memo }: QueryBatch): Float64Array {
  return memo("lengths", () => squareNorms(vectors).map(Math.sqrt));
}
