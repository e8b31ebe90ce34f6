/**
 * RouterArena's optimality and Arena score, and ORBIT's routing collapse index.
 * @module
 */
import {
  chance,
  checkDecisions,
  type Decisions,
  type Outcomes,
  requireCosts,
  requireScores,
  TIE,
} from "./shapes.ts";
import { modelCosts } from "./quality.ts";

/** RouterArena's optimality, over the queries that at least one model of the pool solves. */
export interface Optimality {
  /** Number of such queries. */
  readonly solvable: number;
  /** Opt.Sel ↑: share where the router is right and chose the cheapest right model; null without costs. */
  readonly selection: number | null;
  /** Opt.Acc ↑: Σ router score / Σ oracle score; null if nothing is solvable. */
  readonly accuracy: number | null;
  /**
   * Opt.Cost ↑: Σ oracle cost / Σ router cost over the queries the router gets right; null without costs
   * or right answers.
   */
  readonly cost: number | null;
}

/**
 * Opt.Sel, Opt.Acc and Opt.Cost (RouterArena, as corrected in May 2026; before that, queries the router
 * got wrong were dropped and Opt.Acc was near 1 for everybody).
 *
 * @param decisions chosen model per query [N], or mixture weights [M] (then in expectation)
 * @param solvedFrom score from which a query counts as solved; RouterArena's is 1
 * @param spent what was paid for each query, where that is more than the chosen model's cost. Length N
 * @throws {DataError} naming row and model of a missing score or cost
 * @throws {RangeError} when the decisions do not fit
 */
export function optimality(
  outcomes: Outcomes,
  decisions: Decisions,
  solvedFrom: number | Float64Array = 1,
  spent?: Float64Array,
): Optimality {
  requireScores(outcomes);
  checkDecisions(outcomes, decisions);
  const { rows, models, scores } = outcomes;
  const costs = outcomes.costs && requireCosts(outcomes);
  let solvable = 0, selected = 0, won = 0, best = 0, paid = 0, needed = 0;
  for (let i = 0; i < rows; i++) {
    const at = i * models;
    const from = typeof solvedFrom === "number" ? solvedFrom : solvedFrom[i];
    let top = -Infinity, cheapest = Infinity;
    for (let m = 0; m < models; m++) {
      top = Math.max(top, scores[at + m]);
      if (costs && scores[at + m] >= from) cheapest = Math.min(cheapest, costs[at + m]);
    }
    if (top < from) continue;
    solvable++;
    best += top;
    for (let m = 0; m < models; m++) {
      const p = chance(decisions, i, m);
      won += p * scores[at + m];
      if (!costs || scores[at + m] < from) continue;
      if (costs[at + m] === cheapest) selected += p;
      needed += p * cheapest;
      paid += p * (spent ? spent[i] : costs[at + m]);
    }
  }
  return {
    solvable,
    selection: costs && solvable > 0 ? selected / solvable : null,
    accuracy: best > 0 ? won / best : null,
    cost: costs && paid > 0 ? needed / paid : null,
  };
}

/**
 * RCI ↓, routing collapse index (ORBIT): share of queries *not* (i) answered by a best model that is not
 * top-priced, nor (ii) answered by a top-priced model where only such models are best. Best = equal to the
 * row's maximum, so on unsolved rows all are best; top-priced = of the highest mean cost on these rows.
 * ORBIT evaluates it at the largest budget only.
 *
 * @param decisions chosen model per query [N], or mixture weights [M] (then in expectation)
 * @throws {DataError} without costs, or naming row and model of a missing score or cost
 * @throws {RangeError} when the decisions do not fit
 */
export function collapseIndex(outcomes: Outcomes, decisions: Decisions): number {
  requireScores(outcomes);
  checkDecisions(outcomes, decisions);
  const { rows, models, scores } = outcomes;
  const means = modelCosts(outcomes);
  const highest = Math.max(...means);
  const topPriced = Array.from(means, (cost) => cost >= highest * (1 - TIE));
  let fine = 0;
  for (let i = 0; i < rows; i++) {
    const at = i * models;
    let top = -Infinity, cheapTop = -Infinity;
    for (let m = 0; m < models; m++) {
      top = Math.max(top, scores[at + m]);
      if (!topPriced[m]) cheapTop = Math.max(cheapTop, scores[at + m]);
    }
    const onlyTop = cheapTop < top - TIE;
    for (let m = 0; m < models; m++) {
      const isBest = scores[at + m] >= top - TIE;
      if (topPriced[m] ? onlyTop : isBest) fine += chance(decisions, i, m);
    }
  }
  return 1 - fine / rows;
}

/**
 * Arena score ↑ (RouterArena): C = (log₂200 − log₂cost)/(log₂200 − log₂0.0044),
 * S = 1.1·A·C/(0.1·A + C). The one metric that depends on the absolute scale of costs.
 *
 * @param accuracy A, 0…1
 * @param costPer1000 US dollars per 1,000 queries; at 200 and above C counts as 0
 * @throws {RangeError} when the cost is not positive (a free router is an error in the prices, not a
 * perfect score) or the accuracy is not in 0…1
 */
export function arenaScore(accuracy: number, costPer1000: number): number {
  if (!(costPer1000 > 0 && costPer1000 < Infinity)) {
    throw new RangeError(`cost per 1,000 queries must be > 0, got ${costPer1000}`);
  }
  if (!(accuracy >= 0 && accuracy <= 1)) throw new RangeError(`accuracy ${accuracy} is not in 0…1`);
  const low = Math.log2(0.0044), high = Math.log2(200);
  const c = Math.max(0, (high - Math.log2(costPer1000)) / (high - low));
  return c === 0 ? 0 : 1.1 * accuracy * c / (0.1 * accuracy + c);
}

/**
 * Robustness ↑ (RouterArena): 1 − share of choices that flip when the queries are paraphrased. A constant
 * router gets 1.
 *
 * @param original choices on the original queries, length N
 * @param paraphrased choices on their paraphrases, same order
 * @throws {RangeError} when the lengths differ or are 0
 */
export function robustness(original: Uint16Array, paraphrased: Uint16Array): number {
  if (original.length !== paraphrased.length || original.length === 0) {
    throw new RangeError(`${original.length} choices against ${paraphrased.length}`);
  }
  let same = 0;
  for (let i = 0; i < original.length; i++) if (original[i] === paraphrased[i]) same++;
  return same / original.length;
}
