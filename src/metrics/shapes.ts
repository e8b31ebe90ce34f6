/**
 * The shapes every metric reads: realised outcomes, decisions, what the decisions earned, curves.
 *
 * A missing outcome (NaN) is never counted as 0: whoever reads one gets a {@link DataError} that names
 * row and model.
 * @module
 */
import { DataError } from "../base/errors.ts";

/** Which dataset each query belongs to. A dataset without queries takes no part in dataset means. */
export interface DatasetLabels {
  /** Dataset (benchmark) index of each query, below {@link datasets}. Length N. */
  readonly dataset: Uint16Array;
  /** Number of dataset indices, D. */
  readonly datasets: number;
}

/** Realised outcomes of the evaluated queries. */
export interface Outcomes extends DatasetLabels {
  /** Number of queries, N. */
  readonly rows: number;
  /** Number of models, M; columns in ascending model id. */
  readonly models: number;
  /** Scores in [0, 1], row-major [N × M]. */
  readonly scores: Float64Array;
  /** Costs in US dollars, row-major [N × M]; absent when a model of the pool has no price. */
  readonly costs?: Float64Array;
  /** Answer options of each query; 0 = free form. Length N. */
  readonly options: Uint16Array;
  /** Score from which a query counts as solved (τ of its dataset). Length N. */
  readonly solvedFrom: Float64Array;
}

/**
 * Decisions of a router: the chosen model of each query (`Uint16Array`, length N), or the probabilities
 * of a mixture that ignores the query (`Float64Array`, length M), evaluated in expectation.
 */
export type Decisions = Uint16Array | Float64Array;

/** What a router's decisions earned, query by query (expectations for mixtures). */
export interface Earned {
  /** Score of each query. Length N. */
  readonly score: Float64Array;
  /** Cost of each query in US dollars; absent when the pool is not fully priced. Length N. */
  readonly cost?: Float64Array;
}

/** One point of a quality-cost curve (one λ, or one model). */
export interface CurvePoint {
  /** Mean cost in US dollars per query. */
  readonly cost: number;
  /** Mean quality. */
  readonly quality: number;
}

/** Differences up to this size are ties (as in the decision rule). */
export const TIE = 1e-12;

/** A reference (accuracy, gap, price) below this is too close to 0 to divide by. */
export const NEAR_ZERO = 0.01;

/**
 * Checks that all columns have the promised length.
 * @throws {RangeError} naming the column
 */
export function checkShape(outcomes: Outcomes): void {
  const { rows, models, datasets } = outcomes;
  if (rows < 1 || models < 1) {
    throw new RangeError(`metrics need queries and models, got ${rows} × ${models}`);
  }
  const expect = (name: string, length: number, expected: number): void => {
    if (length !== expected) {
      throw new RangeError(`${name}: ${length} values, expected ${expected}`);
    }
  };
  expect("scores", outcomes.scores.length, rows * models);
  if (outcomes.costs) expect("costs", outcomes.costs.length, rows * models);
  expect("dataset", outcomes.dataset.length, rows);
  expect("options", outcomes.options.length, rows);
  expect("solvedFrom", outcomes.solvedFrom.length, rows);
  const stray = firstFrom(datasets, outcomes.dataset);
  if (stray >= 0) {
    throw new RangeError(
      `row ${stray}: dataset ${outcomes.dataset[stray]}, but there are ${datasets}`,
    );
  }
}

/**
 * Checks the shape and that every model has a score on every query.
 * @throws {DataError} naming row and model of the first missing score
 * @throws {RangeError} when a column has the wrong length
 */
export function requireScores(outcomes: Outcomes): void {
  checkShape(outcomes);
  requireKnown(outcomes.scores, outcomes.models, "score");
}

/**
 * The costs, once it is sure that all are known.
 * @throws {DataError} when the pool is not fully priced, or naming row and model of a missing cost
 * @throws {RangeError} when a column has the wrong length
 */
export function requireCosts(outcomes: Outcomes): Float64Array {
  checkShape(outcomes);
  const { costs, models } = outcomes;
  if (!costs) throw new DataError("this metric needs costs, and the pool is not fully priced");
  requireKnown(costs, models, "cost");
  return costs;
}

function requireKnown(values: Float64Array, models: number, what: string): void {
  // Loops, here and in {@link firstFrom}: with a function a value they are most of the time of a metric.
  for (let at = 0; at < values.length; at++) {
    if (!Number.isNaN(values[at])) continue;
    throw new DataError(
      `row ${Math.floor(at / models)}, model ${at % models}: no ${what}; ` +
        "rows with a missing outcome must be left out before evaluation",
    );
  }
}

/**
 * Checks decisions against outcomes.
 * @throws {RangeError} naming the row with an unknown model, or a mixture that does not sum to 1
 */
export function checkDecisions({ rows, models }: Outcomes, decisions: Decisions): void {
  if (decisions instanceof Uint16Array) {
    if (decisions.length !== rows) {
      throw new RangeError(`${decisions.length} decisions for ${rows} queries`);
    }
    const stray = firstFrom(models, decisions);
    if (stray >= 0) {
      throw new RangeError(
        `row ${stray}: model ${decisions[stray]} chosen, but there are ${models}`,
      );
    }
    return;
  }
  if (decisions.length !== models) {
    throw new RangeError(`a mixture of ${decisions.length} weights for ${models} models`);
  }
  const total = decisions.reduce((sum, w) => sum + w, 0);
  if (!decisions.every((w) => w >= 0) || !(Math.abs(total - 1) < 1e-9)) {
    throw new RangeError(`mixture weights must be ≥ 0 and sum to 1, got ${decisions.join(", ")}`);
  }
}

/** Position of the first value that is `limit` or more; −1 if there is none. */
function firstFrom(limit: number, values: Uint16Array): number {
  for (let i = 0; i < values.length; i++) if (values[i] >= limit) return i;
  return -1;
}

/** Probability that the decisions send a query to a model. */
export function chance(decisions: Decisions, row: number, model: number): number {
  if (decisions instanceof Uint16Array) return decisions[row] === model ? 1 : 0;
  return decisions[model];
}
