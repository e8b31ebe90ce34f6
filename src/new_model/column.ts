/**
 * A pool with the column of a new model: of a known one that plays it, or of graded answers in records.
 * @module
 */
import { DataError, UsageError } from "../base/errors.ts";
import { readAllRecords } from "../outcomes/read.ts";
import { type OutcomeRecord, own } from "../outcomes/record.ts";
import type { Cells, OutcomeTable } from "../outcomes/table.ts";
import { FOLDS } from "./folds.ts";

/** Where a new model's outcomes come from: one of the first two. */
export interface NewModelSource {
  /** A known model that plays the new one. */
  readonly holdOut?: string;
  /** Graded answers of the new model to queries of the pool: a path of records, or records. */
  readonly records?: string | readonly OutcomeRecord[];
  /** The new model, where the records have several. */
  readonly model?: string;
}

/** A pool with a new model among its columns. */
export interface PoolWithNewModel {
  /** Outcomes of all models. */
  readonly table: OutcomeTable;
  /** The new one. */
  readonly model: string;
  /** Rows with its outcomes, ascending; absent where all have them. */
  readonly labelled?: readonly number[];
  /** What was left out. */
  readonly notes: readonly string[];
}

/** Fewest graded answers: two in each fold. */
const FEWEST = 2 * FOLDS;

/**
 * Joins a new model to a pool.
 * @throws {UsageError} where it is not clear which model is new
 * @throws {DataError} for too few graded answers, or a query whose text is not the pool's
 */
export async function withNewModel(
  table: OutcomeTable,
  { holdOut, records, model }: NewModelSource,
): Promise<PoolWithNewModel> {
  const { dataset: { name }, models } = table;
  if (holdOut !== undefined && records === undefined) {
    if (models.includes(holdOut)) return { table, model: holdOut, notes: [] };
    throw new UsageError(`${name} has no model "${holdOut}"; it has ${models.join(", ")}`);
  }
  if (records === undefined || holdOut !== undefined) {
    throw new UsageError(
      "a new model is known by records, or a known one is held out: one of the two",
    );
  }
  const where = typeof records === "string" ? records : "records";
  const list = typeof records === "string" ? (await readAllRecords(records)).list : records;
  const fresh = model ?? onlyNew(list, models, where);
  if (models.includes(fresh)) {
    throw new UsageError(`${name} knows "${fresh}" already; hold it out to see what it adds`);
  }
  const { scores, costs, others } = outcomesOf(list, fresh, table, where);
  if (scores.size < FEWEST) {
    throw new DataError(
      `${where}: ${scores.size} graded answers of ${fresh} to queries of ${name}, expected ${FEWEST} or more`,
    );
  }
  return {
    table: withColumn(table, fresh, scores, costs),
    model: fresh,
    labelled: [...scores.keys()].sort((a, b) => a - b),
    notes: others > 0
      ? [`${others} records without an answer of ${fresh} to a query of the pool were left out.`]
      : [],
  };
}

/** Scores and costs of a model by table row, and how many records have none for a row of the table. */
function outcomesOf(
  list: readonly OutcomeRecord[],
  model: string,
  { ids, texts, dataset }: OutcomeTable,
  where: string,
): { scores: Map<number, number>; costs: Map<number, number>; others: number } {
  const at = new Map(ids.map((id, row) => [id, row]));
  const scores = new Map<number, number>(), costs = new Map<number, number>();
  for (const record of list) {
    const row = at.get(record.id), score = own(record.scores, model);
    if (row === undefined || score === undefined) continue;
    if (texts[row] !== record.query) {
      throw new DataError(
        `${where}: query "${record.id}" has another text than in ${dataset.name}`,
      );
    }
    scores.set(row, score);
    costs.set(row, own(record.costs, model) ?? NaN);
  }
  return { scores, costs, others: list.length - scores.size };
}

function onlyNew(list: readonly OutcomeRecord[], known: readonly string[], where: string): string {
  const found = [...new Set(list.flatMap(({ scores }) => Object.keys(scores)))]
    .filter((model) => !known.includes(model)).sort();
  if (found.length === 1) return found[0];
  throw new UsageError(
    found.length === 0
      ? `${where}: no model that the pool does not know`
      : `${where}: more than one new model, name it: ${found.join(", ")}`,
  );
}

/** A table with one more model, NaN where it has no outcome; scores and costs by row. */
export function withColumn(
  table: OutcomeTable,
  model: string,
  scores: ReadonlyMap<number, number>,
  costs: ReadonlyMap<number, number>,
): OutcomeTable {
  const models = [...table.models, model].sort(), M = models.length, at = models.indexOf(model);
  const widened = (cells: Cells, fresh: ReadonlyMap<number, number>): Float64Array =>
    Float64Array.from({ length: table.ids.length * M }, (_, cell) => {
      const row = Math.floor(cell / M), m = cell % M;
      return m === at ? fresh.get(row) ?? NaN : cells[row * (M - 1) + m - Number(m > at)];
    });
  const { truth: _truth, truthCost: _truthCost, repeats: _repeats, ...known } = table;
  const { documents: _documents, plainScores: _plainScores, ...others } = known;
  return {
    ...others,
    models,
    scores: widened(table.scores, scores),
    ...(table.targets && { targets: widened(table.targets, scores) }),
    costs: widened(table.costs, costs),
  };
}
