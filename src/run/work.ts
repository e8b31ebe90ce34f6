/**
 * Does jobs: in this process, or as the body of a worker. A split stays open while its jobs last, so
 * routers share neighbours and clusters.
 * @module
 */
import { resolve } from "node:path";
import type { Device } from "../base/device.ts";
import { messageOf, placeOfError } from "../base/errors.ts";
import { repoPath } from "../base/files.ts";
import { type Control, type EmbeddedTable, type OpenedSplit, openSplit } from "./open_split.ts";
import { checked, checkedSequential } from "./checked.ts";
import { FAILED, type Failed, type JobOptions, type JobOutcome, runJob, whyNot } from "./job.ts";
import { runSequentialJob } from "./sequential_job.ts";
import { type ArmKind, runNewModelJob } from "./new_model_job.ts";
import { decisionsHash, type FinishedJob, JobStore } from "./job_store.ts";
import { summarisePredictions } from "./predictions.ts";
import { measureSpeed } from "./speed.ts";
import type { Split } from "../splits/split.ts";
import { loadRouter } from "../router/discover.ts";
import { outcomesOf } from "./join.ts";
import { withSizeNotes } from "../router/size_notes.ts";
import { tieOrder } from "../router/decide.ts";
import { REFERENCES } from "../router/references.ts";
import type { Router } from "../router/contract.ts";
import { type AnyRouter, isSequential, type SequentialRouter } from "../router/sequential.ts";

/** What every worker of a run starts from; cloneable. */
export interface WorkSetup {
  /** The dataset with its raw embedding. */
  readonly data: EmbeddedTable;
  /** Frozen splits, seed by seed, fold by fold. */
  readonly splits: readonly Split[];
  /** Negative control, if this is one. */
  readonly control?: Control;
  /** Profile sizes of the new-model protocol. */
  readonly budgets: readonly number[];
  /** Arms of the new-model protocol; absent = all. */
  readonly arms?: readonly ArmKind[];
  /** Whether a job keeps its predictions. */
  readonly keep?: "predictions";
  /** Where heavy inference runs. */
  readonly device: Device;
  /** Folder of finished jobs, in which unfinished ones may keep their state; absent = they do not. */
  readonly jobs?: string;
}

/** One job to do. */
export interface Job {
  /** Job id. */
  readonly id: string;
  /** Router id. */
  readonly router: string;
  /** The router as `loadRouter` takes it; absent for reference rows and routers in memory. */
  readonly file?: string;
  /** Index into the splits. */
  readonly split: number;
  /** Whether the router's speed is measured with this job. */
  readonly timed: boolean;
}

/**
 * Prepares to do jobs one after the other. What a router throws, or gives against its contract, is the outcome
 * of its job; what goes wrong with a reference row is a bug, and names the row.
 *
 * @param inMemory routers without a file, by id
 */
export function worker(
  setup: WorkSetup,
  inMemory: ReadonlyMap<string, AnyRouter> = new Map(),
): (job: Job) => Promise<FinishedJob> {
  const work = worksOn(setup, inMemory);
  return async (job) => {
    try {
      return await work(job);
    } catch (error) {
      if (isOurs(job, inMemory)) {
        if (error instanceof Error) prefix(error, job.router);
        throw error;
      }
      return failedJob(setup, job, error);
    }
  };
}

/** Whether a job is a reference row's of the harness. */
function isOurs({ router, file }: Job, inMemory: ReadonlyMap<string, AnyRouter>): boolean {
  return file === undefined && !inMemory.has(router);
}

/** A job whose router threw. */
export function failedJob({ splits }: WorkSetup, job: Job, thrown: unknown): FinishedJob {
  const { seed, fold } = splits[job.split], { id, router, file } = job;
  const path = file?.includes("/")
    ? resolve(file.replace(/#.*$/, ""))
    : repoPath("baselines", `${router}.ts`);
  const { exitCode } = Object(thrown) as { exitCode?: number };
  const place = placeOfError(thrown, path);
  const outcome: Failed = {
    status: "failed",
    reason: `${FAILED}${messageOf(thrown)}, seed ${seed}, fold ${fold}`,
    // What the harness found out lies in no line of the router.
    at: place?.startsWith("src/run/") ? undefined : place,
    exitCode,
  };
  return { id, router, seed, fold, outcome, decisionsSha256: decisionsHash(outcome) };
}

function worksOn(
  setup: WorkSetup,
  inMemory: ReadonlyMap<string, AnyRouter>,
): (job: Job) => Promise<FinishedJob> {
  let open: { at: number; split: OpenedSplit } | undefined;
  const common = {
    device: setup.device,
    signal: new AbortController().signal,
    progress: () => {},
  };
  return async (job) => {
    // Nothing tells a router in memory from its next version.
    const kept = setup.jobs !== undefined && !inMemory.has(job.router);
    const options: JobOptions = kept
      ? { ...common, unfinished: new JobStore(setup.jobs!).unfinished(job.id) }
      : common;
    const split = setup.splits[job.split];
    if (open?.at !== job.split) {
      open = { at: job.split, split: openSplit(setup.data, split, setup.control) };
    }
    const opened = open.split;
    const found = inMemory.get(job.router) ?? await find(job);
    if (isSequential(found)) return await visits(job, found, split, opened, options);
    const router = checked(found);
    const [decided, notes] = await withSizeNotes(() =>
      split.heldOutModels.length > 0
        ? runNewModelJob(
          job.router,
          router,
          opened,
          setup.data.table,
          setup.budgets,
          options,
          setup.arms,
        )
        : runJob(job.router, router, opened, options)
    );
    const outcome = withNotes(decided, notes);
    // From here on test outcomes may be looked at: the decisions are fixed by their hash.
    const decisionsSha256 = decisionsHash(outcome);
    const predictions = outcome.status === "decided" && outcome.predicted && !router.reference
      ? summarisePredictions(
        outcomesOf(setup.data.table, opened.testRows),
        outcome.predicted,
        tieOrder(opened.all),
        router.scale,
      )
      : undefined;
    const speed = job.timed && router.effort !== "minutes" && outcome.status === "decided" &&
        !split.heldOutModels.length
      ? await measureSpeed(
        router,
        outcome.tuning.score,
        openSplit(setup.data, split, setup.control),
        common,
      )
      : undefined;
    const { id, seed, fold } = { id: job.id, ...split };
    return {
      id,
      router: job.router,
      seed,
      fold,
      outcome: outcome.status === "decided" && (!setup.keep || router.reference)
        ? { ...outcome, predicted: undefined }
        : outcome,
      decisionsSha256,
      predictions,
      speed,
    };
  };
}

/** With what was done otherwise for the pool's size on its card. */
function withNotes(outcome: JobOutcome, notes: readonly string[]): JobOutcome {
  if (outcome.status !== "decided" || notes.length === 0) return outcome;
  const { card } = outcome;
  return { ...outcome, card: { ...card, notes: [...card.notes, ...notes] } };
}

/** The job of a router that visits models. It predicts nothing, and a query's time is that of its visits. */
async function visits(
  { id, router }: Job,
  found: SequentialRouter,
  { seed, fold, heldOutModels }: Split,
  opened: OpenedSplit,
  options: JobOptions,
): Promise<FinishedJob> {
  const outcome: JobOutcome = heldOutModels.length > 0
    ? {
      status: "not applicable",
      reason: whyNot(found, opened.all, opened) ?? "cannot take in a model without retraining",
    }
    : await runSequentialJob(router, checkedSequential(found), opened, options);
  return { id, router, seed, fold, outcome, decisionsSha256: decisionsHash(outcome) };
}

/** Puts a name before the message of an error, which stays of its kind (and exit code). */
function prefix(error: Error, name: string): void {
  const { message, stack } = error;
  error.message = `${name}: ${message}`;
  error.stack = stack?.replace(message, () => error.message);
}

async function find({ router, file }: Job): Promise<AnyRouter> {
  if (file !== undefined) return (await loadRouter(file)).router;
  return REFERENCES.find(({ id }) => id === router)!.router as Router;
}
