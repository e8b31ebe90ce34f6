/**
 * Differences of scores in points, as pages count them.
 * @module
 */
import type { Difference, Standing } from "./cells.ts";
import { DASH } from "../tables/numbers.ts";

/** A difference of scores in points (hundredths) with its sign. */
export function points(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return DASH;
  const text = (100 * value).toFixed(1).replace(/^-(?=0\.0$)/, "").replace(/^-/, "−");
  return text.startsWith("−") ? text : `+${text}`;
}

/** On how many datasets above and below, of how many: `+3 −0 of 5`. */
export function tally(of: readonly Standing[]): string {
  const above = of.filter(({ sign }) => sign > 0).length;
  const below = of.filter(({ sign }) => sign < 0).length;
  return `+${above} −${below} of ${of.length}`;
}

/** Mean difference in points, with {@link tally}: `+1.2 (+3 −0 of 5)`. */
export function summary(of: readonly Standing[]): string {
  return of.length === 0 ? DASH : `${points(meanOf(of))} (${tally(of)})`;
}

/** Mean difference; undefined of none. */
export function meanOf(of: readonly Standing[]): number | undefined {
  return of.length > 0 ? of.reduce((sum, s) => sum + s.difference, 0) / of.length : undefined;
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
  "Points (hundredths of the mean score), mean over the seeds that both rows share, least and greatest seed in " +
  "round brackets. **Bold**: the two rows' 95% intervals against best single do not overlap, a strict test. " +
  "Plain: at least one point with the same sign on every seed. [Square brackets]: neither, no difference shown.";

/** Mean and range of one number a dataset: `+1.2 (−0.3 … +2.0, 5 datasets)`. */
export function spreadOf(values: readonly number[]): string {
  if (values.length === 0) return DASH;
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  if (values.length === 1) return `${points(mean)} (1 dataset)`;
  return `${points(mean)} (${points(Math.min(...values))} … ${points(Math.max(...values))}, ` +
    `${values.length} datasets)`;
}
