/**
 * Joins decisions with outcomes: what each column of a router's decisions earned.
 * @module
 */
import {
  type CurvePoint,
  type Decisions,
  type Earned,
  earned,
  earnedOnPaths,
  type Outcomes,
  sampleMean,
} from "../metrics/mod.ts";
import type { SeedDecisions, SeedRows } from "./decisions.ts";

/** Score and cost per query of one column; a path pays all its visits, mixtures (one a fold) count by their expectation. */
export function earnedBy(
  { choices, paths, mixtures }: SeedDecisions,
  column: number,
  seed: SeedRows,
): Earned {
  const { outcomes, fold } = seed;
  if (choices && paths) return earnedOnPaths(outcomes, choices[column], paths[column]);
  if (choices) return earned(outcomes, choices[column]);
  const score = new Float64Array(outcomes.rows);
  const cost = outcomes.costs && new Float64Array(outcomes.rows);
  // The rows of a fold stand together.
  for (let from = 0, to = 0; from < outcomes.rows; from = to) {
    while (to < outcomes.rows && fold[to] === fold[from]) to++;
    const part = earned(partOf(outcomes, from, to), mixtures![column][fold[from]]);
    score.set(part.score, from);
    cost?.set(part.cost!, from);
  }
  return { score, ...(cost && { cost }) };
}

/** The outcomes of the rows from one up to another, not copied. */
function partOf(outcomes: Outcomes, from: number, to: number): Outcomes {
  const { models, scores, costs, dataset, options, solvedFrom } = outcomes;
  return {
    ...outcomes,
    rows: to - from,
    scores: scores.subarray(from * models, to * models),
    ...(costs && { costs: costs.subarray(from * models, to * models) }),
    dataset: dataset.subarray(from, to),
    options: options.subarray(from, to),
    solvedFrom: solvedFrom.subarray(from, to),
  };
}

/** The choice of a column, or the mean mixture over the rows where there is none. */
export function decisionsOf(
  { choices, mixtures }: SeedDecisions,
  column: number,
  seed: SeedRows,
): Decisions {
  if (choices) return choices[column];
  const mean = new Float64Array(seed.outcomes.models);
  for (const f of seed.fold) {
    mixtures![column][f].forEach((w, m) => mean[m] += w / seed.fold.length);
  }
  return mean;
}

/** The curve columns as (mean cost, mean quality) over all rows of the seed; empty without costs. */
export function curvePoints(decisions: SeedDecisions, seed: SeedRows): CurvePoint[] {
  if (!seed.outcomes.costs) return [];
  return decisions.columns.flatMap(({ kind }, p) => {
    if (kind !== "curve") return [];
    const { score, cost } = earnedBy(decisions, p, seed);
    return [{ cost: sampleMean(cost!), quality: sampleMean(score) }];
  });
}
