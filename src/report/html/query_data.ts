/**
 * What the query explorer shows: texts, outcomes and decisions, each packed once however many results share it.
 * @module
 */
import { hashJson } from "../../base/hash.ts";
import { isPriced, type OutcomeTable } from "../../outcomes/table.ts";
import { isNewModel, type OpenedResult } from "../../results/result.ts";
import type { DecisionEntry } from "../../results/decision_file.ts";
import { joinFolds, seedRows } from "../../evaluate/decisions.ts";
import type { Visits } from "../../metrics/mod.ts";
import { ranked } from "../tables/leaderboard.ts";
import { MOST_CELLS, narrowed, type ShownTable } from "./narrow.ts";
import { type Packable, packBlock } from "./pack.ts";

/** Characters of a query's text that the page keeps. */
export const EXCERPT = 280;

/** A page shows at most so many queries one by one: their texts alone would take more than 10 MB. */
export const MOST_QUERIES = 100_000;

/** Stands for "no choice a query": a mixture. One less is the most models a byte can name. */
const NONE = 0xff;

/** Blocks of the page by id. */
export type Blocks = Map<string, string>;

/**
 * Packs the queries of a result, and its outcomes and texts unless they are among the blocks already.
 *
 * @param whole its audited outcomes
 * @param mostCells outcomes beyond which some models are left out, see {@link narrowed}
 * @returns the id of its block; undefined for the new-model protocol, where a query has one decision an arm, and for
 *   more than {@link MOST_QUERIES}
 */
export function addQueries(
  blocks: Blocks,
  { result, entries, splits, predicted }: OpenedResult,
  whole: OutcomeTable,
  mostCells: number = MOST_CELLS,
): string | undefined {
  const { evaluation } = result;
  if (isNewModel(evaluation) || whole.ids.length > MOST_QUERIES) return undefined;
  const table = narrowed(whole, splits, entries, mostCells);
  const order = ranked(result, evaluation.routers);
  const names = new Map(result.routers.map((r) => [r.id, r]));
  const routers = [...order.references, ...order.competing].map(({ router }) => router);
  const seeds = seedRows(table, splits);
  const position = new Map(table.models.map((model, m) => [model, m]));
  const arrays: Record<string, Packable> = {};
  seeds.forEach(({ seed, splits: own, rows }, s) => {
    arrays[`rows${s}`] = rows;
    const choice = indices(routers.length * rows.length, table.models.length);
    const foreseen = new Float32Array(predicted ? choice.length : 0).fill(NaN);
    routers.forEach((router, r) => {
      const parts = own.map(({ fold }) =>
        entries.find((e) => e.router === router && e.seed === seed && e.fold === fold)!
      );
      const at = parts[0].models.map((model) => position.get(model)!);
      const { choices, paths } = joinFolds(parts), joined = choices?.[0];
      // A mixture that is all one model is a choice.
      const fixed = parts.map(({ mixtures }) => mixtures?.[0].findIndex((w) => w > 1 - 1e-9) ?? -1);
      const { fold } = seeds[s];
      for (let i = 0; i < rows.length; i++) {
        const chosen = joined ? joined[i] : fixed[fold[i]];
        choice[r * rows.length + i] = chosen < 0 ? none(choice) : at[chosen];
      }
      if (paths) arrays[`path${s}/${router}`] = packedPath(paths[0], at);
      if (predicted) {
        const own = parts.map((part) => predicted[entries.indexOf(part)]);
        foreseen.set(ofChosen(parts, own), r * rows.length);
      }
    });
    arrays[`choice${s}`] = choice;
    if (predicted) arrays[`predicted${s}`] = foreseen;
  });
  const meta = {
    outcomes: addOutcomes(blocks, table),
    seeds: seeds.map(({ seed }) => seed),
    routers: routers.map((id) => ({
      id,
      name: names.get(id)!.name,
      reference: names.get(id)!.reference,
    })),
  };
  return add(blocks, "queries", result.sha256, () => packBlock(meta, arrays));
}

/** Models visited, row-major [rows × horizon], as positions in the table's pool. */
function packedPath({ visited }: Visits, at: readonly number[]): Uint8Array | Uint16Array {
  const packed = indices(visited.length, Math.max(...at.map((m) => m ?? 0)) + 1);
  visited.forEach((m, v) => packed[v] = at[m] ?? none(packed));
  return packed;
}

/** What a router predicted of the models it chose, fold by fold; NaN where that was not kept. */
function ofChosen(
  parts: readonly DecisionEntry[],
  predicted: readonly (Float64Array | undefined)[],
): Float32Array {
  return Float32Array.from(parts.flatMap(({ choice, columns, models }, p) =>
    Array.from(
      { length: choice.length / columns.length },
      (_, i) => predicted[p]?.[i * models.length + choice[i * columns.length]] ?? NaN,
    )
  ));
}

function addOutcomes(blocks: Blocks, table: ShownTable): string {
  const { dataset, models, benchmarks, benchmark, solvedFrom, scores, costs, left } = table;
  const key = [dataset.sha256, dataset.prices?.sha256].join(" ");
  return add(blocks, "outcomes", left ? [key, models] : key, () => {
    const values = [...new Set(scores)].filter((s) => !Number.isNaN(s)).sort((a, b) => a - b);
    const code = new Map(values.map((value, v) => [value, v]));
    const coded = values.length < NONE;
    const meta = {
      name: dataset.name,
      texts: addTexts(blocks, table),
      models,
      benchmarks,
      solvedFrom: [...solvedFrom],
      ...(left && { pool: left.pool }),
      // Scores are few in kind: a byte each, by position in this list; beyond it = missing.
      scoreValues: coded ? values : null,
    };
    return packBlock(meta, {
      benchmark,
      scores: coded ? Uint8Array.from(scores, (s) => code.get(s) ?? NONE) : scores,
      ...(isPriced(table) && { costs: Float32Array.from(costs) }),
      ...(left && { solvers: left.solvers }),
    });
  });
}

function addTexts(blocks: Blocks, { ids, texts }: OutcomeTable): string {
  const content = { ids, texts: texts.map(excerpt) };
  return add(blocks, "texts", content, () => packBlock(content));
}

/** The start of a text; an ellipsis where something is missing. */
function excerpt(text: string): string {
  const characters = Array.from(text.slice(0, 2 * EXCERPT + 2));
  return characters.length > EXCERPT ? characters.slice(0, EXCERPT).join("").trimEnd() + "…" : text;
}

/** What has the same key is packed once. */
function add(blocks: Blocks, kind: string, key: unknown, build: () => string): string {
  const id = `${kind}-${hashJson(key).slice(0, 12)}`;
  if (!blocks.has(id)) blocks.set(id, build());
  return id;
}

function indices(length: number, models: number): Uint8Array | Uint16Array {
  return models < NONE ? new Uint8Array(length) : new Uint16Array(length);
}

function none(choice: Uint8Array | Uint16Array): number {
  return choice instanceof Uint8Array ? NONE : 0xffff;
}
