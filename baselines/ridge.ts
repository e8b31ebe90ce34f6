/**
 * Ridge: one linear regression per model from the query embedding to its score, in closed form.
 *
 *   W = (XᵀX + ρI)⁻¹ Xᵀ S,  bias not penalised;  ŝ = W x
 *
 * ρ is relative to trace(XᵀX)/D. A new model is one more column, fitted on its labelled rows.
 */
import { CapabilityError, extendPool, type FittedRouter, type Router } from "../src/router/mod.ts";
import { type RidgeFit, ridgePath, ridgePredict } from "../src/linalg/mod.ts";

/** One configuration of the grid. */
export interface Config {
  /** Penalty relative to trace(XᵀX)/D. */
  readonly rho: number;
}

const RHOS = [1, 0.001, 0.01, 0.1, 10, 100, 1000];

/** Penalties of a new model: the fewer labels, the larger. */
const FEW_LABELS = [10, 1, 0.1, 0.01, 3, 30, 100, 300, 1000];

/** All penalties share one Gram matrix, so they are fitted together, once per set of outcomes. */
const paths = new WeakMap<Float64Array, Promise<RidgeFit[]>>();

/** The router. */
const router: Router<Config, Config> = {
  name: "ridge",
  summary: "one ridge regression per model on the query embedding, closed form",
  source: "folklore; the linear router of RouterEval and CARROT's relatives",
  grid: RHOS.map((rho) => ({ rho })),
  unseen: "fit-new-vector",
  unseenGrid: FEW_LABELS.map((rho) => ({ rho })),
  async fit({ queries, models, scores }, { rho }) {
    const path = paths.get(scores) ?? ridgePath(queries.vectors, scores, RHOS);
    paths.set(scores, path);
    const { weights } = (await path).find((fit) => fit.rho === rho)!;
    return linear(models, weights, rho);
  },
};
export default router;

/** @param weights [(D + 1) × M], bias last */
function linear(
  models: readonly string[],
  weights: Float64Array,
  rho: number,
): FittedRouter<Config> {
  return {
    models,
    predict: async ({ vectors }) => ({ quality: await ridgePredict(vectors, weights) }),
    withModels: async (profiles, way = { rho }) => {
      if (profiles.scores.every(Number.isNaN)) {
        throw new CapabilityError("ridge needs at least one labelled query of a new model");
      }
      const pool = extendPool(models, profiles);
      const [fresh] = await ridgePath(profiles.queries.vectors, profiles.scores, [way.rho]);
      return linear(pool.models, pool.merge(weights, fresh.weights), rho);
    },
    describe: () => ({ parameters: weights.length }),
  };
}
