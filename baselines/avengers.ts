/**
 * k-means rank (Avengers): cluster the training queries, rank the models inside each cluster by mean
 * score, and fuse the rankings of a query's nearest clusters by reciprocal rank.
 */
import type { FittedRouter, Router } from "../src/router/mod.ts";
import {
  clusterMeans,
  clusters,
  columnMeans,
  extendMeanCosts,
  extendPool,
  fillMissing,
  newModelMeans,
  poolMean,
  SHRINKAGES,
  type Shrunk,
} from "../src/router/mod.ts";
import { type Matrix, product } from "../src/linalg/mod.ts";
import { fuseRanks, rankInClusters, votesOf } from "./_rank_fusion.ts";

/** One configuration of the grid. */
export interface Config {
  /** k-means clusters. */
  readonly clusters: number;
  /** Nearest clusters that vote. */
  readonly topK: number;
  /** Sharpness of the softmax over cluster distances. */
  readonly beta: number;
}

/** The router. */
const router: Router<Config, Shrunk> = {
  name: "k-means rank (Avengers)",
  summary: "rank models inside each cluster of training queries, fuse the nearest clusters",
  source: "Avengers (arXiv 2505.19797, AAAI 2026) and its released code",
  statement: "Avengers without its self-consistency sampling: routing only; ranks are fused by " +
    "1/(rank + 1), as in Avengers-Pro's code, where Avengers' own has 1/(rank + 0.1); one k-means start by " +
    "greedy k-means++ in place of the best of ten; clusters, voters and β tuned.",
  grid: [64, 8, 16, 32, 128].flatMap((clusters): Config[] => [
    { clusters, topK: 1, beta: 9 },
    { clusters, topK: 3, beta: 9 },
    { clusters, topK: 3, beta: 3 },
  ]),
  unseen: "zero-update",
  unseenGrid: SHRINKAGES,
  scale: "rank",
  async fit({ queries, models, scores, meanCosts }, config, { seed }) {
    const { centroids, assignment } = await clusters(queries, config.clusters, seed);
    const M = models.length;
    const { mean } = clusterMeans(scores, M, assignment, centroids.rows);
    const filled = fillMissing(mean, columnMeans(scores, M));
    return ranked(models, meanCosts, filled, centroids, config, poolMean(scores, M));
  },
};
export default router;

/**
 * @param means mean score per cluster and model, [K × M]
 * @param known mean score of the training models
 */
function ranked(
  models: readonly string[],
  meanCosts: Float64Array,
  means: Float64Array,
  centroids: Matrix,
  config: Config,
  known: number,
): FittedRouter<Shrunk> {
  const ranks = rankInClusters(means, models, meanCosts);
  return {
    models,
    predict: async ({ vectors }) => ({
      quality: fuseRanks(
        votesOf(await product(vectors, centroids), config),
        ranks,
        models.length,
        1,
      ),
    }),
    withModels: async (profiles, way = SHRINKAGES[0]) => {
      const pool = extendPool(models, profiles);
      const fresh = await newModelMeans(profiles, centroids, known, way);
      const costs = extendMeanCosts(pool, meanCosts, profiles);
      return ranked(pool.models, costs, pool.merge(means, fresh), centroids, config, known);
    },
    describe: () => ({
      parameters: centroids.data.length + means.length,
      notes: [`${centroids.rows} clusters`],
    }),
  };
}
