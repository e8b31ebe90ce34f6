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

function names(rows: readonly RouterEntry[]): string {
  return rows.map(({ name }) => name).join(", ");
}
