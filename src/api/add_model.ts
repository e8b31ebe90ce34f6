/**
 * What adding a model to a pool would gain, from a few labelled queries.
 * @module
 */
import { CapabilityError } from "../base/errors.ts";
import { type NewModelSource, withNewModel } from "../new_model/column.ts";
import {
  FOLDS,
  labelFolds,
  type Labelling,
  newModelSplit,
  rowsToLabel,
  type Selection,
} from "../new_model/folds.ts";
import {
  type Decisions,
  dollarsOf,
  gainByRow,
  meanGain,
  recordOf,
  sentTo,
} from "../new_model/gains.ts";
import type { Router } from "../router/contract.ts";
import { loadRouter } from "../router/discover.ts";
import { blamed } from "../route/blamed.ts";
import { isSequential } from "../router/sequential.ts";
import { runNewModelJob } from "../run/new_model_job.ts";
import { type EmbeddedTable, openSplit } from "../run/open_split.ts";
import type { Split } from "../splits/split.ts";
import { type GainRow, NewModelReport } from "./new_model_report.ts";
import type { Pool } from "./pool.ts";
import { idOf } from "./run.ts";

/** Which queries a new model is labelled on. */
export interface LabelOptions {
  /** Labelled queries. Default: 125. */
  readonly n?: number;
  /** Names the draw of rows. Default: 42. */
  readonly seed?: number;
  /** Which come first, as in the `new-model` protocol. Default: `random`. */
  readonly selection?: Selection;
}

/** Which model is new, and who routes. */
export interface AddModelOptions extends NewModelSource, LabelOptions {
  /** Ids, files, or routers in memory. Default: `knn` and `icl_router_plus`. */
  readonly routers?: readonly (string | Router)[];
  /** How texts become vectors. Default: `static`. */
  readonly embedding?: string;
  /** Told how far it is, 0…1. */
  readonly progress?: (share: number) => void;
}

/** Numbers of labels that are looked at on the way to n. */
const SIZES: readonly number[] = [16, 32, 64, 125, 250, 500];

/**
 * Ids of the first n queries to label for a new model, in order: those of the `new-model` protocol with the same seed. A
 * larger n holds the smaller ones.
 *
 * @example
 * ```ts
 * import { openPool, queriesToLabel } from "icl-router-bench";
 * const ids = queriesToLabel(await openPool("demo"), { n: 125 });
 * console.log(ids.length); // 125
 * ```
 */
export function queriesToLabel(pool: Pool, options: LabelOptions = {}): string[] {
  const { table, groups } = pool.dataset;
  return rowsToLabel(table, groups, labelling(options)).map((row) => table.ids[row]);
}

/**
 * Says what a new model would add to a pool: its record on n labelled queries, where it would be sent queries, the gain
 * in score over the pool without it with its interval, what the labels cost, and how this changes from few labels to n.
 *
 * With `holdOut` the gain is measured on test queries and, as with `records`, by cross-validation inside the labelled
 * queries. Routers decide by score alone (λ = 0) and are tuned on validation rows, as in the bench's `new-model`.
 *
 * @throws {UsageError} where it is not clear which model is new
 * @throws {DataError} for records of other queries, or too few
 * @throws {CapabilityError} for a router that cannot take in a model
 *
 * @example
 * ```ts
 * import { addModel, openPool } from "icl-router-bench";
 * const pool = await openPool("demo"), [holdOut] = pool.models;
 * console.log(await addModel(pool, { holdOut, n: 64, routers: ["knn"] }));
 * ```
 */
export async function addModel(pool: Pool, options: AddModelOptions): Promise<NewModelReport> {
  const { routers = ["knn", "icl_router_plus"], embedding = "static", progress = () => {} } =
    options;
  const { groups, templates } = pool.dataset, { provider, raw } = await pool.vectors(embedding);
  const { table, model, labelled, notes } = await withNewModel(pool.table, options);
  const split = newModelSplit(table, groups, model, labelling(options), labelled);
  const folds = labelFolds(split, groups), { order } = split.profile!;
  const sizes = [...SIZES.filter((size) => size < order.length), order.length];
  const data = { table, raw, preparation: provider.preparation };
  const gains: GainRow[] = [], decided: Decisions[] = [], said = new Set(notes), ids: string[] = [];
  const jobs = routers.length * (1 + folds.length);
  let done = 0;
  for (const given of routers) {
    const { id, router, path } = typeof given === "string"
      ? await loadRouter(given)
      : { id: idOf(given), router: given, path: undefined };
    if (isSequential(router)) throw new CapabilityError(`${id} takes in no new models`);
    const method = blamed(router, id, path);
    const run = async (part: Split, budgets: readonly number[]): Promise<Decisions> => {
      const decisions = await decisionsOf(id, method, data, part, budgets);
      const refused = decisions.job.card.notes.filter((note) => / labels: /.test(note));
      if (part === split) { for (const note of refused) said.add(`${id}: ${note}`); }
      progress(++done / jobs);
      return decisions;
    };
    const whole = await run(split, sizes), parts: Decisions[] = [];
    for (const part of folds) {
      parts.push(await run(part, sizes.map((size) => knownIn(part, order, size))));
    }
    decided.push(whole);
    ids.push(id);
    for (const labels of sizes) {
      const first = order.slice(0, labels), asked = new Set(first);
      const inside = parts.map((part, k) =>
        gainByRow(part, table, knownIn(folds[k], order, labels), (row) => asked.has(row))
      );
      gains.push({
        router: id,
        labels,
        dollars: dollarsOf(table, model, first),
        inside: meanGain(inside, templates),
        ...(!labelled && { test: meanGain([gainByRow(whole, table, labels)], templates) }),
      });
    }
  }
  return new NewModelReport({
    model,
    pool: `${pool.name}, ${table.models.length - 1} known models`,
    seed: split.seed,
    heldOut: !labelled,
    folds: FOLDS,
    routers: ids,
    gains,
    notes: [...said],
    record: recordOf(table, model, order),
    sent: sentTo(table, model, decided, order.length),
  });
}

function labelling({ n = 125, seed = 42, selection = "random" }: LabelOptions): Labelling {
  return { n, seed, selection };
}

/** How many of the first labels are known where a fold is tested. */
function knownIn({ profile }: Split, order: readonly number[], size: number): number {
  const first = new Set(order.slice(0, size));
  return profile!.order.filter((row) => first.has(row)).length;
}

/** A router's decisions for the test rows of a split, with the new model known by so many labels and without it. */
async function decisionsOf(
  id: string,
  router: Router,
  data: EmbeddedTable,
  split: Split,
  budgets: readonly number[],
): Promise<Decisions> {
  const opened = openSplit(data, split), { signal } = new AbortController();
  const options = { device: "cpu", signal, progress: () => {} } as const;
  const sizes = [...new Set(budgets)], { table } = data;
  const job = await runNewModelJob(id, router, opened, table, sizes, options, [
    "own",
    "ignore",
  ]);
  if (job.status !== "decided") throw new CapabilityError(`${id}: ${job.reason}`);
  return { rows: opened.testRows, job };
}
