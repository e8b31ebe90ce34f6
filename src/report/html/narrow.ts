/**
 * Pools too large to be shown whole, query by query.
 * @module
 */
import type { OpenedResult } from "../../results/result.ts";
import { isPriced, type OutcomeTable } from "../../outcomes/table.ts";
import { cells } from "../../run/open_split.ts";
import { testRows } from "../../evaluate/decisions.ts";

/** Outcomes that a page holds; a byte each before they are compressed, half of that after. */
export const MOST_CELLS: number = 2 ** 23;

/** A table as the page shows it. */
export interface ShownTable extends OutcomeTable {
  /** What is known of the whole pool, where some models are left out. */
  readonly left?: {
    /** Its number of models. */
    readonly pool: number;
    /** How many of them solve each query. Length Q. */
    readonly solvers: Uint16Array;
  };
}

/**
 * The table, or, where that is large, the models of it that a router sent a test query to, and so many more that each
 * test query has a best model among them (the cheapest, where costs are known).
 */
export function narrowed(
  table: OutcomeTable,
  splits: OpenedResult["splits"],
  entries: OpenedResult["entries"],
  mostCells: number,
): ShownTable {
  const { models, ids, scores, costs, benchmark, solvedFrom } = table, M = models.length;
  if (ids.length * M <= mostCells) return table;
  const position = new Map(models.map((model, m) => [model, m])), kept = new Set<number>();
  for (const { choice, columns, models: own, mixtures, paths } of entries) {
    for (let at = 0; at < choice.length; at += columns.length) {
      kept.add(position.get(own[choice[at]])!);
    }
    for (const m of paths?.visited ?? []) if (m < own.length) kept.add(position.get(own[m])!);
    mixtures?.[0].forEach((weight, m) => weight > 1 - 1e-9 && kept.add(position.get(own[m])!));
  }
  const priced = isPriced(table);
  for (const row of new Set(splits.flatMap((split) => [...testRows(split)]))) {
    let best = 0;
    const isBetter = (m: number, other: number): boolean => {
      const gain = scores[row * M + m] - scores[row * M + other];
      return gain > 0 || (gain === 0 && priced && costs[row * M + m] < costs[row * M + other]);
    };
    for (let m = 1; m < M; m++) if (isBetter(m, best)) best = m;
    if (![...kept].some((m) => !isBetter(best, m))) kept.add(best);
  }
  const columns = [...kept].sort((a, b) => a - b);
  const every = ids.map((_, row) => row);
  const solvers = new Uint16Array(ids.length);
  for (let row = 0; row < ids.length; row++) {
    const from = solvedFrom[benchmark[row]];
    for (let m = 0; m < M; m++) if (scores[row * M + m] >= from) solvers[row]++;
  }
  return {
    ...table,
    models: columns.map((m) => models[m]),
    scores: cells(scores, M, every, columns),
    costs: cells(costs, M, every, columns),
    left: { pool: M, solvers },
  };
}
