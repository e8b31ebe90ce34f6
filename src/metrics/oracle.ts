/**
 * The oracle: per query the best model, the cheapest among the best; and what repeated draws leave of it.
 * @module
 */
import { type Earned, type Outcomes, requireCosts, requireScores, TIE } from "./shapes.ts";

/** The oracle's choice and what it earns. */
export interface Oracle extends Earned {
  /** Chosen model of each query, length N. Without costs: the first of the best. */
  readonly choice: Uint16Array;
}

/**
 * Oracle ↑ = mean_i max_m s(i,m), choosing the cheapest maximiser.
 *
 * Two cost conventions are in print for queries on which every model scores 0: the `cheapest` model
 * (LLMRouterBench; our default) or `zero` (RouterBench; report it as `oracle_cost_zero`).
 *
 * @param unsolved cost of a query whose best score is 0
 * @throws {DataError} naming row and model of a missing score or cost
 */
export function oracle(outcomes: Outcomes, unsolved: "cheapest" | "zero" = "cheapest"): Oracle {
  requireScores(outcomes);
  const { rows, models, scores } = outcomes;
  const costs = outcomes.costs && requireCosts(outcomes);
  const choice = new Uint16Array(rows);
  const score = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const at = i * models;
    let best = 0;
    for (let m = 1; m < models; m++) {
      const gain = scores[at + m] - scores[at + best];
      const cheaper = costs !== undefined && costs[at + m] < costs[at + best];
      if (gain > TIE || (gain >= -TIE && cheaper)) best = m;
    }
    choice[i] = best;
    score[i] = scores[at + best];
  }
  if (!costs) return { choice, score };
  const cost = Float64Array.from(
    choice,
    (m, i) => score[i] === 0 && unsolved === "zero" ? 0 : costs[i * models + m],
  );
  return { choice, score, cost };
}

/** Oracles over repeated draws of every answer. */
export interface RepeatedDrawOracles {
  /** Oracle of one draw, averaged over the draws ↑: what a table without repeats calls the oracle. */
  readonly singleDraw: number;
  /** Oracle that knows every model's mean score over the draws ↑. */
  readonly ofMeans: number;
  /** Model picked on half of the draws, scored on the other half ↑, averaged both ways. */
  readonly splitHalf: number;
}

/**
 * How much of the oracle is luck of the draw. Split-half: pick the best model on the even-numbered draws
 * and score it on the odd-numbered ones, then the other way round; models that tie in the picking half
 * are averaged, so that neither cost nor column order matters.
 *
 * @param repeats scores of repeated draws, [M][N][R]; the same R ≥ 2 for all models of a query
 * @throws {RangeError} naming row and model with too few, uneven or missing draws
 */
export function repeatedDrawOracles(
  repeats: ReadonlyArray<ReadonlyArray<readonly number[]>>,
): RepeatedDrawOracles {
  const rows = repeats[0]?.length ?? 0;
  if (rows === 0) throw new RangeError("no repeated draws");
  let singleDraw = 0, ofMeans = 0, splitHalf = 0;
  for (let i = 0; i < rows; i++) {
    const draws = repeats.map((model, m) => checkedDraws(model[i], repeats[0][i].length, i, m));
    const even = draws.map((scores) => mean(scores.filter((_, r) => r % 2 === 0)));
    const odd = draws.map((scores) => mean(scores.filter((_, r) => r % 2 === 1)));
    singleDraw += mean(draws[0].map((_, r) => Math.max(...draws.map((scores) => scores[r]))));
    ofMeans += Math.max(...draws.map(mean));
    splitHalf += (heldOut(even, odd) + heldOut(odd, even)) / 2;
  }
  return { singleDraw: singleDraw / rows, ofMeans: ofMeans / rows, splitHalf: splitHalf / rows };
}

/** Mean held-out score of the models that are best in the picking half. */
function heldOut(pick: readonly number[], score: readonly number[]): number {
  const best = Math.max(...pick);
  return mean(score.filter((_, m) => pick[m] >= best - TIE));
}

function checkedDraws(
  draws: readonly number[] | undefined,
  expected: number,
  row: number,
  model: number,
): readonly number[] {
  if (!draws || draws.length < 2 || draws.length !== expected || draws.some(Number.isNaN)) {
    throw new RangeError(
      `row ${row}, model ${model}: ${
        draws?.length ?? 0
      } draws, expected ${expected} (≥ 2), all known`,
    );
  }
  return draws;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
