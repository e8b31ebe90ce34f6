/**
 * The best single model for dataset means. The reference row `best-single` is chosen by sample mean; against it a
 * difference of dataset means would count what another choice of the one model gives already.
 * @module
 */
import type { OutcomeTable } from "../outcomes/table.ts";
import { datasetMean, modelCosts, type Outcomes, TIE } from "../metrics/mod.ts";
import { outcomesOf } from "../run/join.ts";
import type { Split } from "../splits/split.ts";
import type { SeedRows } from "./decisions.ts";

/** Mean of every model in which each benchmark counts the same, length M. */
export function datasetMeansOfModels(outcomes: Outcomes): Float64Array {
  const { rows, models, scores } = outcomes;
  const column = new Float64Array(rows);
  return Float64Array.from({ length: models }, (_, m) => {
    for (let i = 0; i < rows; i++) column[i] = scores[i * models + m];
    return datasetMean(column, outcomes);
  });
}

/**
 * Scores on a seed's test rows of the model with the best dataset mean on training and validation rows, fold by
 * fold; ties to the cheaper, then to the smaller id, as in the decision rule.
 */
export function bestInDatasetMean(table: OutcomeTable, seed: SeedRows): Float64Array {
  const { outcomes: { models, scores }, fold, splits } = seed;
  const best = splits.map((split) => chosenOn(outcomesOf(table, learntFrom(split))));
  return Float64Array.from(fold, (f, i) => scores[i * models + best[f]]);
}

function chosenOn(outcomes: Outcomes): number {
  const quality = datasetMeansOfModels(outcomes);
  const cost = outcomes.costs ? modelCosts(outcomes) : new Float64Array(outcomes.models);
  let best = 0;
  for (let m = 1; m < outcomes.models; m++) {
    const gain = quality[m] - quality[best];
    if (gain > TIE || (gain >= -TIE && cost[m] < cost[best])) best = m;
  }
  return best;
}

/** Training and validation rows, ascending. */
function learntFrom({ roles }: Split): Uint32Array {
  return Uint32Array.from([...roles].flatMap((role, i) => role === "t" || role === "v" ? [i] : []));
}
