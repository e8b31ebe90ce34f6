/**
 * UniRoute, LearnedMap variant: as the K-means variant, but a query is spread over the clusters by a
 * learned softmax instead of falling into the nearest one.
 *
 *   γ(x,h) = Φ(x)·Ψ(h),   Φ_k(x) = softmax_k(θ_k·x + b_k)
 *
 * Ψ(h), the error rates per cluster, stays as in `uniroute.ts`: hard k-means clusters, so that a new model
 * is still described by averaging. θ and b minimise the log loss of γ on the training models' outcomes,
 *
 *   L = −mean_{x,h} [ e·ln γ + (1 − e)·ln(1 − γ) ],   e = 1 − score,
 *
 * from θ_k = 2μ_k/T, b_k = −|μ_k|²/T, where Φ is the softmax of −|x − μ_k|²/T: a soft K-means router.
 */
import type { FittedRouter, Router } from "../src/router/mod.ts";
import {
  clusters,
  extendPool,
  labelledExamples,
  newModelMeans,
  poolMean,
  profileMeans,
  SHRINKAGES,
  type Shrunk,
} from "../src/router/mod.ts";
import { type Clusters, type Matrix, squareNorms } from "../src/linalg/mod.ts";
import {
  add,
  constantOnes,
  div,
  linear,
  log,
  matmul,
  mul,
  negate,
  softmax,
  sub,
  sumAll,
} from "../src/nn/mod.ts";
import {
  Blocks,
  type Bound,
  Parameters,
  type Tensor,
  trainNetwork,
  values,
} from "../src/nn/mod.ts";

/** One configuration of the grid. */
export interface Config {
  /** k-means clusters, K. */
  readonly clusters: number;
}

/** The port takes 300 steps, each on all rows; these are as many for 3,000 rows. */
const TRAINING = { batch: 512, epochs: 50, rate: 0.05 };
/** Error rates of 0 and 1 are kept this far off in the loss, where they would cost infinitely. */
const EDGE = 1e-5;

/** The router. */
const router: Router<Config, Shrunk> = {
  name: "UniRoute (LearnedMap)",
  summary: "error rates of each model per prompt cluster, mixed by a learned map of the query",
  source: "UniRoute (arXiv 2502.08773), LearnedMap variant; optimiser after a third-party port",
  statement:
    "UniRoute re-implementation without official code; embedder ≠ Gecko; LearnedMap optimiser settings " +
    "from a third-party port, in mini-batches; training models are described by all their labelled " +
    "rows, not by validation prompts alone.",
  effort: "seconds",
  grid: [25, 10, 50, 100].map((clusters) => ({ clusters })),
  unseen: "zero-update",
  unseenGrid: SHRINKAGES,
  async fit(train, config, context) {
    const { queries, models, scores } = train, { random, seed } = context;
    const found = await clusters(queries, config.clusters, seed), { centroids } = found;
    const D = centroids.width, K = centroids.rows, M = models.length;
    const means = await profileMeans(train, scores, centroids, 0);
    const parameters = new Parameters(random), start = softKMeans(found);
    parameters.add("theta", [K, D], values(start.theta));
    parameters.add("bias", [K], values(start.bias));
    const { examples, labels, weights } = labelledExamples(train);
    const success = Float32Array.from(
      means,
      (mean) => Number.isNaN(mean) ? 0.5 : Math.min(1 - EDGE, Math.max(EDGE, mean)),
    );
    await trainNetwork({
      ...TRAINING,
      parameters,
      examples,
      random: random.fork("training"),
      loss: (graph, parameter, { take }) => {
        const phi = mapped(parameter, take(queries.vectors.data, D));
        const mixed = matmul(phi, graph.input("success", [K, M]));
        return logLoss(mixed, take(labels, M), take(weights, M));
      },
      feed: () => ({ success }),
    }, context);
    const map = new Blocks(parameters, (_, parameter, x) => mapped(parameter, x));
    return routed(models, means, centroids, map, parameters.count, poolMean(scores, M));
  },
};
export default router;

/** Φ(x), [rows × K]. */
function mapped(parameter: Bound, x: Tensor): Tensor {
  return softmax(linear(x, parameter("theta"), parameter("bias"), { transposeWeight: true }));
}

/** −Σ w [ s ln p + (1 − s) ln(1 − p) ] / Σ w for predicted scores p in (0, 1), scores s, all [B × M]. */
export function logLoss(p: Tensor, labels: Tensor, weights: Tensor): Tensor {
  const rest = (t: Tensor): Tensor => sub(constantOnes(t.graph, t.shape), t);
  const each = add(mul(labels, log(p)), mul(rest(labels), log(rest(p))));
  return negate(div(sumAll(mul(weights, each)), sumAll(weights)));
}

/** θ and b with which Φ is the softmax of −|x − μ_k|²/T, T the mean squared distance in a cluster. */
function softKMeans({ centroids, squaredDistance }: Clusters): {
  theta: Float32Array;
  bias: Float64Array;
} {
  const mean = squaredDistance.reduce((sum, d) => sum + d, 0) / squaredDistance.length;
  const T = Math.max(mean, 1e-3); // all queries on their centroids
  return {
    theta: centroids.data.map((mu) => 2 * mu / T),
    bias: squareNorms(centroids).map((square) => -square / T),
  };
}

/**
 * @param means 1 − Ψ: mean score per cluster and model, [K × M]
 * @param known mean score of the training models
 */
function routed(
  models: readonly string[],
  means: Float64Array,
  centroids: Matrix,
  map: Blocks,
  weights: number,
  known: number,
): FittedRouter<Shrunk> {
  const M = models.length, K = centroids.rows;
  return {
    models,
    predict: async ({ ids, vectors }) => {
      const phi = await map.apply(vectors), quality = new Float64Array(ids.length * M);
      for (let i = 0; i < ids.length; i++) {
        for (let k = 0; k < K; k++) {
          for (let m = 0; m < M; m++) quality[i * M + m] += phi[i * K + k] * means[k * M + m];
        }
      }
      return { quality };
    },
    withModels: async (profiles, way = { shrink: 0, prior: 0 }) => {
      const pool = extendPool(models, profiles);
      const fresh = await newModelMeans(profiles, centroids, known, way);
      return routed(pool.models, pool.merge(means, fresh), centroids, map, weights, known);
    },
    describe: () => ({ parameters: weights + means.length, notes: [`${K} clusters`] }),
  };
}
