/**
 * Merges strict duplicates: one row a text, with the mean of what its copies recorded.
 * @module
 */
import { type Cells, emptyCells, type OutcomeTable, takeCells } from "../outcomes/table.ts";
import type { Audit } from "./audit.ts";

/** A table without strict duplicates, with its groups and resampling units row by row. */
export interface DistinctTable {
  /** One row a text. */
  readonly table: OutcomeTable;
  /** Rows with equal numbers must stay on one side of a split. Length Q. */
  readonly groups: Uint32Array;
  /** Rows with equal numbers are resampled together. Length Q. */
  readonly templates: Uint32Array;
}

/**
 * Keeps one row of every strict duplicate: the first published test row, else the first by id.
 *
 * Its scores and costs become the means over the copies, missing ones aside; its repeated draws become
 * those of all copies. The number of merged rows joins `dataset.dropped`.
 *
 * @param apart for the published split: a test row keeps its own outcomes, whatever its training copies
 *   recorded; these are dropped, and counted by themselves
 */
export function dropDuplicates(
  table: OutcomeTable,
  found: Audit,
  { apart = false }: { readonly apart?: boolean } = {},
): DistinctTable {
  const { keeper, groups, templates } = found;
  const isKept = (_: unknown, row: number): boolean => keeper[row] === row;
  const kept = keeper.filter(isKept);
  if (kept.length === keeper.length) return { table, groups, templates };

  const M = table.models.length;
  const isApart = (row: number): boolean => apart && isAcross(table, row, keeper[row]);
  const merged = Array.from(keeper.keys()).filter((row) => !isApart(row));
  const copies = Map.groupBy(merged, (row) => keeper[row]);
  const means = (cells: Cells): Cells => meansOfCopies(cells, M, kept, copies);
  const truths = (cells: Float64Array): Float64Array =>
    cells.filter((_, at) => isKept(_, Math.floor(at / M)));
  const draws = (all: readonly (readonly number[])[]): number[][] =>
    Array.from(kept, (first) => copies.get(first)!.flatMap((row) => all[row] ?? []));

  const { dataset, repeats, truth, truthCost } = table;
  const counts = {
    "strict duplicate": merged.length - kept.length,
    "training copy of a test query": keeper.length - merged.length,
  };
  const dropped = {
    ...dataset.dropped,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
  };
  return {
    table: {
      ...table,
      dataset: { ...dataset, dropped },
      ids: table.ids.filter(isKept),
      texts: table.texts.filter(isKept),
      benchmark: table.benchmark.filter(isKept),
      task: table.task.filter(isKept),
      published: table.published.filter(isKept),
      options: table.options.filter(isKept),
      scores: means(table.scores),
      ...(table.targets && { targets: means(table.targets) }),
      ...(table.documents && { documents: table.documents.filter(isKept) }),
      ...(table.plainScores && { plainScores: means(table.plainScores) }),
      costs: means(table.costs),
      ...(repeats && { repeats: new Map(Array.from(repeats, ([m, all]) => [m, draws(all)])) }),
      ...(truth && { truth: truths(truth) }),
      ...(truthCost && { truthCost: truths(truthCost) }),
    },
    groups: groups.filter(isKept),
    templates: templates.filter(isKept),
  };
}

/** Whether a published test row has a copy that was published for training. */
export function hasTrainingCopies(table: OutcomeTable, { keeper }: Audit): boolean {
  return keeper.some((first, row) => isAcross(table, row, first));
}

function isAcross({ published }: OutcomeTable, row: number, first: number): boolean {
  return published[row] === 1 && published[first] === 2;
}

/** The cells of the rows kept, [kept × M]: means where a row has copies, in float64 where float32 does not hold one. */
function meansOfCopies(
  cells: Cells,
  M: number,
  kept: Uint32Array,
  copies: ReadonlyMap<number, readonly number[]>,
): Cells {
  const taken = takeCells(cells, M, kept), means = new Map<number, number>();
  kept.forEach((first, i) => {
    const rows = copies.get(first)!;
    for (let m = 0; rows.length > 1 && m < M; m++) {
      means.set(i * M + m, meanOfKnown(rows.map((row) => cells[row * M + m])));
    }
  });
  const exact = taken instanceof Float32Array &&
    means.values().every((mean) => Object.is(Math.fround(mean), mean));
  const out = exact ? taken : emptyCells(taken.length, false);
  if (out !== taken) out.set(taken);
  for (const [at, mean] of means) out[at] = mean;
  return out;
}

/** NaN where nothing is known. */
function meanOfKnown(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
