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
  columnMeans,
  extendPool,
  leaning,
  neighbours,
  oncePerBatch,
  poolMean,
  PRIORS,
  storedCells,
  type TowardsKnown,
} from "../src/router/mod.ts";
import { squareNorms } from "../src/linalg/mod.ts";

/** One configuration of the grid. */
export interface Config {
  /** Neighbours that vote. */
  readonly k: number;
  /** Equal votes, or by 1/distance. */
  readonly weights: "uniform" | "inverse";
}

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

/** Neighbours among the labelled queries of new models: one search serves all ways. */
const MOST = Math.max(...FEW_LABELS.map(({ k }) => k));

/** Up to this distance two vectors point the same way: one step of the grid is about 10⁻⁷. */
const EXACT = 1e-8;

/** What a store of labelled queries says about the models it has seen. */
interface Store {
  readonly queries: QueryBatch;
  readonly scores: Float64Array;
  readonly columns: number;
}

/** The router. */
const router: Router<Config, FewLabels> = {
  name: "kNN",
  summary: "mean score on the k nearest training queries",
  source: "RouterBench (arXiv 2403.12031), ORBIT; k after arXiv 2505.12601",
  grid: GRID,
  unseen: "zero-update",
  unseenGrid: FEW_LABELS,
  fit: (train, config, { grid = [] }) => {
    const most = Math.max(config.k, ...(grid as Config[]).map(({ k }) => k));
    return fitted(train, config, most);
  },
};
export default router;

/** @param most neighbours to search for, at least the configuration's: one search then serves a whole grid */
function fitted(train: TrainingData, config: Config, most: number): FittedRouter<FewLabels> {
  const { models, queries, scores } = train;
  const store = { queries, scores, columns: models.length };
  const votes = oncePerBatch((batch) => vote(batch, store, config, most));
  return {
    models,
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
  const { queries, scores, models } = profiles;
  const fresh = { queries, scores, columns: models.length };
  const lean = leaning(profiles, poolMean(train.scores, train.models.length), way);
  return {
    models: pool.models,
    predict: async (batch) => ({
      quality: pool.merge(
        await old(batch),
        (await vote(batch, fresh, way, MOST)).map((q, at) => q + lean[at % models.length]),
      ),
    }),
    describe: () => ({ parameters: storedCells(train) + scores.length }),
  };
}

/** ŝ(x,m) = Σ_j w_j s(j,m) / Σ_j w_j over the neighbours that have a score of m; else m's mean. */
async function vote(
  batch: QueryBatch,
  store: Store,
  config: Config,
  most: number,
): Promise<Float64Array> {
  const { index, similarity, k: found } = await neighbours(batch, store.queries, most);
  const { scores, columns: M } = store;
  const k = Math.min(config.k, found);
  const fallback = columnMeans(scores, M);
  const quality = new Float64Array(batch.ids.length * M);
  const weight = new Float64Array(k).fill(1), total = new Float64Array(M);
  const own = lengths(batch), stored = lengths(store.queries);
  for (let i = 0; i < batch.ids.length; i++) {
    if (config.weights === "inverse") {
      const at = i * found;
      for (let j = 0; j < k; j++) {
        weight[j] = 1 - similarity[at + j] / (own[i] * stored[index[at + j]] || 1);
      }
      invert(weight);
    }
    total.fill(0);
    for (let j = 0; j < k; j++) {
      if (weight[j] === 0) continue;
      const at = index[i * found + j] * M;
      for (let m = 0; m < M; m++) {
        const score = scores[at + m];
        if (score === score) quality[i * M + m] += weight[j] * score, total[m] += weight[j];
      }
    }
    for (let m = 0; m < M; m++) {
      quality[i * M + m] = total[m] > 0 ? quality[i * M + m] / total[m] : fallback[m];
    }
  }
  return quality;
}

/** 1/distance in place; where some are 0 (exact matches), 1 for those and 0 for the others. */
function invert(distance: Float64Array): void {
  const exact = distance.some((d) => d < EXACT);
  for (let j = 0; j < distance.length; j++) {
    distance[j] = exact ? Number(distance[j] < EXACT) : 1 / (distance[j] + 1e-8);
  }
}

/** |x| of every query: rounding to the grid leaves lengths up to 0.1% off 1. */
function lengths({ vectors, memo }: QueryBatch): Float64Array {
  return memo("lengths", () => squareNorms(vectors).map(Math.sqrt));
}
