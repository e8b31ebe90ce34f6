/**
 * The lines under a table that any table of a result must carry.
 * @module
 */
import type { Result, RouterEntry } from "../../results/result.ts";

/** Why rows are missing, one line a reason; sentences that methods must carry; faults of the data. */
export function closingNotes(result: Result): string[] {
  const { dataset, routers } = result;
  // On recorded data nobody expects the true probabilities.
  const missing = routers.filter(({ needs, notApplicable }) =>
    notApplicable !== null && (dataset.synthetic || !needs.includes("truth"))
  );
  const byReason = Map.groupBy(missing, (r) => r.notApplicable);
  return [
    ...[...byReason].map(([reason, rows]) => `– ${reason}: ${names(rows)}`),
    ...routers.filter((r) => r.statement && r.notApplicable === null)
      .map((r) => `${r.name}: ${r.statement}`),
    ...dataset.notes.map((note) => `data: ${note}`),
  ];
}

/** {@link closingNotes} for a terminal: what is short in full, the rest counted, with where to find it. */
export function foldedNotes(result: Result): string[] {
  const { dataset, routers } = result;
  const missing = routers.filter((r) =>
    r.notApplicable !== null && (dataset.synthetic || !r.needs.includes("truth"))
  );
  const run = routers.filter((r) => !r.reference && r.notApplicable === null);
  const own = run.filter((r) => r.statement);
  const notes = dataset.notes.length;
  const folded = [
    ...(own.length > 0 ? [`${own.length} of ${run.length} methods depart from their papers`] : []),
    ...(notes > 1 ? [`${notes} notes on the data`] : []),
  ];
  return [
    ...[...Map.groupBy(missing, (r) => r.notApplicable)].map(([reason, rows]) =>
      `not run: ${rows.length === 1 ? rows[0].name : `${rows.length} rows`} (${reason})`
    ),
    ...(notes === 1 ? [`data: ${dataset.notes[0]}`] : []),
    ...(folded.length > 0 ? [`${folded.join(", ")}: --statements, or docs/methods/`] : []),
  ];
}

function names(rows: readonly RouterEntry[]): string {
  return rows.map(({ name }) => name).join(", ");
}
