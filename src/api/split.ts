/**
 * One split of a pool, opened: what a router may see of it, and what its choices earn.
 * @module
 */
import { underProtocol } from "../audit/audited.ts";
import { random } from "../base/random.ts";
import { CapabilityError, UsageError } from "../base/errors.ts";
import type { Cells, OutcomeTable } from "../outcomes/table.ts";
import type {
  FitContext,
  FittedRouter,
  ModelProfiles,
  PointPredictions,
  QueryBatch,
  Router,
  TrainingData,
} from "../router/contract.ts";
import { decide, type Pool as Priced } from "../router/decide.ts";
import { loadRouter } from "../router/discover.ts";
import { type AnyRouter, isSequential } from "../router/sequential.ts";
import { REFERENCES } from "../router/references.ts";
import { columnMeans } from "../router/training.ts";
import { points } from "../run/curve.ts";
import { expectRoles } from "../run/expect_roles.ts";
import { finalTraining } from "../run/job.ts";
import { forFit, type OpenedSplit, openSplit as open } from "../run/open_split.ts";
import { makeSplits } from "../splits/make.ts";
import type { Pool } from "./pool.ts";

/** Which split of a pool. */
export interface SplitChoice {
  /** As in {@link bench}; `new-model:1` holds out one model at a time. Default: `id`. */
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
  /** Score on each test query. */
  readonly scores: Float64Array;
  /** Share of the test queries that each model was asked, by model; they sum to 1. */
  readonly shares: Readonly<Record<string, number>>;
}

/** How {@link PoolSplit.test} decides. */
export interface Deciding {
  /** Price of cost. Default: 0, quality only. */
  readonly lambda?: number;
  /** What the held-out models were known by, where the router was given it: their costs break ties. */
  readonly profile?: ModelProfiles;
}

/** A split of a pool as routers see it. {@link openSplit} makes one. */
export class PoolSplit {
  /** All outcomes, those of test queries included: to judge with, not to fit on. */
  readonly table: OutcomeTable;
  /** What the harness hands to routers. */
  readonly opened: OpenedSplit;
  /** What fitted routers came from, whose `needs` say what they are told of a query. */
  readonly #methods = new WeakMap<FittedRouter, Router>();

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

  /** Held-out models of the `new-model` protocol with their outcomes on the first n labelled queries. */
  profile(n: number): ModelProfiles {
    return forFit(this.opened.profile(n));
  }

  /**
   * Fits a router as the harness does after tuning; by default its first configuration.
   * @param router an id, a reference row (`best-single`), a path, or a router in memory
   */
  async fit<C>(router: string | Router<C>, config?: C): Promise<FittedRouter> {
    const { router: method, id } = await methodOf(router);
    if (method.needs?.includes("documents")) {
      throw new CapabilityError(`${id} reads documents, which an opened split has not`);
    }
    const context: FitContext = {
      stage: "final",
      seed: this.opened.split.seed,
      random: random(this.opened.split.seed, "router", id, this.opened.split.fold),
      device: "cpu",
      profile: this.opened.split.profile?.order.map((row) => this.opened.all.queries.ids[row]),
      progress: () => {},
      signal: new AbortController().signal,
    };
    const fitted = await method.fit(
      finalTraining(method as Router, this.opened),
      config ?? method.grid[0],
      context,
    );
    this.#methods.set(fitted, method as Router);
    return fitted;
  }

  /** Predictions of a fitted router for the test queries. */
  async predict(
    fitted: FittedRouter,
    queries: QueryBatch = this.queries(this.#methods.get(fitted)),
  ): Promise<PointPredictions> {
    return points(await fitted.predict(queries), { name: "this row" } as Router);
  }

  /** The harness' rule: the model with the largest ŝ − λ·c̃, as a number into `models`, one a test query. */
  decide(
    models: readonly string[],
    predictions: PointPredictions,
    { lambda = 0, profile }: Deciding = {},
  ): Uint16Array {
    return decide(predictions, this.priced(models, profile), lambda);
  }

  /**
   * Models with their mean costs on training and validation rows, as the decision rule takes them.
   * @param profile where the cost of held-out models is known from; without it they have none
   */
  priced(models: readonly string[], profile?: ModelProfiles): Priced {
    const { all } = this.opened;
    const fresh = profile && columnMeans(profile.costs, profile.models.length);
    const costs = new Map(all.models.map((model, m) => [model, all.meanCosts[m]]));
    profile?.models.forEach((model, m) => costs.set(model, fresh![m]));
    return { models, meanCosts: Float64Array.from(models, (model) => costs.get(model) ?? NaN) };
  }

  /** What choices among models earn on the test queries. */
  judge(models: readonly string[], choice: ArrayLike<number>): Earned {
    const { table, testRows } = this, M = table.models.length;
    const column = models.map((model) => table.models.indexOf(model));
    const earned = (cells: Cells): Float64Array =>
      Float64Array.from(testRows, (row, i) => cells[row * M + column[choice[i]]]);
    const scores = earned(table.scores), counts = new Uint32Array(models.length);
    for (let i = 0; i < testRows.length; i++) counts[choice[i]]++;
    return {
      score: mean(scores),
      dollars: 1000 * mean(earned(table.costs)),
      scores,
      shares: Object.fromEntries(models.map((model, m) => [model, counts[m] / testRows.length])),
    };
  }

  /** Asks a fitted router about the test queries, decides, and judges. */
  async test(fitted: FittedRouter, deciding: Deciding = {}): Promise<Earned> {
    const choice = this.decide(fitted.models, await this.predict(fitted), deciding);
    return this.judge(fitted.models, choice);
  }
}

async function methodOf<C>(
  router: string | Router<C>,
): Promise<{ readonly id: string; readonly router: Router<C> }> {
  if (typeof router !== "string") return { id: router.name, router };
  const found = REFERENCES.find(({ id }) => id === router) ?? await loadRouter(router);
  if (isSequential(found.router as AnyRouter) || found.router.needs?.includes("replies")) {
    throw new CapabilityError(`${router} reads replies, which an opened split has not`);
  }
  return { id: found.id, router: found.router as Router<C> };
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Opens one split of a pool, to fit and ask routers by hand.
 *
 * @throws {UsageError} where there is no such protocol or fold
 * @throws {CapabilityError} where it has no row to learn from, to tune or to test on
 *
 * @example
 * ```ts
 * import { openPool, openSplit } from "icl-router-bench";
 * const split = await openSplit(await openPool("demo"));
 * const knn = await split.test(await split.fit("knn"));
 * const single = await split.test(await split.fit("best-single"));
 * console.log(knn.score > single.score); // true
 * ```
 */
export async function openSplit(
  pool: Pool,
  { protocol = "id", seed = 42, fold = 0, embedding = "static" }: SplitChoice = {},
): Promise<PoolSplit> {
  const { table, groups } = underProtocol(pool.dataset, protocol);
  const splits = makeSplits(table, groups, protocol, [seed]);
  const split = splits[fold];
  if (!split) {
    throw new UsageError(
      `${pool.source}: no fold ${fold} of ${protocol}; it has folds 0 to ${splits.length - 1}`,
    );
  }
  expectRoles(split, table);
  const { provider, raw } = await pool.vectors(embedding);
  return new PoolSplit(table, open({ table, raw, preparation: provider.preparation }, split));
}
