/**
 * Ridge: one linear regression per model from the query embedding to its score, in closed form.
 *
 *   W = (XᵀX + ρI)⁻¹ Xᵀ S,  bias not penalised;  ŝ = W x
 *
 * ρ is relative to trace(XᵀX)/D. A new model is one more column, fitted on its labelled rows.
 */
import {
  expectLabel,
  extendPool,
  type FittedRouter,
  leaning,
  onceFor,
  poolMean,
  PRIORS,
  type Router,
  type TowardsKnown,
} from "../src/router/mod.ts";
import { type Matrix, type RidgeFit, ridgePath, ridgePredict } from "../src/linalg/mod.ts";

/** One configuration of the grid. */
export interface Config {
  /** Penalty relative to trace(XᵀX)/D. */
  readonly rho: number;
}

const RHOS = [1, 0.001, 0.01, 0.1, 10, 100, 1000];

/** A way of taking in new models. */
export interface FewLabels extends Config, TowardsKnown {}

const FEW_RHOS = [10, 1, 0.1, 0.01, 3, 30, 100, 1000];

/** All penalties share one Gram matrix, so they are fitted together, once per set of outcomes. */
const paths = onceFor<Promise<RidgeFit[]>>();

async function fitAt(
  rho: number,
  x: Matrix,
  scores: Float64Array,
  rhos: number[],
): Promise<RidgeFit> {
  const path = await paths(scores, () => ridgePath(x, scores, rhos));
  return path.find((fit) => fit.rho === rho)!;
}

/** The router. */
const router: Router<Config, FewLabels> = {
  name: "ridge",
  summary: "one ridge regression per model on the query embedding, closed form",
  source: "folklore; the linear router of RouterEval and CARROT's relatives",
  grid: RHOS.map((rho) => ({ rho })),
  unseen: "fit-new-vector",
  unseenGrid: PRIORS.flatMap((prior) => FEW_RHOS.map((rho) => ({ rho, prior }))),
  async fit({ queries, models, scores }, { rho }) {
    const { weights } = await fitAt(rho, queries.vectors, scores, RHOS);
    return linear(models, weights, rho, poolMean(scores, models.length));
  },
};
export default router;

/**
 * @param weights [(D + 1) × M], bias last
 * @param known mean score of the training models
 */
function linear(
  models: readonly string[],
  weights: Float64Array,
  rho: number,
  known: number,
): FittedRouter<FewLabels> {
  return {
    models,
    predict: async ({ vectors }) => ({ quality: await ridgePredict(vectors, weights) }),
    withModels: async (profiles, way = { rho, prior: 0 }) => {
      expectLabel(profiles, "ridge");
      const pool = extendPool(models, profiles);
      const rhos = [...new Set([...RHOS, ...FEW_RHOS])];
      const { weights: found } = await fitAt(
        way.rho,
        profiles.queries.vectors,
        profiles.scores,
        rhos,
      );
      const fresh = found.slice(), bias = fresh.length - profiles.models.length;
      leaning(profiles, known, way).forEach((lean, m) => fresh[bias + m] += lean);
      return linear(pool.models, pool.merge(weights, fresh), rho, known);
    },
    describe: () => ({ parameters: weights.length }),
  };
}
