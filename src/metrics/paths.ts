/**
 * What decisions along paths earn: a router that asks several models for one query pays all of them.
 * @module
 */
import { type CurvePoint, type Earned, type Outcomes, requireCosts, TIE } from "./shapes.ts";
import { earned } from "./earned.ts";

/** The models that were visited for each query. */
export interface Visits {
  /** In order, row-major [N × horizon]; M stands after the last. */
  readonly visited: Uint16Array;
  /** Most visits of a query. */
  readonly horizon: number;
}

/**
 * Sum of the costs of the visited models, US dollars; NaN where one is unknown. Length N.
 * @param costs row-major [N × M]
 */
export function paidOnPaths(
  costs: Float64Array,
  models: number,
  { visited, horizon }: Visits,
): Float64Array {
  const paid = new Float64Array(costs.length / models);
  visited.forEach((m, at) => {
    const i = Math.floor(at / horizon);
    if (m < models) paid[i] += costs[i * models + m];
  });
  return paid;
}

/**
 * Score of the model committed to, and cost of all that were visited.
 * @param choice model committed to. Length N
 * @throws {DataError} naming row and model when a needed outcome is missing
 */
export function earnedOnPaths(outcomes: Outcomes, choice: Uint16Array, visits: Visits): Earned {
  const { score } = earned(outcomes, choice);
  if (!outcomes.costs) return { score };
  return { score, cost: paidOnPaths(requireCosts(outcomes), outcomes.models, visits) };
}

/** A list of models and what it does with a perfect judge of replies. */
export interface JudgedList extends CurvePoint {
  /** Columns in the order of asking. */
  readonly list: readonly number[];
}

/**
 * The best ordered list of up to `horizon` models under a perfect judge, by enumeration: models are asked in turn
 * until one solves the query, the best of those asked answers, and all of them are paid. An upper bound for
 * every cascade whose list is the same for all queries: in hindsight, and with the scores in its hand.
 *
 * @returns of highest quality, the cheapest of equals
 * @throws {DataError} when costs or scores are missing
 */
export function bestJudgedList(outcomes: Outcomes, horizon: number): JudgedList {
  const costs = requireCosts(outcomes), { rows, models, scores, solvedFrom } = outcomes;
  let best: JudgedList | undefined;
  const extend = (list: readonly number[], score: Float64Array, cost: Float64Array): void => {
    for (let m = 0; m < models; m++) {
      if (list.includes(m)) continue;
      const nextScore = score.slice(), nextCost = cost.slice();
      for (let i = 0; i < rows; i++) {
        if (score[i] >= solvedFrom[i]) continue;
        nextScore[i] = Math.max(score[i], scores[i * models + m]);
        nextCost[i] += costs[i * models + m];
      }
      const own = { list: [...list, m], quality: mean(nextScore), cost: mean(nextCost) };
      const gain = own.quality - (best?.quality ?? -Infinity);
      if (gain > TIE || (gain >= -TIE && own.cost < best!.cost)) best = own;
      if (own.list.length < horizon) extend(own.list, nextScore, nextCost);
    }
  };
  extend([], new Float64Array(rows).fill(-Infinity), new Float64Array(rows));
  return best!;
}

/**
 * The best plan of up to `horizon` visits for every query, all of its scores and costs known: the highest score
 * that a visited model has, at the lowest sum of costs. Every plan is tried.
 * @throws {DataError} when costs are missing
 */
export function clairvoyant(outcomes: Outcomes, horizon: number): CurvePoint {
  const costs = requireCosts(outcomes), { rows, models, scores } = outcomes;
  let quality = 0, cost = 0;
  for (let i = 0; i < rows; i++) {
    let score = -Infinity, price = Infinity;
    const extend = (list: readonly number[], top: number, paid: number): void => {
      for (let m = 0; m < models; m++) {
        if (list.includes(m)) continue;
        const s = Math.max(top, scores[i * models + m]), c = paid + costs[i * models + m];
        if (s > score + TIE || (s >= score - TIE && c < price)) score = s, price = c;
        if (list.length + 1 < horizon) extend([...list, m], s, c);
      }
    };
    extend([], -Infinity, 0);
    quality += score / rows, cost += price / rows;
  }
  return { quality, cost };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
