/**
 * Runs a plan: skips finished jobs, spreads the others over workers, keeps each as it ends.
 * @module
 */
import { progress } from "../base/progress.ts";
import { CapabilityError } from "../base/errors.ts";
import { type FinishedJob, JobStore } from "./job_store.ts";
import { CACHE, type RunPlan } from "./plan.ts";
import { doJobs } from "./schedule.ts";

/** How a plan is run; none of it can change a result. */
export interface RunOptions {
  /** Threads. */
  readonly workers: number;
  /** Only every n-th job, from the i-th (1-based), for a cluster's array job. */
  readonly shard?: { readonly index: number; readonly of: number };
  /** Folder of finished jobs. */
  readonly jobs?: string;
  /** Hears of damaged job files. */
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
  for (const { id } of jobs) {
    const known = await store.get(id, options.warn);
    if (known) finished.set(id, known);
  }
  const open = jobs.filter(({ id }) => !finished.has(id));
  const { protocol } = plan.settings;
  const line = progress(`${plan.table.dataset.name} ${protocol}`, jobs.length, finished.size);
  await doJobs(plan.setup, open, options.workers, async (job) => {
    await store.put(job);
    finished.set(job.id, job);
    line.update(finished.size, job.router);
  });
  line.end();
  return jobs.map(({ id }) => finished.get(id)!);
}

/** An operating-system lock: gone with the process, however it ends. */
async function lock(folder: string, name: string): Promise<Disposable> {
  await Deno.mkdir(folder, { recursive: true });
  const file = await Deno.open(`${folder}/${name}.lock`, { create: true, write: true });
  if (!await file.tryLock(true)) {
    file.close();
    throw new CapabilityError(`the same run is already going on (${folder}/${name}.lock is held)`);
  }
  return { [Symbol.dispose]: () => file.close() };
}
