/**
 * Spreads jobs over workers. A worker keeps to the split it has open; when that is exhausted it takes an
 * untouched split, and only then helps another worker with its own. The order of finishing never reaches
 * a result.
 * @module
 */
import { receiveError } from "../base/threads.ts";
import { type Job, worker, type WorkSetup } from "./work.ts";
import type { FinishedJob } from "./job_store.ts";
import type { WorkerReply } from "./worker.ts";

/** Does all jobs; `finished` is awaited for each, in the order they end. */
export async function doJobs(
  setup: WorkSetup,
  jobs: readonly Job[],
  workers: number,
  finished: (job: FinishedJob) => Promise<void>,
): Promise<void> {
  const queue = new JobQueue(jobs);
  if (workers <= 1) {
    const work = worker(setup);
    for (let job = queue.next(-1); job; job = queue.next(job.split)) {
      await finished(await work(job));
    }
    return;
  }
  const crew = Array.from({ length: Math.min(workers, jobs.length) }, () => new Hand());
  try {
    await Promise.all(crew.map(async (hand) => {
      await hand.ask(setup);
      for (let job = queue.next(-1); job; job = queue.next(job.split)) {
        const reply = await hand.ask(job);
        if ("done" in reply) await finished(reply.done);
      }
    }));
  } finally {
    for (const hand of crew) hand.dismiss();
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
class Hand {
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
