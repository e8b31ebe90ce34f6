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
 */
export async function plugIn<N>(
  head: (train: TrainingData) => FittedRouter<N> | Promise<FittedRouter<N>>,
  train: TrainingData,
): Promise<FittedRouter<N>> {
  return joined(await head(train), await head({ ...train, scores: train.costs }));
}

function joined<N>(quality: FittedRouter<N>, cost: FittedRouter<N>): FittedRouter<N> {
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
      return joined(
        await quality.withModels!(profiles, way),
        await cost.withModels!({ ...profiles, scores: profiles.costs }, way),
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
