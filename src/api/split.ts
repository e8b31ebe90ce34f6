/**
 * One split of a pool, opened: what a router may see of it, and what its choices earn.
 * @module
 */
import { random } from "../base/random.ts";
import { UsageError } from "../base/errors.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import type {
  FitContext,
  FittedRouter,
  PointPredictions,
  QueryBatch,
  Router,
  TrainingData,
} from "../router/contract.ts";
import { decide, type Pool as Priced } from "../router/decide.ts";
import { loadRouter } from "../router/discover.ts";
import { points } from "../run/curve.ts";
import { finalTraining } from "../run/job.ts";
import { type OpenedSplit, openSplit as open } from "../run/open_split.ts";
import { makeSplits } from "../splits/make.ts";
import type { Pool } from "./pool.ts";

/** Which split of a pool. */
export interface SplitChoice {
  /** As in {@link bench}. Default: `id`. */
  readonly protocol?: string;
  /** Default: 42, the first of the default seeds. */
  readonly seed?: number;
  /** Number of the fold: held-out benchmarks, or sets of new models. Default: 0. */
  readonly fold?: number;
  /** How texts become vectors. Default: `static`. */
  readonly embedding?: string;
}

/** What choices earned, mean over the test queries. */
export interface Earned {
  /** Mean score, 0…1. */
  readonly score: number;
  /** Mean cost in US dollars per 1,000 queries; NaN where a cost is not known. */
  readonly dollars: number;
}

/** A split of a pool as routers see it. {@link openSplit} makes one. */
export class PoolSplit {
  /** All outcomes, those of test queries included: to judge with, not to fit on. */
  readonly table: OutcomeTable;
  /** What the harness hands to routers. */
  readonly opened: OpenedSplit;

  /** For {@link openSplit}. */
  constructor(table: OutcomeTable, opened: OpenedSplit) {
    this.table = table;
    this.opened = opened;
  }

  /** Training and validation rows: what a last fit sees. */
  get training(): TrainingData {
    return this.opened.all;
  }

  /** Table rows of the test queries. */
  get testRows(): Uint32Array {
    return this.opened.testRows;
  }

  /** Test queries, with just what the router asks for in its `needs`. */
  queries(router: Pick<Router, "needs"> = {}): QueryBatch {
    return this.opened.testFor(router as Router);
  }

  /** Fits a router as the harness does after tuning; by default its first configuration. */
  async fit<C>(router: string | Router<C>, config?: C): Promise<FittedRouter> {
    const { router: method, id } = typeof router === "string"
      ? await loadRouter(router) as { router: Router<C>; id: string }
      : { router, id: router.name };
    const context: FitContext = {
      stage: "final",
      seed: this.opened.split.seed,
      random: random(this.opened.split.seed, "router", id, this.opened.split.fold),
      device: "cpu",
      profile: this.opened.split.profile?.order.map((row) => this.opened.all.queries.ids[row]),
      progress: () => {},
      signal: new AbortController().signal,
    };
    return await method.fit(
      finalTraining(method as Router, this.opened),
      config ?? method.grid[0],
      context,
    );
  }

  /** Predictions of a fitted router for the test queries. */
  async predict(
    fitted: FittedRouter,
    queries: QueryBatch = this.queries(),
  ): Promise<PointPredictions> {
    return points(await fitted.predict(queries), { name: "this row" } as Router);
  }

  /** The harness' rule: the model with the largest ŝ − λ·c̃, as a number into `models`, one a test query. */
  decide(models: readonly string[], predictions: PointPredictions, lambda = 0): Uint16Array {
    return decide(predictions, this.priced(models), lambda);
  }

  /** Models with their mean costs on training and validation rows, as the decision rule takes them. */
  priced(models: readonly string[]): Priced {
    return { models, meanCosts: this.opened.all.meanCosts };
  }

  /** What choices among models earn on the test queries. */
  judge(models: readonly string[], choice: ArrayLike<number>): Earned {
    const { table, testRows } = this, M = table.models.length;
    const column = models.map((model) => table.models.indexOf(model));
    const mean = (cells: Float64Array): number =>
      testRows.reduce((sum, row, i) => sum + cells[row * M + column[choice[i]]], 0) /
      testRows.length;
    return { score: mean(table.scores), dollars: 1000 * mean(table.costs) };
  }
}

/**
 * Opens one split of a pool, to fit and ask routers by hand.
 *
 * @throws {UsageError} where there is no such protocol or fold
 *
 * @example
 * ```ts
 * import { openPool, openSplit } from "icl-router-bench";
 * const split = await openSplit(await openPool("demo"));
 * const knn = await split.fit("knn");
 * const choice = split.decide(knn.models, await split.predict(knn));
 * console.log(split.judge(knn.models, choice).score > .5); // true
 * ```
 */
export async function openSplit(
  pool: Pool,
  { protocol = "id", seed = 42, fold = 0, embedding = "static" }: SplitChoice = {},
): Promise<PoolSplit> {
  const { table, groups } = pool.dataset;
  const splits = makeSplits(table, groups, protocol, [seed]);
  const split = splits[fold];
  if (!split) {
    throw new UsageError(
      `${pool.source}: no fold ${fold} of ${protocol}; it has folds 0 to ${splits.length - 1}`,
    );
  }
  const { provider, raw } = await pool.vectors(embedding);
  return new PoolSplit(table, open({ table, raw, preparation: provider.preparation }, split));
}
