/**
 * The one place where outcomes of test queries are taken from the table: after decisions are hashed.
 * @module
 */
import { isPriced, type OutcomeTable } from "../outcomes/table.ts";
import type { Outcomes } from "../metrics/mod.ts";
import { cells } from "./open_split.ts";

/** The outcomes of some rows in the shape the metrics take. */
export function outcomesOf(table: OutcomeTable, rows: Uint32Array): Outcomes {
  const M = table.models.length, every = table.models.map((_, m) => m);
  const priced = isPriced(table);
  return {
    rows: rows.length,
    models: M,
    scores: cells(table.scores, M, rows, every),
    ...(priced ? { costs: cells(table.costs, M, rows, every) } : {}),
    dataset: Uint16Array.from(rows, (i) => table.benchmark[i]),
    datasets: table.benchmarks.length,
    options: Uint16Array.from(rows, (i) => table.options[i]),
    solvedFrom: Float64Array.from(rows, (i) => table.solvedFrom[table.benchmark[i]]),
  };
}
