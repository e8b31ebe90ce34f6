/**
 * Logistic regression on the router's embedding: one per model, from the query vector to the probability
 * of a right answer.
 *
 *   ŝ(x, m) = σ(w_m · x + b_m),  min Σ_i BCE(ŝ(x_i, m), s(i, m)) + N ρ/2 · |w_m|²
 *
 * Scores between 0 and 1 are soft labels. A new model is one more regression, on its labelled rows.
 */
import {
  CapabilityError,
  extendPool,
  type FittedRouter,
  type ModelProfiles,
  poolMean,
  PRIORS,
  type Router,
  type TowardsKnown,
} from "../src/router/mod.ts";
import {
  logisticDescent,
  logisticFit,
  logisticPredict,
  type Matrix,
  matrix,
} from "../src/linalg/mod.ts";

/** One configuration of the grid. */
export interface Config {
  /** Penalty a training row, ρ. */
  readonly rho: number;
}

const RHOS = [1e-3, 1e-4, 1e-2, 1e-1];

/** A way of taking in new models. */
export interface FewLabels extends Config, TowardsKnown {}

const FEW_LABELS = PRIORS.flatMap((prior) =>
  [1e-2, 1e-3, 1e-1, 1, 10].map((rho): FewLabels => ({ rho, prior }))
);

/** Fits by falling ρ, once per set of outcomes, as far as they were asked for: each starts where the last one ended. */
const paths = new WeakMap<Float64Array, (at: number) => Promise<Float64Array>>();

const FALLING = RHOS.toSorted((a, b) => b - a);

/** The router. */
const router: Router<Config, FewLabels> = {
  name: "logistic",
  summary: "one logistic regression per model on the query embedding",
  source: "folklore; RouterEval's linear router, trained to convergence",
  grid: RHOS.map((rho) => ({ rho })),
  unseen: "fit-new-vector",
  unseenGrid: FEW_LABELS,
  async fit({ queries, models, scores }, { rho }) {
    const path = paths.get(scores) ?? falling(queries.vectors, scores);
    paths.set(scores, path);
    return regressions(
      models,
      await path(FALLING.indexOf(rho)),
      rho,
      poolMean(scores, models.length),
    );
  },
};
export default router;

/** The weights at ρ number `at` of the falling ones; those before it are fitted on the way. */
function falling(x: Matrix, scores: Float64Array): (at: number) => Promise<Float64Array> {
  const descent = logisticDescent(x, scores, FALLING.map((rho) => rho * x.rows));
  const fits: Promise<Float64Array>[] = [];
  return (at) => {
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
      if (profiles.scores.every(Number.isNaN)) {
        throw new CapabilityError("logistic needs at least one labelled query of a new model");
      }
      const pool = extendPool(models, profiles), { x, labels } = withPrior(profiles, known, way);
      const fresh = await logisticFit(x, labels, { penalty: way.rho * x.rows });
      return regressions(pool.models, pool.merge(weights, fresh), rho, known);
    },
    describe: () => ({ parameters: weights.length }),
  };
}

/** The labelled rows of new models, and as many of the mean query at the known models' mean score as the prior weighs. */
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
