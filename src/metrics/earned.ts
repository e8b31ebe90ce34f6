/**
 * Joins decisions and outcomes: what every query earned and cost under a router.
 * @module
 */
import { DataError } from "../base/errors.ts";
import {
  checkDecisions,
  checkShape,
  type Decisions,
  type Earned,
  type Outcomes,
} from "./shapes.ts";

/**
 * Score and cost of every query under the given decisions. Mixtures are evaluated in expectation, never
 * by sampling: "random" is a number, not one draw.
 *
 * @param decisions chosen model per query [N], or mixture weights [M]
 * @returns score [N], and cost [N] in US dollars where the pool is priced
 * @throws {DataError} naming row and model when a needed outcome is missing
 * @throws {RangeError} when lengths, models or weights do not fit
 */
export function earned(outcomes: Outcomes, decisions: Decisions): Earned {
  checkShape(outcomes);
  checkDecisions(outcomes, decisions);
  const column = decisions instanceof Uint16Array ? chosen : expected;
  const score = column(outcomes.scores, outcomes, decisions, "score");
  if (!outcomes.costs) return { score };
  return { score, cost: column(outcomes.costs, outcomes, decisions, "cost") };
}

/** The mixture "random": every model with probability 1/M. */
export function uniformMixture(models: number): Float64Array {
  return new Float64Array(models).fill(1 / models);
}

function chosen(
  values: Float64Array,
  { rows, models }: Outcomes,
  choice: Decisions,
  what: string,
): Float64Array {
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    out[i] = known(values[i * models + choice[i]], i, choice[i], what);
  }
  return out;
}

function expected(
  values: Float64Array,
  { rows, models }: Outcomes,
  weights: Decisions,
  what: string,
): Float64Array {
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    let least = Infinity, most = -Infinity;
    for (let m = 0; m < models; m++) {
      // A model of weight 0 is never called, so its outcome need not be known.
      if (!(weights[m] > 0)) continue;
      const value = known(values[i * models + m], i, m, what);
      out[i] += weights[m] * value;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    // Weights sum to 1 but for rounding, and an expectation lies among its values.
    out[i] = Math.min(most, Math.max(least, out[i]));
  }
  return out;
}

function known(value: number, row: number, model: number, what: string): number {
  if (Number.isNaN(value)) throw new DataError(`row ${row}, model ${model}: no ${what}`);
  return value;
}
