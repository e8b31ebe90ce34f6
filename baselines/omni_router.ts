/**
 * OmniRouter-style: what a trained predictor says and what the nearest training queries say, blended.
 *
 *   ŝ(x,m) = w·(W x)_m + (1 − w)·mean_{j∈N_k(x)} s(j,m)
 *
 * The trained half is a ridge regression (`ridge.ts`), the retrieved half is kNN (`knn.ts`).
 *
 * OmniRouter then shares a batch of queries out among the models so that the total cost is least at a wanted
 * quality, by Lagrangian multipliers. For one multiplier on cost that is the harness's own rule, ŝ − λ·c̃.
 *
 * A new model is one more column of the regression and votes with its own labelled queries.
 */
import type { FittedRouter, PointPredictions, QueryBatch, Router } from "../src/router/mod.ts";
import { expectLabel, PRIORS, type TowardsKnown } from "../src/router/mod.ts";
import ridge, { type FewLabels as RidgeWay } from "./ridge.ts";
import knn, { type FewLabels as KnnWay } from "./knn.ts";

/** One configuration of the grid. */
export interface Config {
  /** Share w of the regression. */
  readonly linear: number;
  /** Its penalty, one of ridge's. */
  readonly rho: number;
  /** Neighbours that vote. */
  readonly k: number;
}

/** A way of taking in new models. */
export interface FewLabels extends Config, TowardsKnown {}

/** Every combination of these. */
function combined(shares: number[], rhos: number[], ks: number[]): Config[] {
  return shares.flatMap((linear) => rhos.flatMap((rho) => ks.map((k) => ({ linear, rho, k }))));
}

/** The router. */
const router: Router<Config, FewLabels> = {
  name: "OmniRouter-style (blend)",
  summary: "a ridge regression and the mean of the k nearest training queries, blended",
  source: "OmniRouter (arXiv 2502.20576), its hybrid predictor as ORBIT simplifies it",
  statement:
    "known to us by its abstract and ORBIT's simplification: ridge on a frozen embedding stands for " +
    "the paper's trained predictor; share, penalty and k are tuned; costs are not predicted; no allocation of " +
    "a whole batch under constraints, the decision rule is the one of all routers.",
  grid: combined([0.5, 0.25, 0.75], [1, 0.1, 10], [40, 20, 100]),
  unseen: "fit-new-vector",
  unseenGrid: PRIORS.flatMap((prior) =>
    combined([0.5, 0.2], [10, 1, 100], [40, 10]).map((config) => ({ ...config, prior }))
  ),
  async fit(train, config, context) {
    const { linear: w, rho, k } = config, { models } = train;
    const trained = await ridge.fit(train, { rho }, context);
    const retrieved = await knn.fit(train, { k, weights: "uniform" }, context);
    return {
      ...blended(trained, retrieved, models.map(() => w)),
      withModels: async (profiles, way = { ...config, prior: 0 }) => {
        expectLabel(profiles, "OmniRouter");
        const { linear, rho, k, prior } = way, weights = "uniform";
        const line = await trained.withModels!(profiles, { rho, prior });
        const vote = await retrieved.withModels!(profiles, { k, weights, prior });
        const shares = line.models.map((id) => profiles.models.includes(id) ? linear : w);
        return blended(line, vote, shares);
      },
    };
  },
};
export default router;

/** @param shares w of every model */
function blended(
  trained: FittedRouter<RidgeWay>,
  retrieved: FittedRouter<KnnWay>,
  shares: readonly number[],
): FittedRouter<FewLabels> {
  const { models } = trained, M = models.length;
  return {
    models,
    predict: async (batch) => {
      const line = await qualityOf(trained, batch), vote = await qualityOf(retrieved, batch);
      return {
        quality: line.map((score, at) => {
          const w = shares[at % M];
          return w * score + (1 - w) * vote[at];
        }),
      };
    },
    describe: () => ({
      parameters: trained.describe().parameters + retrieved.describe().parameters,
    }),
  };
}

/** Predicted qualities [Q × M]. */
async function qualityOf<N>(router: FittedRouter<N>, batch: QueryBatch): Promise<Float64Array> {
  return (await router.predict(batch) as PointPredictions).quality;
}
