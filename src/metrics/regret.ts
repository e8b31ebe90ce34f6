/**
 * Where the gap comes from: regret by the number of models that solve a query, and recall@k.
 * @module
 */
import { type Earned, type Outcomes, requireScores, TIE } from "./shapes.ts";

/** The queries solved by exactly {@link solvers} models. */
export interface DifficultyGroup {
  /** n(i) = Σ_m 1[s(i,m) ≥ τ]. */
  readonly solvers: number;
  /** Number of queries. */
  readonly queries: number;
  /** Router's mean score ↑. */
  readonly accuracy: number;
  /** mean(max_m s(i,m) − router's score) ↓. */
  readonly regret: number;
  /** Expected accuracy of a random choice, n / M. */
  readonly random: number;
}

/**
 * Groups queries by difficulty. The gap to the oracle comes from queries with 0 < n < M: nobody can win at n = 0,
 * everybody wins at n = M.
 *
 * @returns one group for each n that occurs, ascending
 * @throws {DataError} naming row and model of a missing score
 * @throws {RangeError} when the earned scores are not one a query
 */
export function regretByDifficulty(outcomes: Outcomes, earned: Earned): DifficultyGroup[] {
  requireScores(outcomes);
  const { rows, models, scores } = outcomes;
  if (earned.score.length !== rows) {
    throw new RangeError(`${earned.score.length} earned scores for ${rows} queries`);
  }
  const queries = new Float64Array(models + 1);
  const won = new Float64Array(models + 1), lost = new Float64Array(models + 1);
  for (let i = 0; i < rows; i++) {
    let best = -Infinity;
    for (let m = 0; m < models; m++) best = Math.max(best, scores[i * models + m]);
    const n = solvers(outcomes, i);
    queries[n]++;
    won[n] += earned.score[i];
    lost[n] += best - earned.score[i];
  }
  return [...queries.keys()].filter((n) => queries[n] > 0).map((n) => ({
    solvers: n,
    queries: queries[n],
    accuracy: won[n] / queries[n],
    regret: lost[n] / queries[n],
    random: n / models,
  }));
}

/**
 * Recall@k ↑: share of the solvable queries (n ≥ 1) whose k best-predicted models contain a solver.
 *
 * @param predicted ŝ, row-major [N × M]; NaN = this model cannot be chosen for this query
 * @param k models looked at, from 1
 * @param preference model columns in order of preference among ties (cheapest first), length M
 * @returns null if nothing is solvable
 * @throws {DataError} naming row and model of a missing score
 * @throws {RangeError} when k, the predictions or the preference do not fit
 */
export function recallAtK(
  outcomes: Outcomes,
  predicted: Float64Array,
  k: number,
  preference: ArrayLike<number>,
): number | null {
  requireScores(outcomes);
  const { rows, models, scores, solvedFrom } = outcomes;
  if (predicted.length !== rows * models || preference.length !== models) {
    throw new RangeError(
      `predictions of ${predicted.length} and a preference of ${preference.length} ` +
        `do not fit ${rows} queries × ${models} models`,
    );
  }
  if (!Number.isInteger(k) || k < 1) throw new RangeError(`k must be a whole number ≥ 1, got ${k}`);
  let solvable = 0, found = 0;
  for (let i = 0; i < rows; i++) {
    if (solvers(outcomes, i) === 0) continue;
    solvable++;
    const at = i * models;
    if (
      topK(predicted.subarray(at, at + models), k, preference).some(
        (m) => scores[at + m] >= solvedFrom[i],
      )
    ) found++;
  }
  return solvable > 0 ? found / solvable : null;
}

function solvers({ models, scores, solvedFrom }: Outcomes, row: number): number {
  let n = 0;
  for (let m = 0; m < models; m++) if (scores[row * models + m] >= solvedFrom[row]) n++;
  return n;
}

/** Picks k times as the decision rule would, leaving out what was picked before. */
function topK(predicted: Float64Array, k: number, preference: ArrayLike<number>): number[] {
  const picked: number[] = [];
  while (picked.length < k) {
    let best = -1;
    for (let j = 0; j < preference.length; j++) {
      const m = preference[j];
      if (Number.isNaN(predicted[m]) || picked.includes(m)) continue;
      if (best < 0 || predicted[m] > predicted[best] + TIE) best = m;
    }
    if (best < 0) break;
    picked.push(best);
  }
  return picked;
}
