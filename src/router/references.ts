/**
 * Reference rows: they frame every table and do not compete.
 *
 * random (in expectation, not one draw) · cheapest · dearest · best single (chosen on training and
 * validation rows) · best per benchmark (told the benchmark of the query) · zero router (coin flips
 * along the hull of single models, UniRoute §"zero router") · Bayes-optimal (synthetic data only).
 * @module
 */
import type {
  FitContext,
  FittedRouter,
  MixturePolicy,
  PointPredictions,
  QueryBatch,
  Router,
  TrainingData,
} from "./contract.ts";
import { zeroRouterHull, zeroRouterMixture } from "../metrics/mod.ts";
import { extendMeanCosts, extendPool } from "./new_models.ts";
import { columnMeans } from "./training.ts";

/** Reference rows have nothing to configure. */
export type Plain = Record<string, never>;
const GRID: readonly Plain[] = [{}];

/** Every model with the same probability; scored by its expectation. */
export const randomChoice: Router<Plain> = {
  name: "random",
  summary: "every model with the same probability, in expectation",
  source: "reference row",
  reference: true,
  grid: GRID,
  unseen: "zero-update",
  fit: ({ models }) => uniform(models),
};

/** The model with the lowest mean training cost. */
export const cheapest: Router<Plain> = {
  name: "cheapest",
  summary: "always the model with the lowest mean training cost",
  source: "reference row",
  reference: true,
  needs: ["cost"],
  grid: GRID,
  unseen: "zero-update",
  fit: ({ models, meanCosts }) => extreme(models, meanCosts, -1),
};

/** The model with the highest mean training cost. */
export const dearest: Router<Plain> = {
  name: "dearest",
  summary: "always the model with the highest mean training cost",
  source: "reference row",
  reference: true,
  needs: ["cost"],
  grid: GRID,
  unseen: "zero-update",
  fit: ({ models, meanCosts }) => extreme(models, meanCosts, 1),
};

/** The model with the best mean score on training and validation rows; ties to the cheaper. */
export const bestSingle: Router<Plain> = {
  name: "best single",
  summary: "always the model with the best mean score on training and validation rows",
  source: "reference row",
  reference: true,
  grid: GRID,
  unseen: "zero-update",
  fit: ({ models, scores }) => single(models, columnMeans(scores, models.length)),
};

/** Per benchmark the model with the best training mean; an unseen benchmark gets the best single. */
export const bestPerBenchmark: Router<Plain> = {
  name: "best per benchmark",
  summary: "told the benchmark of the query: the model with the best training mean on it",
  source: "reference row",
  reference: true,
  needs: ["benchmark"],
  grid: GRID,
  fit: fitBestPerBenchmark,
};

/**
 * Upper concave hull of single models over (mean cost, mean score); the policies between two hull
 * models are coin flips between them, so the curve is linear there.
 */
export const zeroRouter: Router<Plain> = {
  name: "zero router",
  summary:
    "coin flips between neighbours on the cost-quality hull of single models, in expectation",
  source: "UniRoute (arXiv 2502.08773), query-independent baseline",
  reference: true,
  needs: ["cost"],
  grid: GRID,
  refit: "train",
  fit: fitZeroRouter,
};

/** Knows the true success probabilities given the visible text; exists on synthetic data only. */
export const bayesOptimal: Router<Plain> = {
  name: "Bayes-optimal (synthetic)",
  summary: "the best any router could do: true success probabilities given the query text",
  source: "reference row, synthetic data only",
  reference: true,
  needs: ["truth"],
  grid: GRID,
  fit: ({ models }) => ({
    models,
    predict: ({ truth, truthCost }: QueryBatch) => ({ quality: truth!, cost: truthCost }),
    describe: () => ({ parameters: 0 }),
  }),
};

/** All reference rows by id, in table order. */
export const REFERENCES: ReadonlyArray<{ id: string; router: Router<Plain> }> = [
  { id: "random", router: randomChoice },
  { id: "cheapest", router: cheapest },
  { id: "dearest", router: dearest },
  { id: "best-single", router: bestSingle },
  { id: "best-per-benchmark", router: bestPerBenchmark },
  { id: "zero-router", router: zeroRouter },
  { id: "bayes-optimal", router: bayesOptimal },
];

function uniform(models: readonly string[]): FittedRouter {
  return {
    ...fixed(models, [new Float64Array(models.length).fill(1 / models.length)]),
    withModels: (profiles) => uniform(extendPool(models, profiles).models),
  };
}

function extreme(models: readonly string[], costs: Float64Array, sign: 1 | -1): FittedRouter {
  return {
    ...constant(models, costs.map((c) => sign * c)),
    withModels: (profiles) => {
      const pool = extendPool(models, profiles);
      return extreme(pool.models, extendMeanCosts(pool, costs, profiles), sign);
    },
  };
}

function single(models: readonly string[], means: Float64Array): FittedRouter {
  return {
    ...constant(models, means),
    withModels: (profiles) => {
      const pool = extendPool(models, profiles);
      const fresh = columnMeans(profiles.scores, profiles.models.length);
      return single(pool.models, pool.merge(means, fresh));
    },
  };
}

/** The same predictions for every query, and one point instead of a curve. */
function constant(models: readonly string[], value: Float64Array): FittedRouter {
  const predict = ({ ids }: QueryBatch): PointPredictions => {
    const quality = new Float64Array(ids.length * models.length);
    for (let at = 0; at < quality.length; at += models.length) quality.set(value, at);
    return { quality };
  };
  return {
    models,
    predict,
    dial: { name: "none", values: [0], predict },
    describe: () => ({ parameters: models.length }),
  };
}

function fitBestPerBenchmark({ queries, models, scores }: TrainingData): FittedRouter {
  const M = models.length, labels = queries.benchmarks!;
  const rowsOf = Map.groupBy(labels.keys(), (i) => labels[i]);
  const means = new Map([...rowsOf].map(([b, rows]) => [b, columnMeans(scores, M, rows)]));
  const overall = columnMeans(scores, M);
  return {
    models,
    predict: ({ benchmarks }) => {
      const quality = new Float64Array(benchmarks!.length * M);
      benchmarks!.forEach((b, i) => quality.set(means.get(b) ?? overall, i * M));
      return { quality };
    },
    describe: () => ({ parameters: means.size * M }),
  };
}

/** Points of the zero router's curve, evenly spaced in cost between the ends of its hull. */
const HULL_POINTS = 65;

/** The hull is chosen on validation rows; where there are none, on the training rows. */
function fitZeroRouter(train: TrainingData, _config: Plain, _context: FitContext): FittedRouter {
  const { models, scores, meanCosts } = train.validation ?? train;
  const means = columnMeans(scores, models.length);
  const hull = zeroRouterHull(models.map((_, m) => ({ cost: meanCosts[m], quality: means[m] })));
  const low = hull[0].cost, high = hull[hull.length - 1].cost;
  const budgets = Array.from(
    { length: HULL_POINTS },
    (_, i) => high - (high - low) * i / (HULL_POINTS - 1),
  );
  return fixed(models, budgets.map((budget) => zeroRouterMixture(hull, budget, models.length)!));
}

function fixed(models: readonly string[], mixtures: readonly Float64Array[]): FittedRouter {
  const policy: MixturePolicy = { mixtures };
  return { models, predict: () => policy, describe: () => ({ parameters: models.length }) };
}
