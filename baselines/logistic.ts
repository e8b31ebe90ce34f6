/**
 * Logistic regression on the router's embedding: one per model, from the query vector to the probability
 * of a right answer.
 *
 *   ŝ(x, m) = σ(w_m · x + b_m),  min Σ_i BCE(ŝ(x_i, m), s(i, m)) + N ρ/2 · |w_m|²
 *
 * Scores between 0 and 1 are soft labels. A new model is one more regression, on its labelled rows.
 */
import {
  expectLabel,
  extendPool,
  type FittedRouter,
  type ModelProfiles,
  onceFor,
  poolMean,
  PRIORS,
  type Router,
  type TowardsKnown,
} from "../src/router/mod.ts";
import { logisticDescent, logisticPredict, type Matrix, matrix } from "../src/linalg/mod.ts";

/** One configuration of the grid. */
export interface Config {
  /** Penalty a training row, ρ. */
  readonly rho: number;
}

const RHOS = [1e-3, 1e-4, 1e-2, 1e-1], FEW_RHOS = [1e-2, 1e-1, 1, 10];

/** A way of taking in new models. */
export interface FewLabels extends Config, TowardsKnown {}

/** Fits by falling ρ, once per set of outcomes and prior, as far as asked for: each starts where the last ended. */
const paths = onceFor<Path>();
type Path = (rho: number) => Promise<Float64Array>;

/** The router. */
const router: Router<Config, FewLabels> = {
  name: "logistic",
  summary: "one logistic regression per model on the query embedding",
  source: "folklore; RouterEval's linear router, trained to convergence",
  grid: RHOS.map((rho) => ({ rho })),
  unseen: "fit-new-vector",
  unseenGrid: PRIORS.flatMap((prior) => FEW_RHOS.map((rho) => ({ rho, prior }))),
  async fit({ queries, models, scores }, { rho }) {
    const path = paths(scores, () => falling(queries.vectors, scores, RHOS));
    return regressions(models, await path(rho), rho, poolMean(scores, models.length));
  },
};
export default router;

/** The weights at each ρ of a list; those at larger ones are fitted on the way. */
function falling(x: Matrix, scores: Float64Array, rhos: readonly number[]): Path {
  const order = rhos.toSorted((a, b) => b - a), fits: Promise<Float64Array>[] = [];
  const descent = logisticDescent(x, scores, order.map((rho) => rho * x.rows));
  return (rho) => {
    const at = order.indexOf(rho);
    while (fits.length <= at) fits.push(descent.next().then(({ value }) => value!));
    return fits[at];
  };
}

/**
 * @param weights [(D + 1) × M], bias last
 * @param known mean score of the training models
 */
function regressions(
  models: readonly string[],
  weights: Float64Array,
  rho: number,
  known: number,
): FittedRouter<FewLabels> {
  return {
    models,
    predict: async ({ vectors }) => ({ quality: await logisticPredict(vectors, weights) }),
    withModels: async (profiles, way = { rho, prior: 0 }) => {
      expectLabel(profiles, "logistic");
      const pool = extendPool(models, profiles), rhos = [...new Set([...RHOS, ...FEW_RHOS])];
      const path = paths(profiles.scores, () => {
        const { x, labels } = withPrior(profiles, known, way);
        return falling(x, labels, rhos);
      }, way.prior);
      const fresh = await path(way.rho);
      return regressions(pool.models, pool.merge(weights, fresh), rho, known);
    },
    describe: () => ({ parameters: weights.length }),
  };
}

/** The labelled rows of new models; then rows of zeros at the known models' mean score, as many as the prior weighs. */
function withPrior(
  { queries: { vectors }, models, scores }: ModelProfiles,
  known: number,
  { prior }: TowardsKnown,
): { x: Matrix; labels: Float64Array } {
  const { rows, width } = vectors, k = models.length, x = matrix(rows + prior, width);
  x.data.set(vectors.data);
  const labels = new Float64Array((rows + prior) * k).fill(known);
  labels.set(scores);
  models.forEach((_, m) => {
    const isKnown = scores.some((score, at) => at % k === m && !Number.isNaN(score));
    for (let i = rows; i < rows + prior && !isKnown; i++) labels[i * k + m] = NaN;
  });
  return { x, labels };
}
