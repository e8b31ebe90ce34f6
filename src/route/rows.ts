/**
 * Some queries of an outcome table.
 * @module
 */
import { cells } from "../run/open_split.ts";
import type { Cells, OutcomeTable } from "../outcomes/table.ts";

/** The outcomes of some rows, in the given order, without truth, repeats and documents; labels keep their codes. */
export function takeQueries(table: OutcomeTable, rows: readonly number[]): OutcomeTable {
  const every = [...table.models.keys()];
  const taken = (from: Cells): Float64Array => cells(from, every.length, rows, every);
  const codes = (from: Uint16Array): Uint16Array => Uint16Array.from(rows, (row) => from[row]);
  const { repeats: _repeats, truth: _truth, truthCost: _truthCost, ...known } = table;
  const { documents: _documents, plainScores: _plainScores, ...others } = known;
  return {
    ...others,
    ids: rows.map((row) => table.ids[row]),
    texts: rows.map((row) => table.texts[row]),
    benchmark: codes(table.benchmark),
    task: codes(table.task),
    options: codes(table.options),
    published: Uint8Array.from(rows, (row) => table.published[row]),
    scores: taken(table.scores),
    ...(table.targets && { targets: taken(table.targets) }),
    costs: taken(table.costs),
  };
}
