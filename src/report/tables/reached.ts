/**
 * Metrics of a curve that may never be reached: in how many seeds they are, and their mean over those.
 * @module
 */
import type { RouterReport } from "../../evaluate/evaluate.ts";

/** Keys of metrics that are null where the curve never reaches a quality. */
export const MAY_BE_NEVER: ReadonlySet<string> = new Set([
  "qnc",
  "qnc_hindsight",
  "cost_save_hindsight",
]);

/** A metric over the seeds that have it. */
export interface Reached {
  /** Mean over the seeds that have it; null where none has. */
  readonly mean: number | null;
  /** Seeds that have it. */
  readonly seeds: number;
  /** All seeds. */
  readonly of: number;
}

/** A metric over the seeds in which it is reached. */
export function reachedIn({ seeds }: Pick<RouterReport, "seeds">, key: string): Reached {
  const known = seeds.flatMap(({ metrics }) => metrics[key] ?? []);
  const sum = known.reduce((total, value) => total + value, 0);
  return {
    mean: known.length > 0 ? sum / known.length : null,
    seeds: known.length,
    of: seeds.length,
  };
}
