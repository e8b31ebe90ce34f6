/**
 * Avengers-Pro: as k-means rank, but inside a cluster the models are ranked by
 *
 *   B(m) = α·â(m) + (1 − α)·(1 − c̄_c(m) / max_m c̄_c)
 *
 * â = mean score min-max normalised within the cluster (1 if all are equal), c̄_c = mean cost within it.
 * α takes the place of λ on the curve: 1 is quality only.
 */
import type { FittedRouter, PointPredictions, QueryBatch, Router } from "../src/router/mod.ts";
import {
  CapabilityError,
  clusterMeans,
  clusters,
  columnMeans,
  extendMeanCosts,
  extendPool,
  fillMissing,
  newModelMeans,
  oncePerBatch,
  poolMean,
  profileMeans,
  SHRINKAGES,
  type Shrunk,
} from "../src/router/mod.ts";
import { type Matrix, product } from "../src/linalg/mod.ts";
import { fuseRanks, rankInClusters, type Votes, votesOf } from "./_rank_fusion.ts";

/** One configuration of the grid. */
export interface Config {
  /** k-means clusters. */
  readonly clusters: number;
  /** Nearest clusters that vote. */
  readonly topK: number;
}

const BETA = 9, OFFSET = 1;
const ALPHAS = Array.from({ length: 21 }, (_, i) => (20 - i) / 20);

/** The router. */
const router: Router<Config, Shrunk> = {
  name: "Avengers-Pro",
  summary: "rank models inside each cluster by a blend α of accuracy and cost",
  source: "Avengers-Pro (arXiv 2508.12631) and its released code",
  statement:
    "one k-means start by greedy k-means++ in place of the best of ten; clusters and voters " +
    "tuned; a model without costs is not ranked, where the code takes it to be free.",
  needs: ["cost"],
  grid: [25, 8, 16, 35, 64].flatMap((clusters): Config[] => [
    { clusters, topK: 3 },
    { clusters, topK: 1 },
  ]),
  unseen: "zero-update",
  unseenGrid: SHRINKAGES,
  scale: "rank",
  async fit({ queries, models, scores, costs, meanCosts }, config, { seed }) {
    const { centroids, assignment } = await clusters(queries, config.clusters, seed);
    const means = (cells: Float64Array): Float64Array =>
      fillMissing(
        clusterMeans(cells, models.length, assignment, centroids.rows).mean,
        columnMeans(cells, models.length),
      );
    const known = poolMean(scores, models.length);
    return blended(models, meanCosts, means(scores), means(costs), centroids, config, known);
  },
};
export default router;

/**
 * @param accuracy mean score per cluster and model, [K × M]
 * @param cost mean cost per cluster and model in US dollars, [K × M]
 * @param known mean score of the training models
 */
function blended(
  models: readonly string[],
  meanCosts: Float64Array,
  accuracy: Float64Array,
  cost: Float64Array,
  centroids: Matrix,
  config: Config,
  known: number,
): FittedRouter<Shrunk> {
  const M = models.length;
  // α is no matter of theirs.
  const votes = oncePerBatch(async ({ vectors }): Promise<Votes> =>
    votesOf(await product(vectors, centroids), { topK: config.topK, beta: BETA })
  );
  const at = async (queries: QueryBatch, alpha: number): Promise<PointPredictions> => {
    const ranks = rankInClusters(blend(accuracy, cost, M, alpha), models, meanCosts);
    return { quality: fuseRanks(await votes(queries), ranks, M, OFFSET) };
  };
  return {
    models,
    predict: (queries) => at(queries, 1),
    dial: { name: "α", values: ALPHAS, predict: at },
    withModels: async (profiles, way = SHRINKAGES[0]) => {
      if (profiles.scores.every(Number.isNaN) || profiles.costs.every(Number.isNaN)) {
        throw new CapabilityError("Avengers-Pro needs labelled, priced queries of a new model");
      }
      const pool = extendPool(models, profiles);
      const score = await newModelMeans(profiles, centroids, known, way);
      const price = await profileMeans(profiles, profiles.costs, centroids, way.shrink);
      return blended(
        pool.models,
        extendMeanCosts(pool, meanCosts, profiles),
        pool.merge(accuracy, score),
        pool.merge(cost, price),
        centroids,
        config,
        known,
      );
    },
    describe: () => ({
      parameters: centroids.data.length + accuracy.length + cost.length,
      notes: [`${centroids.rows} clusters`],
    }),
  };
}

/** B(m) of every cluster, [K × M]; NaN for a model without accuracy or cost. */
function blend(accuracy: Float64Array, cost: Float64Array, M: number, alpha: number): Float64Array {
  const value = new Float64Array(accuracy.length);
  for (let start = 0; start < value.length; start += M) {
    const a = accuracy.subarray(start, start + M), c = cost.subarray(start, start + M);
    const known = a.filter((value) => !Number.isNaN(value));
    const low = Math.min(...known), span = Math.max(...known) - low;
    const dearest = Math.max(...c.filter((value) => !Number.isNaN(value)));
    for (let m = 0; m < M; m++) {
      const normalised = span > 0 ? (a[m] - low) / span : 1;
      const saved = dearest > 0 ? 1 - c[m] / dearest : 0;
      value[start + m] = alpha * normalised + (1 - alpha) * saved;
    }
  }
  return value;
}
