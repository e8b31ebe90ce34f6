/**
 * Numbers of the ICL-Router page: scores as everywhere, differences in points.
 * @module
 */
import type { Difference } from "./icl_cells.ts";
import { DASH } from "../tables/numbers.ts";

/** A difference of scores in points (hundredths) with its sign. */
export function points(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return DASH;
  const text = (100 * value).toFixed(1).replace(/^-(?=0\.0$)/, "").replace(/^-/, "−");
  return text.startsWith("−") ? text : `+${text}`;
}

/** A size in points, without sign. */
export function size(value: number): string {
  return Math.abs(100 * value).toFixed(1);
}

/** A difference as a cell: bold where clear, in brackets where nothing shows, with its range over seeds. */
export function differenceCell(found: Difference | undefined): string {
  if (!found) return DASH;
  const { mean, least, most, seeds, level } = found;
  const text = points(mean) + (seeds > 1 ? ` (${points(least)} … ${points(most)})` : "");
  return level === "clear" ? `**${text}**` : level === "leaning" ? text : `[${text}]`;
}

/** What the marks of {@link differenceCell} mean. */
export const DIFFERENCE_NOTE: string =
  "Differences in points (hundredths of the mean score) over the seeds that both rows share, least and " +
  "greatest seed in round brackets. **Bold**: the two rows' 95% intervals against best single do not " +
  "overlap (a strict test). Plain: at least one point, the same sign on every seed, with two or more of " +
  "them. [Square brackets]: neither, no difference shown. Results store tests against best single, zero router and tuned kNN only; other " +
  "pairs would need the outcomes, so they are shown without one.";

/** Mean and range of one number a dataset: `+1.2 (−0.3 … +2.0, 5 datasets)`. */
export function spreadOf(values: readonly number[]): string {
  if (values.length === 0) return DASH;
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  if (values.length === 1) return `${points(mean)} (1 dataset)`;
  return `${points(mean)} (${points(Math.min(...values))} … ${points(Math.max(...values))}, ` +
    `${values.length} datasets)`;
}
