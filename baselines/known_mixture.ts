/**
 * Mixture of known models: kNN for the models of the pool; a new model is a ridge combination of theirs.
 *
 *   known:  ŝ(x,m) = mean score of m on the k nearest training queries
 *   new:    ŝ(x,a) = s̄ + b_a + Σ_m w_am (ŝ(x,m) − s̄_m),   s̄_m: mean score of m,  s̄: mean of the s̄_m
 *
 * A few labels say little about where in a space of queries a new model is strong, but much about which known
 * models it is like. (b_a, w_a) minimises, over its labelled queries i,
 *
 *   Σ_i (s(i,a) − s̄ − b_a − Σ_m w_am (f_im − s̄_m))² + κ Σ_m (w_am − 1/M)² + 5 b_a²
 *
 * so that without a label it is an average model, that solves what the others solve. f_im is either of two:
 *
 * - `outcomes`: what m scored on i, where that is recorded. Tells hard queries from easy ones, and so needs few
 *   labels; but outcomes are noisier than the predictions that w_a is used on.
 * - `predictions`: ŝ(i,m) as if i were new, without its own outcomes among its neighbours. What w_a is used on.
 */
import type {
  FittedRouter,
  ModelProfiles,
  QueryBatch,
  Router,
  TrainingData,
} from "../src/router/mod.ts";
import {
  byId,
  columnMeans,
  expectLabel,
  extendPool,
  oncePerBatch,
  storedCells,
} from "../src/router/mod.ts";
import { solveSpd } from "../src/linalg/mod.ts";
import { numbersOf, vote, type Voting } from "./_votes.ts";

/** One configuration of the grid. */
export interface Config {
  /** Neighbours that vote. */
  readonly k: number;
}

/** One way of taking in a new model. */
export interface Way {
  /** What stands for the known models on a labelled query. */
  readonly from: "outcomes" | "predictions";
  /** κ. */
  readonly penalty: number;
}

/** The penalty on b_a: as if five labels had said that it is an average model. */
const LEVEL = 5;

/** Ways of taking in new models. */
const WAYS: readonly Way[] = (["outcomes", "predictions"] as const)
  .flatMap((from) => [30, 3, 10, 100].map((penalty) => ({ from, penalty })));

/** The router. */
const router: Router<Config, Way> = {
  name: "mixture of known models",
  summary: "kNN; a new model's score is a ridge combination of the known models' predicted scores",
  source: "ours; stacked regressions (Breiman 1996), drawn to equal weights",
  grid: [40, 5, 10, 20, 100, 131, 200, 300].map((k) => ({ k })),
  unseen: "fit-new-vector",
  unseenGrid: WAYS,
  fit(train, config, { grid = [] }) {
    const voting: Voting = { ...config, weights: "uniform" }, ks = numbersOf(grid);
    const votes = oncePerBatch((batch) => vote(batch, train, voting, ks));
    return {
      models: train.models,
      predict: async (batch) => ({ quality: (await votes(batch)).slice() }),
      withModels: async (profiles, way = WAYS[0]) => {
        expectLabel(profiles, "a mixture");
        const predicted = await vote(profiles.queries, train, voting, ks, "apart");
        const far = inputs(profiles.queries, train, predicted, way);
        return extended(train, votes, profiles, await mix(profiles, far, train, way));
      },
      describe: () => ({ parameters: storedCells(train) }),
    };
  },
};
export default router;

/** The pool with new models, given s̄ + b and w of each as columns, [(1 + M) × new models]. */
function extended(
  train: TrainingData,
  votes: (batch: QueryBatch) => Promise<Float64Array>,
  profiles: ModelProfiles,
  mixtures: Float64Array,
): FittedRouter<Way> {
  const pool = extendPool(train.models, profiles), k = profiles.models.length;
  const M = train.models.length, means = columnMeans(train.scores, M);
  return {
    models: pool.models,
    predict: async (batch) => {
      const old = await votes(batch), far = deviations(old, means);
      const fresh = Float64Array.from({ length: batch.ids.length * k }, (_, at) => {
        const i = Math.floor(at / k), a = at % k;
        let sum = mixtures[a];
        for (let m = 0; m < M; m++) sum += mixtures[(m + 1) * k + a] * far[i * M + m];
        return sum;
      });
      return { quality: pool.merge(old, fresh) };
    },
    describe: () => ({ parameters: storedCells(train) + mixtures.length }),
  };
}

/** s̄ + b and w of every new model as columns, [(1 + M) × new models]; NaN for one without a label. */
async function mix(
  { queries, models: { length: k }, scores }: ModelProfiles,
  far: Float64Array,
  train: TrainingData,
  { penalty }: Way,
): Promise<Float64Array> {
  const M = train.models.length, F = M + 1, out = new Float64Array(F * k).fill(NaN);
  const means = columnMeans(train.scores, M).filter((mean) => !Number.isNaN(mean));
  const level = means.reduce((sum, mean) => sum + mean, 0) / means.length, equal = 1 / means.length;
  const order = byId(queries);
  for (let a = 0; a < k; a++) {
    const rows = order.filter((i) => !Number.isNaN(scores[i * k + a]));
    if (rows.length === 0) continue;
    const left = new Float64Array(F * F),
      right = new Float64Array(F),
      x = new Float64Array(F).fill(1);
    for (const i of rows) {
      let rest = scores[i * k + a] - level;
      for (let m = 0; m < M; m++) {
        x[m + 1] = far[i * M + m];
        rest -= equal * x[m + 1];
      }
      for (let p = 0; p < F; p++) {
        right[p] += x[p] * rest;
        for (let q = 0; q <= p; q++) left[p * F + q] += x[p] * x[q];
      }
    }
    for (let p = 0; p < F; p++) left[p * (F + 1)] += p === 0 ? LEVEL : penalty;
    const solved = await solveSpd(left, right, F, 1);
    solved.forEach((value, p) => out[p * k + a] = value + (p === 0 ? level : equal));
  }
  return out;
}

/** f_im − s̄_m of labelled queries, [n × M]: recorded outcomes where they are wanted and known, else predictions. */
function inputs(
  { ids }: QueryBatch,
  train: TrainingData,
  predicted: Float64Array,
  { from }: Way,
): Float64Array {
  const M = train.models.length, cells = predicted.slice();
  if (from === "outcomes") {
    const rows = new Map(train.queries.ids.map((id, row) => [id, row]));
    ids.forEach((id, i) => {
      const row = rows.get(id);
      if (row === undefined) return;
      train.scores.subarray(row * M, (row + 1) * M).forEach((score, m) => {
        if (!Number.isNaN(score)) cells[i * M + m] = score;
      });
    });
  }
  return deviations(cells, columnMeans(train.scores, M));
}

/** Cells [rows × M] less the models' mean scores; 0 for a model without a score. */
function deviations(cells: Float64Array, means: Float64Array): Float64Array {
  return cells.map((value, at) => Number.isNaN(value) ? 0 : value - means[at % means.length]);
}
