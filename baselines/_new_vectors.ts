/**
 * New models for routers that end in a logistic regression: ŝ(x,m) = σ(w_m · f(x) + b_m), f frozen.
 *
 * (w, b) of a new model is the most probable one given its labelled queries, if those of new models are
 * spread as those of the known ones: normally, w with one variance around the mean w, b with its own around
 * the mean b. That is a logistic regression with penalty 1/variance, pulled to the means.
 * @module
 */
import { byId, expectLabel, extendPool, type ModelProfiles } from "../src/router/mod.ts";
import { logisticFit, type Matrix, matrix, takeRows } from "../src/linalg/mod.ts";

/** What every model adds to shared features. */
export interface Vectors {
  /** Models, ascending. */
  readonly models: readonly string[];
  /** w and b as columns, [(F + 1) × M], b last; NaN for a model without a label. */
  readonly weights: Float64Array;
}

/** A way of taking in new models. */
export interface Spread {
  /** How much wider than the known models' new models' vectors are expected to be spread: a factor of the variance. */
  readonly spread: number;
}

/** As the known models are spread, closer to their mean, or wider. */
export const SPREADS: readonly Spread[] = [1, 0.1, 0.01, 10].map((spread) => ({ spread }));

/** Least variance of w, where known models are alike; variance of w and b where there is only one. */
const LEAST = 1e-4, UNKNOWN = 1;

/**
 * The known models and the new ones of `profiles`; a model in both is fitted again.
 * @param features f of embeddings [n × D], as [n × F]
 * @throws {CapabilityError} when no new model has a label, naming the `router`
 */
export async function withNewVectors(
  router: string,
  { models, weights }: Vectors,
  profiles: ModelProfiles,
  features: (vectors: Matrix) => Promise<Matrix>,
  { spread: factor } = SPREADS[0],
): Promise<Vectors> {
  const { queries, scores, models: added } = profiles, k = added.length;
  expectLabel(profiles, router);
  const order = byId(queries), f = await features(takeRows(queries.vectors, order));
  const labels = scores.map((_, at) => scores[order[Math.floor(at / k)] * k + at % k]);
  const { mean, variance, biasVariance } = spread(weights, models.length);
  // The bias is fitted as the weight of one more feature, a constant that gives it its variance.
  const F = f.width, constant = Math.sqrt(biasVariance / variance);
  const x = matrix(f.rows, F + 1, new Float32Array(f.rows * (F + 1)).fill(constant));
  for (let i = 0; i < f.rows; i++) {
    x.data.set(f.data.subarray(i * F, (i + 1) * F), i * (F + 1));
  }
  const fitted = await logisticFit(x, labels, {
    penalty: 1 / (variance * factor),
    prior: mean.with(F, 0),
    offsets: labels.map(() => mean[F]),
    bias: false,
  });
  const fresh = fitted.slice(0, (F + 1) * k); // without the row of the bias, which was not fitted
  for (let at = F * k; at < fresh.length; at++) fresh[at] = mean[F] + constant * fresh[at];
  const pool = extendPool(models, profiles);
  return { models: pool.models, weights: pool.merge(weights, fresh) };
}

/** Means [F + 1] and variances of the known vectors. */
function spread(
  weights: Float64Array,
  M: number,
): { mean: Float64Array; variance: number; biasVariance: number } {
  const rows = Array.from(
    { length: weights.length / M },
    (_, j) => weights.subarray(j * M, (j + 1) * M).filter((w) => !Number.isNaN(w)),
  );
  const mean = Float64Array.from(rows, average);
  const known = rows[0].length;
  if (known < 2) return { mean: mean.map((w) => w || 0), variance: UNKNOWN, biasVariance: UNKNOWN };
  const variances = Float64Array.from(
    rows,
    (row, j) => row.reduce((sum, w) => sum + (w - mean[j]) ** 2, 0) / (known - 1),
  );
  const biasVariance = variances.at(-1)!;
  return { mean, variance: Math.max(LEAST, average(variances.subarray(0, -1))), biasVariance };
}

function average(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
