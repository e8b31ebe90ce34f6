/**
 * Records without a manifest in which not every model was asked everything: what to leave out, queries or
 * models, so that every query left has a score of every model left.
 * @module
 */
import { columnsOf, type RecordColumns, type Records } from "./columns.ts";

/** What may be left out: queries that lack a score, or models that lack one. */
export type GapRule = "drop-queries" | "drop-models";

/** Both, as `--gaps` takes them. */
export const GAP_RULES: readonly GapRule[] = ["drop-queries", "drop-models"];

/** A pool without gaps. */
export interface GaplessPool {
  /** Models kept, ascending. */
  readonly models: readonly string[];
  /** Records with a score of all of them. */
  readonly queries: number;
}

/**
 * The pool that keeps the most score cells (models × queries that have a score of each).
 *
 * Greedy: from all models, again and again without the one whose absence completes the most queries (then
 * the one with the most gaps, then the last by name), down to two; of all these pools the one with most
 * cells, and of equal ones the one with most models. `drop-queries` keeps every model, `drop-models` every
 * query.
 *
 * @returns undefined when nothing is left under the rule
 */
export function gaplessPool(
  records: Records,
  rule?: GapRule,
): GaplessPool | undefined {
  return poolOf(columnsOf(records), rule);
}

/** The same of the answers with documents; undefined where there are none. */
export function documentedPool(
  records: Records,
  rule?: GapRule,
): GaplessPool | undefined {
  const { rows, documents, withDocuments: { scores } } = columnsOf(records);
  return poolOf({ rows: rows.filter(({ at }) => documents.has(at)), scores }, rule);
}

/** The pool of rows whose scores alone are in the columns. */
function poolOf(
  { rows, scores }: Pick<RecordColumns, "rows" | "scores">,
  rule: GapRule | undefined,
): GaplessPool | undefined {
  const all = scores.models.sort();
  const partly = all.filter((model) => scores.count(model) < rows.length);
  const gaps = partly.length === 0 ? [] : rows
    .map(({ at }) => partly.filter((model) => Number.isNaN(scores.get(model, at))))
    .filter((missing) => missing.length > 0);
  if (rule === "drop-models") {
    const partial = new Set(gaps.flat());
    const models = all.filter((model) => !partial.has(model));
    return models.length > 0 ? { models, queries: rows.length } : undefined;
  }
  let pool: GaplessPool = { models: all, queries: rows.length - gaps.length };
  if (rule === "drop-queries") return pool.queries > 0 ? pool : undefined;
  let best = pool;
  while (pool.models.length > 2 && pool.queries < rows.length) {
    const left = new Set(pool.models);
    const completes = new Map(all.map((model) => [model, { alone: 0, missing: 0 }]));
    for (const missing of gaps) {
      const open = missing.filter((model) => left.has(model));
      for (const model of open) {
        const count = completes.get(model)!;
        count.missing++;
        if (open.length === 1) count.alone++;
      }
    }
    const [worst] = pool.models.toReversed().toSorted((a, b) => {
      const x = completes.get(a)!, y = completes.get(b)!;
      return y.alone - x.alone || y.missing - x.missing;
    });
    pool = {
      models: pool.models.filter((model) => model !== worst),
      queries: pool.queries + completes.get(worst)!.alone,
    };
    if (cells(pool) > cells(best)) best = pool;
  }
  return best.queries > 0 ? best : undefined;
}

function cells({ models, queries }: GaplessPool): number {
  return models.length * queries;
}
