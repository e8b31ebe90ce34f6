/**
 * UniRoute, K-means variant: a model *is* its vector of error rates per prompt cluster.
 *
 * Clusters come from the training prompts (no labels needed); error rates Ψ(h) from the prompts a model
 * is labelled on: all of them for training models, the profile for new ones. A query takes the error
 * rates of its nearest cluster, γ(x,h) = Ψ_{c(x)}(h). A cluster without labels takes the overall error. A new
 * model may be described by other clusters than the training models, fewer for few labels.
 */
import type { FittedRouter, ModelProfiles, Router, TrainingData } from "../src/router/mod.ts";
import { clusters, newModelMeans, poolMean, SHRINKAGES, type Shrunk } from "../src/router/mod.ts";
import { assign, type Matrix } from "../src/linalg/mod.ts";

/** One configuration of the grid. */
export interface Config {
  /** k-means clusters, K. */
  readonly clusters: number;
}

/** A way of taking in new models. */
export interface FewLabels extends Config, Shrunk {}

/** The router. */
const router: Router<Config, FewLabels> = {
  name: "UniRoute (K-means)",
  summary: "error rates of each model per prompt cluster, read off at the query's cluster",
  source: "UniRoute (arXiv 2502.08773), K-means variant",
  statement:
    "UniRoute re-implementation without official code; embedder ≠ Gecko; training models are " +
    "described by all their labelled rows, not by validation prompts alone; K and the shrinkage of new " +
    "models' error rates are chosen for each number of labels.",
  grid: [25, 5, 10, 50, 100, 200, 300].map((clusters) => ({ clusters })),
  unseen: "zero-update",
  unseenGrid: [25, 5, 100].flatMap((clusters) =>
    SHRINKAGES.map((way): FewLabels => ({ clusters, ...way }))
  ),
  async fit(train, { clusters }, context) {
    const pool = await described(train, train, { clusters, shrink: 0, prior: 0 }, context.seed);
    return routed(train, context.seed, [pool], clusters);
  },
};
export default router;

/** Models described by the same clusters. */
interface Described {
  readonly models: readonly string[];
  readonly centroids: Matrix;
  /** 1 − Ψ: mean score per cluster and model, [K × M]. */
  readonly means: Float64Array;
}

/** @param labelled the outcomes, of training models or of new ones; clusters are those of the training prompts */
async function described(
  { queries, scores, models }: TrainingData,
  labelled: TrainingData | ModelProfiles,
  way: FewLabels,
  seed: number,
): Promise<Described> {
  const { centroids } = await clusters(queries, way.clusters, seed);
  const known = poolMean(scores, models.length);
  const means = await newModelMeans(labelled, centroids, known, way);
  return { models: labelled.models, centroids, means };
}

/** @param parts training models, then new ones; a later part takes the place of an earlier one's models */
function routed(
  train: TrainingData,
  seed: number,
  parts: readonly Described[],
  K: number,
): FittedRouter<FewLabels> {
  const models = [...new Set(parts.flatMap((part) => part.models))].sort(), M = models.length;
  return {
    models,
    predict: async ({ ids, vectors }) => {
      const quality = new Float64Array(ids.length * M);
      for (const { models: own, centroids, means } of parts) {
        const { assignment } = await assign(vectors, centroids);
        const column = own.map((model) => models.indexOf(model));
        assignment.forEach((c, i) =>
          column.forEach((m, at) => quality[i * M + m] = means[c * own.length + at])
        );
      }
      return { quality };
    },
    withModels: async (profiles, way = { clusters: K, shrink: 0, prior: 0 }) =>
      routed(train, seed, [...parts, await described(train, profiles, way, seed)], K),
    describe: () => ({
      parameters: parts.reduce(
        (n, { centroids, means }) => n + centroids.data.length + means.length,
        0,
      ),
      notes: [`${parts[0].centroids.rows} clusters`],
    }),
  };
}
