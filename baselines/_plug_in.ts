/**
 * CARROT's plug-in rule for any method of regression: one head for quality, one for cost.
 *
 *   r_λ(x) = argmax_m [ (1 − λ)·ŝ(x,m) − λ·ĉ(x,m) ]
 *
 * The rule itself is the harness's (`decide.ts`), with costs scaled to [0, 1] over the pool; a router only
 * has to predict ĉ beside ŝ.
 * @module
 */
import type {
  FittedRouter,
  ModelProfiles,
  PointPredictions,
  QueryBatch,
  TrainingData,
} from "../src/router/mod.ts";
import { CapabilityError } from "../src/router/mod.ts";

/**
 * A router that predicts quality and cost, each by the same method.
 * @param head fits the method to training data in which it finds scores, or costs in their place
 * @param headWay a way of taking in new models, as the heads understand it
 */
export async function plugIn<N, H>(
  head: (train: TrainingData) => FittedRouter<H> | Promise<FittedRouter<H>>,
  train: TrainingData,
  headWay: (way: N) => H,
): Promise<FittedRouter<N>> {
  return joined(await head(train), await head({ ...train, scores: train.costs }), headWay);
}

function joined<N, H>(
  quality: FittedRouter<H>,
  cost: FittedRouter<H>,
  headWay: (way: N) => H,
): FittedRouter<N> {
  return {
    models: quality.models,
    predict: async (queries) => {
      // A regression line may fall below 0 dollars, a cost does not.
      const c = (await predicted(cost, queries)).map((value) => Math.max(0, value));
      const s = await predicted(quality, queries);
      return { quality: s.map((value, at) => Number.isNaN(c[at]) ? NaN : value), cost: c };
    },
    withModels: async (profiles: ModelProfiles, way?: N) => {
      if (profiles.scores.every(Number.isNaN) || profiles.costs.every(Number.isNaN)) {
        throw new CapabilityError("CARROT needs labelled, priced queries of a new model");
      }
      const own = way && headWay(way);
      return joined(
        await quality.withModels!(profiles, own),
        await cost.withModels!({ ...profiles, scores: profiles.costs }, own),
        headWay,
      );
    },
    describe: () => ({
      parameters: quality.describe().parameters + cost.describe().parameters,
    }),
  };
}

async function predicted(head: FittedRouter, queries: QueryBatch): Promise<Float64Array> {
  return (await head.predict(queries) as PointPredictions).quality;
}
