/**
 * Guarded kNN: kNN that leaves the best single model only where the neighbours clearly speak for it.
 *
 *   d_j = s(j,m) − s(j,b) on the k nearest training queries j,   b = best single
 *   ŝ(x,m) = s̄_b(x) + d̄ − z·√(v/n),   v = (Σ_j (d_j − d̄)² + v_m) / n
 *
 * s̄_b(x) is b's mean score on the neighbours, n the number of neighbours with both scores, and v_m the
 * variance of d over all training queries. It counts as one neighbour more, so that a few neighbours that
 * happen to agree prove nothing. The gain is paired because queries are hard or easy for all models alike.
 * z = 0 is kNN. On the cost curve the same bound says what a cheaper model may lose.
 *
 * A new model is compared with b on its own labelled queries.
 */
import type { FittedRouter, ModelProfiles, QueryBatch, Router } from "../src/router/mod.ts";
import {
  columnMeans,
  extendPool,
  leaning,
  neighbours,
  onceFor,
  oncePerBatch,
  poolMean,
  PRIORS,
  storedCells,
  type TowardsKnown,
  type TrainingData,
} from "../src/router/mod.ts";
import { pairOf } from "./_two_models.ts";
import { numbersOf, onceForEachK, vote } from "./_votes.ts";

/** One configuration of the grid. */
export interface Config {
  /** Neighbours that vote. */
  readonly k: number;
  /** Standard errors that a gain must exceed. */
  readonly z: number;
}

/** A way of taking in new models. */
export interface FewLabels extends Config, TowardsKnown {}

const FEW_LABELS = PRIORS.flatMap((prior) =>
  [40, 10, 100].flatMap((k) => [1, 0, 2.33].map((z): FewLabels => ({ k, z, prior })))
);

/** Neighbours among the labelled queries of new models: one search serves all ways. */
const MOST = Math.max(...numbersOf(FEW_LABELS));

/** Variance of d of a new model where there is no known one to go by: that of a fair coin. */
const UNKNOWN = 0.25;

/** The router. */
const router: Router<Config, FewLabels> = {
  name: "guarded kNN",
  summary: "kNN that leaves best single only where the neighbours' paired gain is significant",
  source: "ours: kNN with a lower confidence bound on the gain over best single",
  grid: [100, 10, 20, 40, 200, 300].flatMap((k) => [1, 0, 1.64, 2.33].map((z) => ({ k, z }))),
  unseen: "zero-update",
  unseenGrid: FEW_LABELS,
  fit: (train, config, { grid = [] }) => guarded(train, config, numbersOf(grid)),
};
export default router;

/** @param ks numbers of neighbours of all configurations */
function guarded(
  train: TrainingData,
  config: Config,
  ks: readonly number[],
): FittedRouter<FewLabels> {
  const { models, scores } = train,
    M = models.length,
    { k, z } = config,
    { strong } = pairOf(train);
  const { store, overall } = comparisons(scores, () => comparison(train, strong), strong);
  const alone = { queries: store.queries, models: [models[strong]], scores: store.best };
  const bases = (batch: QueryBatch) => vote(batch, alone, { k, weights: "uniform" }, ks);
  const known = oncePerBatch(async (batch) =>
    bounded(await bases(batch), await gained(batch, store, overall, k, ks), z)
  );
  return {
    models,
    predict: async (batch) => ({ quality: (await known(batch)).slice() }),
    withModels: async (profiles, way = { ...config, prior: 0 }) => {
      const pool = extendPool(models, profiles), k = profiles.models.length;
      const fresh = await profileStore(store, profiles, bases), { mean } = spread(fresh.gains, k);
      const others = overall.variance.filter((v, m) => m !== strong && !Number.isNaN(v));
      const usual = others.reduce((sum, v) => sum + v, 0) / others.length || UNKNOWN;
      const own = { mean, variance: mean.map(() => usual) };
      const lean = leaning(profiles, poolMean(scores, M), way);
      return {
        models: pool.models,
        predict: async (batch) => {
          const gains = await gainedForEach(batch, fresh, own, [way.k], Math.max(way.k, MOST));
          const quality = bounded(await bases(batch), gains.get(way.k)!, way.z)
            .map((q, at) => q + lean[at % k]);
          return { quality: pool.merge(await known(batch), quality) };
        },
        describe: () => ({ parameters: storedCells(train) + profiles.scores.length }),
      };
    },
    describe: () => ({ parameters: storedCells(train), notes: [`best single: ${models[strong]}`] }),
  };
}

/** What all configurations share that are fitted on the same outcomes. */
interface Comparison {
  readonly store: Store;
  /** Of all training queries. */
  readonly overall: Spread;
}

const comparisons = onceFor<Comparison>();

/** @param strong b */
function comparison({ queries, models, scores }: TrainingData, strong: number): Comparison {
  const M = models.length, best = Float64Array.from(queries.ids, (_, i) => scores[i * M + strong]);
  const store: Store = { queries, best, gains: paired(scores, best) };
  return { store, overall: spread(store.gains, M) };
}

/** Labelled queries as seen from best single. */
interface Store {
  readonly queries: QueryBatch;
  /** s(j,b). Length N, NaN = missing. */
  readonly best: Float64Array;
  /** d_j of every model, [N × M]; NaN where either score is missing. */
  readonly gains: Float64Array;
}

/** Scores [N × M] less those of b [N]. */
function paired(scores: Float64Array, best: Float64Array): Float64Array {
  const M = scores.length / best.length;
  return scores.map((score, at) => score - best[Math.floor(at / M)]);
}

/** The queries of profiles: b has its recorded score there or, on a query it has none of, what kNN predicts. */
async function profileStore(
  store: Store,
  { queries, scores }: ModelProfiles,
  bases: (batch: QueryBatch) => Promise<Float64Array>,
): Promise<Store> {
  const recorded = new Map(store.queries.ids.map((id, i) => [id, store.best[i]]));
  const best = Float64Array.from(queries.ids, (id) => recorded.get(id) ?? NaN);
  if (best.some(Number.isNaN)) {
    const predicted = await bases(queries);
    best.forEach((score, i) => best[i] = Number.isNaN(score) ? predicted[i] : score);
  }
  return { queries, best, gains: paired(scores, best) };
}

/** Means and variances of every column of gains, missing ones left out. */
interface Spread {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

function spread(gains: Float64Array, M: number): Spread {
  const mean = columnMeans(gains, M);
  return { mean, variance: columnMeans(gains.map((d, at) => (d - mean[at % M]) ** 2), M) };
}

/** d̄ and its standard error √(v/n) of every query and model, [Q × M]. */
interface Gained {
  readonly mean: Float64Array;
  readonly error: Float64Array;
}

/** The same for every z and for who asks next: not to be changed. */
function gained(
  batch: QueryBatch,
  store: Store,
  overall: Spread,
  k: number,
  ks: readonly number[],
): Promise<Gained> {
  const labelled = { queries: store.queries, models: overall.mean, scores: store.gains };
  const make = (numbers: readonly number[], most: number) =>
    gainedForEach(batch, store, overall, numbers, most);
  return kept(batch, labelled, k, ks, make);
}

const kept = onceForEachK<Gained>();

/**
 * {@link gained} for every k of an ascending list: more neighbours go on where fewer have ended. A model without a
 * neighbour to compare on has its overall mean gain, with √v_m for its error.
 */
async function gainedForEach(
  batch: QueryBatch,
  { queries, gains }: Store,
  overall: Spread,
  ks: readonly number[],
  most: number,
): Promise<Map<number, Gained>> {
  const { index, k: found } = await neighbours(batch, queries, most);
  const M = overall.mean.length, cells = batch.ids.length * M;
  const all = ks.map((): Gained => ({
    mean: new Float64Array(cells),
    error: new Float64Array(cells),
  }));
  const sum = new Float64Array(M), squares = new Float64Array(M), count = new Float64Array(M);
  for (let i = 0; i < batch.ids.length; i++) {
    for (const cells of [sum, squares, count]) cells.fill(0);
    let j = 0;
    for (let at = 0; at < ks.length; at++) {
      const near = Math.min(ks[at], found);
      for (; j < near; j++) {
        addGains(gains, index[i * found + j] * M, sum, squares, count);
      }
      const { mean, error } = all[at];
      for (let m = 0; m < M; m++) {
        const n = count[m], v = overall.variance[m];
        mean[i * M + m] = n > 0 ? sum[m] / n : overall.mean[m];
        const around = n > 0 ? Math.max(0, squares[m] - sum[m] ** 2 / n) : 0;
        error[i * M + m] = n > 0 ? Math.sqrt(around + v) / n : Math.sqrt(v);
      }
    }
  }
  return new Map(ks.map((k, at) => [k, all[at]]));
}

/** Adds a neighbour's gains, which begin at `at`, to what is summed over neighbours. */
function addGains(
  gains: Float64Array,
  at: number,
  sum: Float64Array,
  squares: Float64Array,
  count: Float64Array,
): void {
  for (let m = 0; m < sum.length; m++, at++) {
    const d = gains[at];
    if (d === d) sum[m] += d, squares[m] += d * d, count[m]++;
  }
}

/** ŝ = s̄_b + d̄ − z·error, [Q × M]. */
function bounded(base: Float64Array, { mean, error }: Gained, z: number): Float64Array {
  const M = mean.length / base.length;
  return mean.map((gain, at) => base[Math.floor(at / M)] + gain - z * error[at]);
}
