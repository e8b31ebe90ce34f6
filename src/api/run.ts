/**
 * Runs: routers benched on a pool, and results read from files.
 * @module
 */
import { DataError, UsageError } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";
import type { Evaluation, RouterReport } from "../evaluate/evaluate.ts";
import type { ArmReport } from "../evaluate/evaluate_new_model.ts";
import { comparisonWith, isSignificant, oracleQuality } from "../report/tables/leaderboard.ts";
import { markdownReport, type SpeedSheet } from "../report/tables/print.ts";
import { boardText, PAGE_WIDTH, terminalReport } from "../report/tables/terminal.ts";
import { speedOf } from "../report/source.ts";
import { openResult } from "../results/open.ts";
import { assemble, type AssembledResult, writeResult } from "../results/assemble.ts";
import type { DecisionEntry } from "../results/decision_file.ts";
import { resultFiles } from "../results/find.ts";
import { isNewModel, type OpenedResult, type Result } from "../results/result.ts";
import { type Verified, verifyResult } from "../results/verify.ts";
import type { AnyRouter } from "../router/sequential.ts";
import type { FinishedJob } from "../run/job_store.ts";
import type { ArmKind } from "../run/new_model_job.ts";
import type { Control } from "../run/open_split.ts";
import {
  defaultSeeds,
  planRun,
  type RouterInMemory,
  type RunPlan,
  type RunSettings,
  splitsFor,
} from "../run/plan.ts";
import { underProtocol } from "../audit/audited.ts";
import { FAILED } from "../run/job.ts";
import { type RunOptions, runPlan, type Shard } from "../run/run.ts";
import { SEEDS, type Split } from "../splits/split.ts";
import { Leaderboard } from "./leaderboard.ts";
import type { Pool } from "./pool.ts";
import { type Bundle, display, ShownText } from "./shown.ts";

/** What {@link bench} is told; every field has a default. */
export interface BenchOptions {
  /** Ids (`knn`), paths (`./mine.ts`), or routers in memory. Default: all of the repository. */
  readonly routers?: readonly (string | AnyRouter)[];
  /** `id`, `id:published`, `ood`, `ood:K`, `task`, `new-model` or `new-model:K`. Default: `id`. */
  readonly protocol?: string;
  /** How many of the default seeds, or seeds by name; one split and fit each. */
  readonly seeds?: number | readonly number[];
  /** How texts become vectors. Default: `static`. */
  readonly embedding?: string;
  /** Validation rows of `ood`: whole benchmarks (default), or rows of all. */
  readonly validation?: "benchmarks" | "id";
  /** Negative control. */
  readonly control?: Control;
  /** `new-model`: sizes of the labelled profiles. */
  readonly budgets?: readonly number[];
  /** `new-model`: ways to take in new models. Default: all. */
  readonly arms?: readonly ArmKind[];
  /** `new-model`: sets of held-out models a seed. */
  readonly subsets?: number;
  /** `new-model`: how profile queries are chosen. */
  readonly selection?: "random" | "discriminative";
  /** What is kept beside the decisions: the predicted qualities behind them (8 bytes a query and model). */
  readonly keep?: "predictions";
  /** Where heavy inference runs. Default: `cpu`. */
  readonly device?: "cpu" | "webgpu" | "cuda";
  /** Threads. Default 2; always 1 with a router in memory. */
  readonly workers?: number;
  /** Folder of finished jobs, from which a stopped run goes on. Default: `.cache/jobs`. */
  readonly jobs?: string;
  /** Called with what a person should know: routers left out, damaged job files. Default: `console.error`. */
  readonly warn?: (message: string) => void;
}

/** One row of a leaderboard. */
export interface Row {
  /** Router id. */
  readonly id: string;
  /** As printed. */
  readonly name: string;
  /** Whether the row only frames the table (best single, random, …). */
  readonly reference: boolean;
  /** Mean score of the chosen models, 0…1. */
  readonly score: number;
  /** Its standard deviation over seeds; null with one seed. */
  readonly sd: number | null;
  /** Mean cost in US dollars per query; null where costs are not known. */
  readonly cost: number | null;
  /** Difference to best single with its 95% interval (null where units are too few); absent on reference rows. */
  readonly delta?: {
    readonly difference: number;
    readonly low: number | null;
    readonly high: number | null;
    /** After Holm's correction over the table; false where there is no interval. */
    readonly significant: boolean;
  };
  /** Every metric by name, mean over seeds (docs/metrics.md). */
  readonly metrics: Readonly<Record<string, number | null>>;
  /** Mean score on each fold (held-out benchmark, under `ood`). */
  readonly folds: RouterReport["folds"];
}

/** A result that was written. */
export interface Saved {
  /** The result file; its decisions and splits lie beside it. */
  readonly path: string;
  /** Where the result of other content went that stood there before, if one did. */
  readonly replaced?: string;
  /** What was recomputed from the written files. */
  readonly verified: Verified;
}

/** A finished run. Ends a notebook cell as its leaderboard; `console.log` prints it. */
export class Run extends ShownText {
  /** Settings, facts and every number, as in a result file. */
  readonly result: Result;
  /** Which model each router chose for each test query. */
  readonly decisions: readonly DecisionEntry[];
  /** Which rows were training, validation and test, seed by seed, fold by fold. */
  readonly splits: readonly Split[];
  /** What routers took to fit and to ask, where it was measured. */
  readonly speed: SpeedSheet | undefined;
  /** The pool it ran on; absent where it was read from a file without it. */
  readonly pool: Pool | undefined;
  readonly #assembled: AssembledResult | undefined;

  /** For {@link bench} and {@link openRun}. */
  constructor(
    { result, entries, splits, speed, pool, assembled }: OpenedResult & {
      readonly speed?: SpeedSheet;
      readonly pool?: Pool;
      readonly assembled?: AssembledResult;
    },
  ) {
    super();
    this.result = result;
    this.decisions = entries;
    this.splits = splits;
    this.speed = speed;
    this.pool = pool;
    this.#assembled = assembled;
  }

  /** Dataset and view, `mmlu-pro/priced`. */
  get dataset(): string {
    return this.result.dataset.name;
  }

  /** The table: `console.log` prints it, a notebook shows it. */
  get leaderboard(): Leaderboard {
    return new Leaderboard(this.result);
  }

  /**
   * Rows as numbers, references first, best first.
   * @throws {UsageError} for the `new-model` protocol, which has {@link arms}
   */
  get rows(): Row[] {
    const evaluation = this.#evaluation();
    const known = new Map(this.result.routers.map((router) => [router.id, router]));
    return evaluation.routers.map((report) => rowOf(report, known.get(report.router)!, evaluation))
      .toSorted((a, b) => Number(b.reference) - Number(a.reference) || b.score - a.score);
  }

  /**
   * A row by router id; `-` and `_` make no difference.
   * @throws {UsageError} where there is no such row, with the nearest id
   */
  row(id: string): Row {
    const plain = (name: string): string => name.toLowerCase().replaceAll("-", "_");
    const rows = this.rows, row = rows.find((row) => plain(row.id) === plain(id));
    if (row) return row;
    const reason = this.result.routers.find((router) => router.id === id)?.notApplicable;
    if (reason) throw new UsageError(`no row "${id}": ${reason}`);
    const ids = rows.map((row) => row.id);
    throw new UsageError(`no row "${id}"${didYouMean(id, ids)}; there are: ${ids.join(", ")}`);
  }

  /**
   * What the `new-model` protocol has in place of rows: every router, way of taking new models in, and number of labels.
   * @throws {UsageError} for another protocol
   */
  get arms(): readonly ArmReport[] {
    const { evaluation, protocol } = this.result;
    if (isNewModel(evaluation)) return evaluation.arms;
    throw new UsageError(`a run of ${protocol.name} has rows, not arms`);
  }

  /** Routers that threw or broke their contract: they have no row, and the result carries the reason. */
  get failed(): readonly { readonly router: string; readonly reason: string }[] {
    return this.result.routers.flatMap(({ id: router, notApplicable: reason }) =>
      reason?.startsWith(FAILED) ? [{ router, reason }] : []
    );
  }

  /** Mean score of the oracle, told every outcome. */
  get oracle(): number {
    return oracleQuality(this.#evaluation());
  }

  /**
   * Writes the result with its decisions and splits below a folder, and verifies what was written.
   * @throws {UsageError} where the run was read from a file
   */
  async save(folder: string): Promise<Saved> {
    if (!this.#assembled) throw new UsageError("this run was read from a file; copy that");
    const { path, replaced } = await writeResult(this.#assembled, folder);
    return { path, replaced, verified: await verifyResult(path, { dataset: this.pool?.dataset }) };
  }

  /** The whole result as Markdown. */
  override toMarkdown(): string {
    return isNewModel(this.result.evaluation)
      ? markdownReport(this.result)
      : this.leaderboard.toMarkdown();
  }

  /** A sentence, tables as wide as the window, speed and frontier as text. */
  override toString(): string {
    return terminalReport(this.result, this.speed);
  }

  /** Asked by the Jupyter kernel. Without speed: a notebook that is run again should show the same. */
  override async [display](): Promise<Bundle> {
    const text = boardText(this.result, { width: PAGE_WIDTH });
    return { "text/markdown": this.toMarkdown(), "text/plain": text };
  }

  #evaluation(): Evaluation {
    const { evaluation, protocol } = this.result;
    if (!isNewModel(evaluation)) return evaluation;
    throw new UsageError(`a run of ${protocol.name} has arms, not rows`);
  }
}

/**
 * Benches routers on a pool: splits, tunes on validation rows, decides for test rows, and only then looks at the
 * outcomes. Finished jobs are kept, so a stopped run goes on where it was. A router that fails has no row
 * ({@link Run.failed}); the others have theirs.
 *
 * @throws {DataError} when every router failed
 * @throws {UsageError} for unknown names
 * @throws {CapabilityError} when the protocol does not fit the pool
 *
 * @example
 * ```ts
 * import { bench, openPool } from "icl-router-bench";
 * const run = await bench(await openPool("demo"), { routers: ["knn", "uniroute"], seeds: 1 });
 * console.log(run.row("knn").score > run.row("best-single").score); // true
 * ```
 */
export async function bench(pool: Pool, options: BenchOptions = {}): Promise<Run> {
  const { plan, run } = await planBench(pool, options);
  return runOf(plan, await run(), pool);
}

/** What {@link bench} would do, and a function that does it, or one part of it. */
export async function planBench(
  pool: Pool,
  options: BenchOptions,
  watch: Pick<RunOptions, "aside" | "kept"> = {},
): Promise<{
  readonly plan: RunPlan;
  readonly run: (shard?: Shard) => Promise<FinishedJob[]>;
}> {
  const { warn = console.error, workers = 2, jobs } = options;
  const inMemory = (options.routers ?? []).filter((router) => typeof router !== "string")
    .map((router): RouterInMemory => ({ id: idOf(router), router }));
  const plan = await planRun(settingsOf(pool, options), {
    dataset: pool.dataset,
    inMemory,
  });
  for (const [why, ids] of plan.leftOut) {
    const names = ids.join(", ");
    warn(`${plan.table.dataset.name}: left out, ${why}: ${names} (name them in --routers)`);
  }
  const run = (shard?: Shard): Promise<FinishedJob[]> =>
    runPlan(plan, {
      ...watch,
      workers,
      shard,
      jobs,
      warn: (message) => warn(`warning: ${message}`),
    });
  return { plan, run };
}

/**
 * Makes sure, without work, that a pool has what a protocol needs.
 * @throws {CapabilityError} when the protocol does not fit the pool
 */
export function checkBench(pool: Pool, options: BenchOptions): void {
  const settings = settingsOf(pool, options);
  splitsFor(settings, underProtocol(pool.dataset, settings.protocol));
}

function settingsOf(pool: Pool, options: BenchOptions): RunSettings {
  return {
    data: pool.source,
    routers: options.routers?.map((router) => typeof router === "string" ? router : idOf(router)),
    protocol: options.protocol ?? "id",
    seeds: seedsOf(options.seeds, pool.source),
    embedding: options.embedding ?? "static",
    validation: options.validation ?? "benchmarks",
    control: options.control,
    budgets: options.budgets,
    arms: options.arms,
    subsets: options.subsets,
    selection: options.selection,
    keep: options.keep,
    device: options.device ?? "cpu",
    gaps: pool.table.dataset.gaps,
    limit: pool.table.dataset.limit,
  };
}

/**
 * A run from a plan and all of its jobs.
 * @throws {DataError} when no router is left, naming why each failed; or as the only one that failed threw
 */
export function runOf(plan: RunPlan, jobs: readonly FinishedJob[], pool: Pool): Run {
  const assembled = assemble(plan, jobs), { failed, result } = assembled;
  const isLeft = result.routers.some((row) => !row.reference && row.notApplicable === null);
  if (failed.length > 0 && !isLeft) {
    const lines = failed.map(({ router, reason, at }) =>
      `${router} ${reason}${at === undefined ? "" : ` (${at})`}`
    );
    const error = new DataError(`no router is left: ${lines.join("; ")}`);
    const [{ exitCode = error.exitCode }] = failed;
    throw failed.length === 1 ? Object.assign(error, { exitCode }) : error;
  }
  return new Run({ ...assembled, splits: plan.splits, pool, assembled });
}

/**
 * Reads a result file with what lies beside it.
 * @param pool the outcomes it was made from, where they are to be looked at again ({@link compare})
 * @throws {DataError} naming the file and what is wrong with it, or the data that the pool should be of
 *
 * @example
 * ```ts
 * import { openRun } from "icl-router-bench";
 * const run = await openRun("results/demo@1/id.static.json");
 * console.log(run.row("knn").score); // 0.7433…
 * ```
 */
export async function openRun(path: string, pool?: Pool): Promise<Run> {
  const opened = await openResult(path), { name, sha256 } = opened.result.dataset;
  if (pool && pool.table.dataset.sha256 !== sha256) {
    throw new DataError(`${path}: made from other data than ${pool.source} (it names ${name})`);
  }
  return new Run({ ...opened, speed: await speedOf(path), pool });
}

/**
 * Reads all results below a folder, in name order.
 * @param keep which, by folder and file name (`mmlu-pro@1/id.static.json`)
 * @throws {DataError} where there is no such folder, or a file is damaged
 *
 * @example
 * ```ts
 * import { openRuns } from "icl-router-bench";
 * const runs = await openRuns("results/demo@1", (name) => name.endsWith("/ood.static.json"));
 * console.log(runs.length); // 1
 * ```
 */
export async function openRuns(
  folder: string,
  keep: (name: string) => boolean = () => true,
): Promise<Run[]> {
  const paths = (await resultFiles([folder])).filter((path) =>
    keep(path.split("/").slice(-2).join("/"))
  );
  return await Promise.all(paths.map((path) => openRun(path)));
}

function rowOf(
  { router, mean, sd, folds }: RouterReport,
  { name, reference }: Result["routers"][number],
  { comparisons }: Evaluation,
): Row {
  const test = comparisonWith(comparisons, router, "best-single");
  return {
    id: router,
    name,
    reference,
    score: mean.quality!,
    sd: sd.quality,
    cost: mean.cost ?? null,
    ...(test && {
      delta: {
        difference: test.difference,
        low: test.low,
        high: test.high,
        significant: isSignificant(test),
      },
    }),
    metrics: mean,
    folds,
  };
}

function seedsOf(seeds: BenchOptions["seeds"], source: string): readonly number[] {
  if (seeds === undefined) return defaultSeeds(source);
  if (typeof seeds !== "number") return seeds;
  if (Number.isInteger(seeds) && seeds >= 1 && seeds <= SEEDS.length) return SEEDS.slice(0, seeds);
  throw new UsageError(`seeds: ${seeds}; expected 1 to ${SEEDS.length}, or a list of seeds`);
}

/** An id from a router's name: `first word (mine)` → `first_word_mine`. */
export function idOf({ name }: AnyRouter): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^_|_$/g, "");
}
