/**
 * Runs a plan: skips finished jobs, spreads the others over workers, keeps each as it ends.
 * @module
 */
import { progress } from "../base/progress.ts";
import { CapabilityError } from "../base/errors.ts";
import { type FinishedJob, JobStore } from "./job_store.ts";
import { CACHE, type RunPlan } from "./plan.ts";
import { receiveError } from "../base/threads.ts";
import { type Job, worker, type WorkSetup } from "./work.ts";
import type { WorkerReply } from "./worker.ts";
import type { Router } from "../router/contract.ts";

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
  /** Called with a line about each damaged job file. */
  warn(message: string): void;
}

/** The jobs of a shard: whole splits, dealt out in turn. */
export function shardOf(plan: RunPlan, shard: RunOptions["shard"]): RunPlan["jobs"] {
  if (!shard) return plan.jobs;
  return plan.jobs.filter((job) => job.split % shard.of === shard.index - 1);
}

/**
 * Does what is not yet done and returns all jobs of the plan (or shard), in plan order.
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
  await doJobs(plan.setup, open, workers, async (job) => {
    if (!inMemory.has(job.router)) await store.put(job);
    finished.set(job.id, job);
    line.update(finished.size, job.router);
  }, inMemory);
  line.end();
  return jobs.map(({ id }) => finished.get(id)!);
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
 * @param inMemory routers without a file, by id; only with one worker
 */
export async function doJobs(
  setup: WorkSetup,
  jobs: readonly Job[],
  workers: number,
  finished: (job: FinishedJob) => Promise<void>,
  inMemory?: ReadonlyMap<string, Router>,
): Promise<void> {
  const queue = new JobQueue(jobs);
  if (workers <= 1) {
    const work = worker(setup, inMemory);
    for (let job = queue.next(-1); job; job = queue.next(job.split)) {
      await finished(await work(job));
    }
    return;
  }
  const threads = Array.from({ length: Math.min(workers, jobs.length) }, () => new WorkerThread());
  try {
    await Promise.all(threads.map(async (thread) => {
      await thread.ask(setup);
      for (let job = queue.next(-1); job; job = queue.next(job.split)) {
        const reply = await thread.ask(job);
        if ("done" in reply) await finished(reply.done);
      }
    }));
  } finally {
    for (const thread of threads) thread.dismiss();
  }
}

/** Open jobs by split. */
export class JobQueue {
  readonly #bySplit: Map<number, Job[]>;
  readonly #touched = new Set<number>();

  /** A queue of jobs, each handed out once. */
  constructor(jobs: readonly Job[]) {
    this.#bySplit = Map.groupBy(jobs, (job) => job.split);
  }

  /** The next job for a worker that has a split open (−1: none), or undefined when all are taken. */
  next(open: number): Job | undefined {
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

/** One worker thread, asked one thing at a time. */
class WorkerThread {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });

  ask(message: WorkSetup | Job): Promise<WorkerReply> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }: MessageEvent<WorkerReply>) => {
        if ("failed" in data) reject(receiveError(data.failed));
        else resolve(data);
      };
      this.#worker.onerror = (event) => {
        event.preventDefault();
        reject(
          new Error("router" in message ? `${message.router}: ${event.message}` : event.message),
        );
      };
      this.#worker.postMessage(message);
    });
  }

  dismiss(): void {
    this.#worker.terminate();
  }
}
