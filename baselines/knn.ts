/**
 * kNN: a model's predicted score is its mean score on the k nearest training queries.
 *
 * Neighbours by cosine of the query embedding. `inverse` weighs a neighbour by 1/(1 − cosine), and exact
 * matches take all the weight. The verdict on kNN follows k, so k is tuned over the published range
 * (5 in RouterEval, 40 in RouterBench, 100 in arXiv 2505.12601, 131 in EmbedLLM, 300 in ORBIT).
 */
import type {
  FittedRouter,
  ModelProfiles,
  QueryBatch,
  Router,
  TrainingData,
} from "../src/router/mod.ts";
import {
  extendPool,
  leaning,
  oncePerBatch,
  poolMean,
  PRIORS,
  storedCells,
  type TowardsKnown,
} from "../src/router/mod.ts";
import { numbersOf, vote, type Voting } from "./_votes.ts";

/** One configuration of the grid. */
export type Config = Voting;

const GRID = [40, 1, 3, 5, 10, 20, 100, 131, 200, 300].flatMap((k): Config[] => [
  { k, weights: "uniform" },
  { k, weights: "inverse" },
]);

/** A way of taking in new models. */
export interface FewLabels extends Config, TowardsKnown {}

const FEW_LABELS = PRIORS.flatMap((prior) =>
  [40, 5, 10, 20, 100, 300].flatMap((k): FewLabels[] => [
    { k, weights: "uniform", prior },
    { k, weights: "inverse", prior },
  ])
);

const FEW_NUMBERS = numbersOf(FEW_LABELS);

/** The router. */
const router: Router<Config, FewLabels> = {
  name: "kNN",
  summary: "mean score on the k nearest training queries",
  source: "RouterBench (arXiv 2403.12031), ORBIT; k after arXiv 2505.12601",
  grid: GRID,
  unseen: "zero-update",
  unseenGrid: FEW_LABELS,
  fit: (train, config, { grid = [] }) => fitted(train, config, numbersOf(grid)),
};
export default router;

/** @param ks numbers of neighbours of all configurations */
function fitted(
  train: TrainingData,
  config: Config,
  ks: readonly number[],
): FittedRouter<FewLabels> {
  const votes = oncePerBatch((batch) => vote(batch, train, config, ks));
  return {
    models: train.models,
    predict: async (batch) => ({ quality: (await votes(batch)).slice() }),
    withModels: (profiles, way = { ...config, prior: 0 }) => extended(train, votes, profiles, way),
    describe: () => ({ parameters: storedCells(train) }),
  };
}

/** New models vote with their own labelled queries, old ones with the training rows. */
function extended(
  train: TrainingData,
  old: (batch: QueryBatch) => Promise<Float64Array>,
  profiles: ModelProfiles,
  way: FewLabels,
): FittedRouter<FewLabels> {
  const pool = extendPool(train.models, profiles);
  const k = profiles.models.length;
  const lean = leaning(profiles, poolMean(train.scores, train.models.length), way);
  return {
    models: pool.models,
    predict: async (batch) => ({
      quality: pool.merge(
        await old(batch),
        (await vote(batch, profiles, way, FEW_NUMBERS)).map((q, at) => q + lean[at % k]),
      ),
    }),
    describe: () => ({ parameters: storedCells(train) + profiles.scores.length }),
  };
}
