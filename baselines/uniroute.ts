/**
 * UniRoute, K-means variant: a model *is* its vector of error rates per prompt cluster.
 *
 * Clusters come from the training prompts (no labels needed); error rates Ψ(h) from the prompts a model
 * is labelled on: all of them for training models, the profile for new ones. A query takes the error
 * rates of its nearest cluster, γ(x,h) = Ψ_{c(x)}(h). A cluster without labels takes the overall error.
 */
import type { FittedRouter, ModelProfiles, Router, TrainingData } from "../src/router/mod.ts";
import { clusters, extendPool, profileMeans } from "../src/router/mod.ts";
import { assign, type Matrix } from "../src/linalg/mod.ts";

/** One configuration of the grid. */
export interface Config {
  /** k-means clusters, K. */
  readonly clusters: number;
}

/** The router. */
const router: Router<Config> = {
  name: "UniRoute (K-means)",
  summary: "error rates of each model per prompt cluster, read off at the query's cluster",
  source: "UniRoute (arXiv 2502.08773), K-means variant",
  statement:
    "UniRoute re-implementation without official code; embedder ≠ Gecko; training models are " +
    "described by all their labelled rows, not by validation prompts alone.",
  grid: [25, 5, 10, 50, 100, 200, 300].map((clusters) => ({ clusters })),
  unseen: "zero-update",
  async fit(train, config, { seed }) {
    const { centroids } = await clusters(train.queries, config.clusters, seed);
    return routed(train.models, await scoresPerCluster(train, centroids), centroids);
  },
};
export default router;

/** @param means 1 − Ψ: mean score per cluster and model, [K × M] */
function routed(models: readonly string[], means: Float64Array, centroids: Matrix): FittedRouter {
  const M = models.length;
  return {
    models,
    predict: async ({ ids, vectors }) => {
      const quality = new Float64Array(ids.length * M);
      const { assignment } = await assign(vectors, centroids);
      assignment.forEach((c, i) => quality.set(means.subarray(c * M, (c + 1) * M), i * M));
      return { quality };
    },
    withModels: async (profiles) => {
      const pool = extendPool(models, profiles);
      const fresh = await scoresPerCluster(profiles, centroids);
      return routed(pool.models, pool.merge(means, fresh), centroids);
    },
    describe: () => ({
      parameters: centroids.data.length + means.length,
      notes: [`${centroids.rows} clusters`],
    }),
  };
}

function scoresPerCluster(
  labelled: TrainingData | ModelProfiles,
  centroids: Matrix,
): Promise<Float64Array> {
  return profileMeans(labelled, labelled.scores, centroids, 0);
}
