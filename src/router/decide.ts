/**
 * The one decision rule, shared by every router:
 *
 *   r_λ(i) = argmax_m [ ŝ(i,m) − λ · c̃(m) ],   c̃ = cost scaled to [0, 1] over the pool
 *
 * Ties (within 1e-12) go to the lower mean training cost, then to the smaller model id, never to array
 * order. λ = 0 is quality only; λ = ∞ is the cheapest model. With predicted costs ĉ(i,m) the same scale
 * is applied to ĉ. (UniRoute's plug-in rule; CARROT's with ĉ.)
 * @module
 */
import type { PointPredictions } from "./contract.ts";
import { CapabilityError } from "../base/errors.ts";

/** Differences up to this size are ties. */
export const TIE = 1e-12;

/** A pool as the decision rule sees it. */
export interface Pool {
  /** Model ids, in the column order of the predictions. */
  readonly models: readonly string[];
  /** c̄(m), mean training cost in US dollars; NaN = unpriced. Length M. */
  readonly meanCosts: Float64Array;
}

/**
 * Chooses a model for every query.
 *
 * @param predictions ŝ and optionally ĉ, [Q × M]
 * @param pool the models and their mean training costs
 * @param lambda trade-off ≥ 0; above 0 every model needs a cost
 * @returns column indices, length Q
 * @throws {CapabilityError} when λ > 0 and a model is unpriced, or no model can be chosen for a query
 */
export function decide(predictions: PointPredictions, pool: Pool, lambda = 0): Uint16Array {
  const { quality } = predictions;
  const models = pool.models.length;
  const rows = models > 0 ? quality.length / models : 0;
  const preference = tieOrder(pool);
  const costs = lambda > 0 ? scaledCosts(predictions, pool) : undefined;
  const perQuery = costs !== undefined && predictions.cost !== undefined;
  const choice = new Uint16Array(rows);
  for (let i = 0; i < rows; i++) {
    const start = i * models;
    let best = -1, bestValue = -Infinity;
    for (let k = 0; k < models; k++) {
      const m = preference[k], s = quality[start + m];
      const c = costs === undefined ? 0 : costs[perQuery ? start + m : m];
      // A router that cannot say what a model scores or costs cannot choose it.
      if (s !== s || c !== c) continue;
      const value = valueAt(s, c, lambda);
      if (best < 0 || value > bestValue + TIE) best = m, bestValue = value;
    }
    if (best < 0) throw noPrediction(i);
    choice[i] = best;
  }
  return choice;
}

/**
 * Chooses at several trade-offs, one column each, as {@link decide} does. A model is passed over for a query where
 * one before it in the order of ties costs no more and scores no less: it is not chosen at any trade-off, since
 * rounding keeps the order of sums, and most models are such. Nor are trade-offs looked at up to which the best model
 * is sure to stay the best.
 *
 * @param lambdas trade-offs ≥ 0
 * @throws {CapabilityError} as {@link decide}
 */
export function decideAlong(
  predictions: PointPredictions,
  pool: Pool,
  lambdas: readonly number[],
): Uint16Array[] {
  if (lambdas.every((lambda) => lambda === 0)) {
    return lambdas.map((lambda) => decide(predictions, pool, lambda));
  }
  const { start, model, score, cost } = contenders(predictions, pool);
  const rows = start.length - 1, choice = new Uint16Array(lambdas.length * rows);
  for (let i = 0; i < rows; i++) {
    const first = start[i], end = start[i + 1];
    for (let l = 0; l < lambdas.length;) {
      const lambda = lambdas[l];
      let best = first, bestValue = valueAt(score[first], cost[first], lambda);
      for (let at = first + 1; at < end; at++) {
        const value = valueAt(score[at], cost[at], lambda);
        if (value > bestValue + TIE) best = at, bestValue = value;
      }
      const sure = bestUpTo(best, first, end, score, cost, lambda);
      let next = l + 1;
      while (next < lambdas.length && lambdas[next] >= lambda && lambdas[next] < sure) next++;
      for (; l < next; l++) choice[l * rows + i] = model[best];
    }
  }
  // At 0 models without a predicted cost can be chosen, too.
  return lambdas.map((lambda, l) =>
    lambda === 0 ? decide(predictions, pool) : choice.slice(l * rows, (l + 1) * rows)
  );
}

/** More than the rounding errors of a value in units of score and λ · cost, some 10⁻¹⁶ each. */
const ROUNDING = 1e-14;

/**
 * From `lambda` to below this trade-off its best contender stays the best: ahead of every other by more than a tie and
 * rounding, as a lead changes in proportion to λ. Not above `lambda` where that is not sure.
 */
function bestUpTo(
  best: number,
  first: number,
  end: number,
  score: Float64Array,
  cost: Float64Array,
  lambda: number,
): number {
  let sure = Infinity;
  for (let at = first; at < end; at++) {
    if (at === best) continue;
    const scores = Math.abs(score[best]) + Math.abs(score[at]);
    const costs = Math.abs(cost[best]) + Math.abs(cost[at]);
    const lead = score[best] - score[at] - TIE - ROUNDING * scores;
    const loss = cost[best] - cost[at] + ROUNDING * costs;
    if (!(lead > lambda * loss)) return lambda;
    if (loss > 0) sure = Math.min(sure, lead / loss);
  }
  return sure;
}

function valueAt(score: number, cost: number, lambda: number): number {
  return lambda === Infinity ? -cost : score - lambda * cost;
}

/** Models that can be chosen, query by query in the order of ties: query i's are those from start[i] to start[i + 1]. */
interface Contenders {
  readonly start: Uint32Array;
  readonly model: Uint16Array;
  readonly score: Float64Array;
  readonly cost: Float64Array;
}

function contenders(predictions: PointPredictions, pool: Pool): Contenders {
  const { quality } = predictions, M = pool.models.length, preference = tieOrder(pool);
  const costs = scaledCosts(predictions, pool), perQuery = predictions.cost !== undefined;
  const rows = M > 0 ? quality.length / M : 0, start = new Uint32Array(rows + 1);
  const model = new Uint16Array(quality.length), score = new Float64Array(quality.length);
  const cost = new Float64Array(quality.length);
  let end = 0;
  for (let i = 0; i < rows; i++) {
    start[i] = end;
    for (let k = 0; k < M; k++) {
      const m = preference[k], s = quality[i * M + m], c = costs[perQuery ? i * M + m : m];
      if (s !== s || c !== c) continue;
      let at = start[i];
      while (at < end && !(score[at] >= s && cost[at] <= c)) at++;
      if (at < end) continue;
      model[end] = m, score[end] = s, cost[end++] = c;
    }
    if (end === start[i]) throw noPrediction(i);
  }
  start[rows] = end;
  return { start, model, score, cost };
}

function noPrediction(row: number): CapabilityError {
  return new CapabilityError(`no model has a prediction for query row ${row}`);
}

/** Choices by quality alone among some models of the pool: the others are left out. Length Q, columns of the pool. */
export function decideWithin(
  { quality }: PointPredictions,
  pool: Pool,
  models: readonly string[],
): Uint16Array {
  const M = pool.models.length, outside = pool.models.map((model) => !models.includes(model));
  return decide({ quality: quality.map((q, at) => outside[at % M] ? NaN : q) }, pool);
}

/** Model columns in order of preference among ties: lower mean cost, unpriced last, then smaller id. */
export function tieOrder({ models, meanCosts }: Pool): Uint16Array {
  const price = (m: number) => Number.isNaN(meanCosts[m]) ? Infinity : meanCosts[m];
  return Uint16Array.from(models.keys()).sort((a, b) => {
    const difference = price(a) - price(b);
    if (Math.abs(difference) > TIE) return difference;
    return models[a] < models[b] ? -1 : models[a] > models[b] ? 1 : 0;
  });
}

/**
 * λ grid of a curve: 0, 63 geometric points, ∞. The largest finite λ is 1.5 / (smallest positive gap
 * between two scaled costs), from where on a gap of 1 in quality no longer matters (UniRoute's port).
 */
export function lambdaGrid({ meanCosts }: Pool): number[] {
  const scaled = scale(meanCosts).sort();
  let gap = Infinity;
  for (let m = 1; m < scaled.length; m++) {
    const step = scaled[m] - scaled[m - 1];
    if (step > TIE) gap = Math.min(gap, step);
  }
  const high = Math.max(10, gap < Infinity ? 1.5 / gap : 10), low = 1e-3;
  const points = Array.from({ length: 63 }, (_, i) => low * (high / low) ** (i / 62));
  return [0, ...points, Infinity];
}

/** c̃: costs brought to [0, 1] over the pool; all zero when they are equal. */
export function scale(meanCosts: Float64Array): Float64Array {
  const low = Math.min(...meanCosts), high = Math.max(...meanCosts);
  return meanCosts.map((c) => high > low ? (c - low) / (high - low) : 0);
}

/** c̃ of every model [M], or of every query and model [Q × M] where a router predicts costs. */
function scaledCosts({ cost }: PointPredictions, { models, meanCosts }: Pool): Float64Array {
  const unpriced = models.filter((_, m) => Number.isNaN(meanCosts[m]));
  if (unpriced.length > 0) {
    throw new CapabilityError(
      `a cost trade-off needs a price for every model; without one: ${unpriced.join(", ")}`,
    );
  }
  if (!cost) return scale(meanCosts);
  const known = scaled.get(cost);
  if (known?.by === meanCosts) return known.costs;
  const low = Math.min(...meanCosts), span = Math.max(...meanCosts) - low;
  const costs = cost.map((c) => span > 0 ? (c - low) / span : 0 * c);
  scaled.set(cost, { by: meanCosts, costs });
  return costs;
}

/** Predicted costs scaled by a pool's, for the many prices of cost that a curve asks for. */
const scaled = new WeakMap<Float64Array, { by: Float64Array; costs: Float64Array }>();
