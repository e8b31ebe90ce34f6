/**
 * A fitted router takes in a new model.
 * @module
 */
import { DataError, UsageError } from "../base/errors.ts";
import { newModelSplit } from "../new_model/folds.ts";
import { type NewModelSource, withColumn, withNewModel } from "../new_model/column.ts";
import type { PoolRouter } from "../route/pool_router.ts";
import type { LabelOptions } from "./add_model.ts";
import type { Pool } from "./pool.ts";

/** Which model joins a router, and by which labels. */
export interface JoinOptions extends Omit<NewModelSource, "holdOut">, Omit<LabelOptions, "seed"> {
  /** Graded answers of the new model to queries of the pool: a path of records, or records. */
  readonly records: NonNullable<NewModelSource["records"]>;
}

/**
 * The same router with another model, known by its graded answers to some of the router's rows: what
 * `withModels` makes of it in the `new-model` protocol, with the labelled queries that {@link queriesToLabel} names first.
 * The router given is left as it is.
 *
 * @param pool the one that the router was fitted on
 * @throws {DataError} for another pool, or where too few labels are of the router's rows
 * @throws {UsageError} where it is not clear which model is new, or the router knows it
 * @throws {CapabilityError} for a router that cannot take in a model
 *
 * @example
 * ```ts ignore
 * const router = await openRouter("runs/knn.router", { pool });
 * const larger = await joinModel(router, pool, { records: "runs/answers.jsonl" });
 * await larger.save("runs/knn-and-mine.router");
 * ```
 */
export async function joinModel(
  router: PoolRouter,
  pool: Pool,
  { n = 125, selection = "random", ...source }: JoinOptions,
): Promise<PoolRouter> {
  const { saved, models } = router, { table, joined, seed } = saved;
  if (pool.table.dataset.sha256 !== table.dataset.sha256) {
    throw new DataError(`the router was fitted on other data than ${pool.source}`);
  }
  const added = await withNewModel(pool.table, source), { model, labelled } = added;
  if (models.includes(model)) throw new UsageError(`the router knows "${model}" already`);
  const { groups } = pool.dataset;
  const split = newModelSplit(added.table, groups, model, { n, seed, selection }, labelled);
  const { ids } = pool.table, M = added.table.models.length;
  const column = added.table.models.indexOf(model);
  const at = new Map(table.ids.map((id, row) => [id, row]));
  const scores = new Map<number, number>(), costs = new Map<number, number>();
  for (const from of split.profile!.order) {
    const row = at.get(ids[from]);
    if (row === undefined) continue; // a query that the fit has not seen, such as a test row
    scores.set(row, added.table.scores[from * M + column]);
    costs.set(row, added.table.costs[from * M + column]);
  }
  if (scores.size === 0) {
    throw new DataError(
      `no graded answer of ${model} is to one of the router's ${ids.length} rows`,
    );
  }
  return await router.join(withColumn(table, model, scores, costs), {
    models: [...joined?.models ?? [], model].sort(),
    profile: { selection, order: [...new Set([...joined?.profile.order ?? [], ...scores.keys()])] },
  });
}
