/**
 * UniRoute, K-means variant: a model *is* its vector of error rates per prompt cluster.
 *
 * Clusters come from the training prompts (no labels needed), error rates Ψ(h) from the validation
 * prompts, on which every model, new ones included, is run once. A query takes the error rates of its
 * nearest cluster: γ(x,h) = Ψ_{c(x)}(h). An empty cluster takes the model's overall error.
 */
import type { FittedRouter, ModelProfiles, Router, TrainingData } from "../src/router/contract.ts";
import * as shared from "../src/router/training.ts";
import { assign } from "../src/linalg/kmeans.ts";
import type { Matrix } from "../src/linalg/matrix.ts";

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
  statement: "UniRoute re-implementation without official code; embedder ≠ Gecko.",
  grid: [25, 5, 10, 50, 100, 200, 300].map((clusters) => ({ clusters })),
  refit: "train",
  unseen: "zero-update",
  async fit(train, config, { stage, seed }) {
    const { centroids } = await shared.clusters(train.queries, config.clusters, 1, seed);
    // While K is chosen the models are described by training labels, at the end by validation labels.
    const described = stage === "final" && train.validation ? train.validation : train;
    return routed(train.models, await scoresPerCluster(described, centroids), centroids);
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
      const pool = shared.extendPool(models, profiles);
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
  return shared.profileMeans(labelled, labelled.scores, centroids, 0);
}
