/**
 * Runs a plan: skips finished jobs, spreads the others over workers, keeps each as it ends.
 * @module
 */
import { progress } from "../base/progress.ts";
import { CapabilityError } from "../base/errors.ts";
import { type FinishedJob, JobStore } from "./job_store.ts";
import { CACHE, type RunPlan } from "./plan.ts";
import { receiveError } from "../base/threads.ts";
import { failedJob, type Job, worker, type WorkSetup } from "./work.ts";
import type { WorkerReply } from "./worker.ts";
import type { AnyRouter } from "../router/sequential.ts";

/** One part of a run, for a cluster's array job. */
export interface Shard {
  /** Which part, from 1. */
  readonly index: number;
  /** How many parts there are. */
  readonly of: number;
}

/** How a plan is run; none of it can change a result. */
export interface RunOptions {
  /** Threads. */
  readonly workers: number;
  /** Only every n-th job, from the i-th (1-based), for a cluster's array job. */
  readonly shard?: Shard;
  /** Folder of finished jobs. */
  readonly jobs?: string;
  /** Whether one worker, too, is a thread, so that this one stays free for signals. */
  readonly aside?: boolean;
  /** Called with a line about each damaged job file, and each router that failed. */
  warn(message: string): void;
  /** Called with how many jobs are kept, of how many. */
  readonly kept?: (done: number, of: number) => void;
}

/** The jobs of a shard: whole splits, dealt out in turn. */
export function shardOf(plan: RunPlan, shard: RunOptions["shard"]): RunPlan["jobs"] {
  if (!shard) return plan.jobs;
  return plan.jobs.filter((job) => job.split % shard.of === shard.index - 1);
}

/**
 * Does what is not yet done and returns all jobs of the plan (or shard), in plan order. Where a router fails,
 * its later jobs are left out and carry the reason; the others go on, and a rerun tries again.
 * @throws {CapabilityError} when another process is running the same plan
 */
export async function runPlan(plan: RunPlan, options: RunOptions): Promise<FinishedJob[]> {
  const folder = options.jobs ?? `${CACHE}/jobs`;
  const store = new JobStore(folder);
  const jobs = shardOf(plan, options.shard);
  using _lock = await lock(folder, `${plan.key}${options.shard ? `-${options.shard.index}` : ""}`);
  const finished = new Map<string, FinishedJob>();
  const inMemory = new Map(
    plan.routers.filter((r) => r.sha256 === "in memory").map(({ id, router }) => [id, router]),
  );
  for (const { id, router } of jobs) {
    const known = inMemory.has(router) ? undefined : await store.get(id, options.warn);
    if (known) finished.set(id, known);
  }
  const open = jobs.filter(({ id }) => !finished.has(id));
  const { protocol } = plan.settings;
  const line = progress(`${plan.table.dataset.name} ${protocol}`, jobs.length, finished.size);
  // A router in memory cannot be sent to a thread, and nothing tells its next version from this one.
  const workers = inMemory.size > 0 ? 1 : options.workers;
  const aside = options.aside && inMemory.size === 0 && plan.settings.device === "cpu";
  const failures = new Failures(jobs);
  let done = finished.size,
    kept = jobs.filter(({ id, router }) => finished.has(id) && !inMemory.has(router)).length;
  options.kept?.(kept, jobs.length);
  await doJobs({ ...plan.setup, jobs: folder }, open, workers, async (job) => {
    const { outcome } = job;
    line.update(++done, job.router);
    if (outcome.status === "failed") {
      if (!failures.of(job.router)) {
        line.end();
        const at = outcome.at === undefined ? "" : ` (${outcome.at})`;
        options.warn(`${job.router} ${outcome.reason}${at}; the other routers go on`);
      }
      return failures.add(job);
    }
    if (!inMemory.has(job.router)) {
      await store.put(job);
      options.kept?.(++kept, jobs.length); // at once: whoever stops us is told
      await store.tidy(job.id);
    }
    finished.set(job.id, job);
  }, { inMemory, aside, skip: (job) => failures.before(job) });
  line.end();
  return jobs.map((job) => finished.get(job.id) ?? failures.standIn(plan.setup, job));
}

/**
 * Failed jobs. Of a router the first in plan order counts, whichever ended first: jobs after it need not be done,
 * those before it are.
 */
class Failures {
  readonly #order: ReadonlyMap<string, number>;
  readonly #first = new Map<string, FinishedJob>();

  constructor(jobs: readonly Job[]) {
    this.#order = new Map(jobs.map(({ id }, at) => [id, at]));
  }

  of(router: string): FinishedJob | undefined {
    return this.#first.get(router);
  }

  add(job: FinishedJob): void {
    const known = this.#first.get(job.router);
    if (!known || this.#at(job) < this.#at(known)) this.#first.set(job.router, job);
  }

  before(job: Job): boolean {
    const first = this.#first.get(job.router);
    return first !== undefined && this.#at(first) < this.#at(job);
  }

  /** What stands for a job that was not done: the failure, as often as it is asked for. */
  standIn({ splits }: WorkSetup, { id, router, split }: Job): FinishedJob {
    const { seed, fold } = splits[split];
    return { ...this.#first.get(router)!, id, seed, fold };
  }

  #at({ id }: { readonly id: string }): number {
    return this.#order.get(id)!;
  }
}

/** An operating-system lock: gone with the process, however it ends. */
async function lock(folder: string, name: string): Promise<Disposable> {
  await Deno.mkdir(folder, { recursive: true });
  const file = await Deno.open(`${folder}/${name}.lock`, { create: true, write: true });
  if (!await file.tryLock(true)) {
    file.close();
    throw new CapabilityError(`the same run is already under way (${folder}/${name}.lock is held)`);
  }
  return { [Symbol.dispose]: () => file.close() };
}

/**
 * Does all jobs; `finished` is awaited for each, in the order they end, which never reaches a result. A worker
 * keeps to the split it has open; when that is exhausted it takes an untouched split, and only then helps
 * another worker with its own.
 *
 * A thread that a router brings down is replaced.
 */
export async function doJobs(
  setup: WorkSetup,
  jobs: readonly Job[],
  workers: number,
  finished: (job: FinishedJob) => Promise<void>,
  { inMemory, aside = false, skip = () => false }: DoOptions = {},
): Promise<void> {
  const queue = new JobQueue(jobs);
  const next = (open: number): Job | undefined => {
    let job = queue.next(open);
    while (job && skip(job)) job = queue.next(job.split);
    return job;
  };
  if (workers <= 1 && !aside) {
    const work = worker(setup, inMemory);
    for (let job = next(-1); job; job = next(job.split)) await finished(await work(job));
    return;
  }
  const threads = Array.from({ length: Math.min(workers, jobs.length) }, () => new WorkerThread());
  try {
    await Promise.all(threads.map(async (_, t) => {
      await threads[t].ask(setup);
      for (let job = next(-1); job; job = next(job.split)) {
        try {
          const reply = await threads[t].ask(job);
          if ("done" in reply) await finished(reply.done);
        } catch (error) {
          if (!(error instanceof Crash) || job.file === undefined) throw error;
          await finished(failedJob(setup, job, error));
          threads[t].dismiss();
          threads[t] = new WorkerThread();
          await threads[t].ask(setup);
        }
      }
    }));
  } finally {
    for (const thread of threads) thread.dismiss();
  }
}

/** What {@link doJobs} may be told. */
export interface DoOptions {
  /** Routers without a file, by id; only with one worker. */
  readonly inMemory?: ReadonlyMap<string, AnyRouter>;
  /** Whether one worker, too, is a thread. */
  readonly aside?: boolean;
  /** Jobs that need not be done any more. */
  readonly skip?: (job: Job) => boolean;
}

/** Open jobs by split, or by whatever else costs time to open. */
export class JobQueue<J extends Pick<Job, "split"> = Job> {
  readonly #bySplit: Map<number, J[]>;
  readonly #touched = new Set<number>();

  /** A queue of jobs, each handed out once. */
  constructor(jobs: readonly J[]) {
    this.#bySplit = Map.groupBy(jobs, (job) => job.split);
  }

  /** The next job for a worker that has a split open (−1: none), or undefined when all are taken. */
  next(open: number): J | undefined {
    const splits = [...this.#bySplit.keys()];
    const split = this.#bySplit.has(open)
      ? open
      : splits.find((s) => !this.#touched.has(s)) ?? this.#fullest();
    if (split === undefined) return undefined;
    this.#touched.add(split);
    const jobs = this.#bySplit.get(split)!;
    const job = jobs.shift()!;
    if (jobs.length === 0) this.#bySplit.delete(split);
    return job;
  }

  #fullest(): number | undefined {
    let best: number | undefined;
    for (const [split, jobs] of this.#bySplit) {
      if (best === undefined || jobs.length > this.#bySplit.get(best)!.length) best = split;
    }
    return best;
  }
}

/** A thread ended by an error that nothing in it could catch. */
class Crash extends Error {}

/** One worker thread, asked one thing at a time. */
class WorkerThread {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });

  ask(message: WorkSetup | Job): Promise<WorkerReply> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }: MessageEvent<WorkerReply>) => {
        if ("failed" in data) reject(receiveError(data.failed));
        else if ("crashed" in data) reject(Object.assign(new Crash(), data.crashed));
        else resolve(data);
      };
      this.#worker.onerror = (event) => {
        event.preventDefault();
        reject(
          new Crash("router" in message ? `${message.router}: ${event.message}` : event.message),
        );
      };
      this.#worker.postMessage(message);
    });
  }

  dismiss(): void {
    this.#worker.terminate();
  }
}
