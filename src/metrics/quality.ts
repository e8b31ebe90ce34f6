/**
 * Accuracy: sample mean, dataset mean; every model on its own.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { type DatasetLabels, type Outcomes, requireCosts, requireScores } from "./shapes.ts";

/** A quantity under the two ways of averaging over queries. Publish both. */
export interface Averages {
  /** Every query counts the same: (1/N) Σ_i. */
  readonly sample: number;
  /** Every dataset counts the same: (1/D) Σ_d mean over its queries. */
  readonly dataset: number;
}

/**
 * Sample mean (1/N) Σ_i v_i: AvgAcc ↑ of a score column, mean cost ↓ of a cost column.
 *
 * @param values one value a query, length N
 * @throws {DataError} naming the row of a missing value
 * @throws {RangeError} without rows
 */
export function sampleMean(values: Float64Array): number {
  if (values.length === 0) throw new RangeError("the mean of no queries is undefined");
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  if (Number.isNaN(sum)) throw new DataError(`row ${values.findIndex(Number.isNaN)}: no value`);
  return sum / values.length;
}

/**
 * Mean of every dataset, length D; NaN for a dataset without queries.
 *
 * @throws {DataError} naming the row of a missing value
 * @throws {RangeError} when there is not one label a value
 */
export function datasetMeans(values: Float64Array, labels: DatasetLabels): Float64Array {
  const { dataset, datasets } = labels;
  if (values.length !== dataset.length) {
    throw new RangeError(`${values.length} values, but ${dataset.length} dataset labels`);
  }
  const sums = new Float64Array(datasets), counts = new Float64Array(datasets);
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) throw new DataError(`row ${i}: no value`);
    sums[dataset[i]] += values[i];
    counts[dataset[i]]++;
  }
  return sums.map((sum, d) => sum / counts[d]);
}

/**
 * Dataset mean (1/D) Σ_d mean_{i∈d} v_i over the datasets that have queries ↑ (AvgAcc of LLMRouterBench
 * and ICL-Router).
 *
 * @throws {DataError} naming the row of a missing value
 * @throws {RangeError} without rows, or when there is not one label a value
 */
export function datasetMean(values: Float64Array, labels: DatasetLabels): number {
  return sampleMean(datasetMeans(values, labels).filter((mean) => !Number.isNaN(mean)));
}

/** Both averages of one column; see {@link sampleMean} and {@link datasetMean}, also for the errors. */
export function averages(values: Float64Array, labels: DatasetLabels): Averages {
  return { sample: sampleMean(values), dataset: datasetMean(values, labels) };
}

/**
 * Mean score of every model, length M; every query counts the same.
 *
 * @throws {DataError} naming row and model of a missing score
 */
export function modelQualities(outcomes: Outcomes): Float64Array {
  requireScores(outcomes);
  const { rows, models, scores } = outcomes;
  const column = new Float64Array(rows);
  return Float64Array.from({ length: models }, (_, m) => {
    for (let i = 0; i < rows; i++) column[i] = scores[i * models + m];
    return sampleMean(column);
  });
}

/**
 * Mean cost of every model ↓, length M, US dollars per query.
 *
 * @throws {DataError} when the pool is not fully priced, or naming row and model of a missing cost
 */
export function modelCosts(outcomes: Outcomes): Float64Array {
  const costs = requireCosts(outcomes);
  const means = new Float64Array(outcomes.models);
  for (let at = 0; at < costs.length; at++) means[at % outcomes.models] += costs[at];
  return means.map((sum) => sum / outcomes.rows);
}
