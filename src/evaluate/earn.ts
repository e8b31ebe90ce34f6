/**
 * Joins decisions with outcomes: what each column of a router's decisions earned.
 * @module
 */
import {
  type CurvePoint,
  type Decisions,
  type Earned,
  earned,
  sampleMean,
} from "../metrics/mod.ts";
import type { SeedDecisions, SeedRows } from "./decisions.ts";

/** Score and cost per query of one column; mixtures (one a fold) count by their expectation. */
export function earnedBy(
  { choices, mixtures }: SeedDecisions,
  column: number,
  seed: SeedRows,
): Earned {
  if (choices) return earned(seed.outcomes, choices[column]);
  const byFold = mixtures![column].map((weights) => earned(seed.outcomes, weights));
  const pick = (field: (e: Earned) => Float64Array): Float64Array =>
    Float64Array.from(seed.fold, (f, i) => field(byFold[f])[i]);
  return {
    score: pick((e) => e.score),
    ...(seed.outcomes.costs ? { cost: pick((e) => e.cost!) } : {}),
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
