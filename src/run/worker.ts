/**
 * Entry of a worker thread: first message the setup, then jobs; answers `{done}`, `{failed}` or `{crashed}`.
 * @module
 */
import { sendError, type SentError } from "../base/threads.ts";
import { type Job, worker, type WorkSetup } from "./work.ts";
import type { FinishedJob } from "./job_store.ts";

/** What a worker sends back. */
export type WorkerReply =
  | { readonly ready: true }
  | { readonly done: FinishedJob }
  | { readonly failed: SentError }
  /** Something outside the job threw, a timer or a promise nobody waits for: the thread is not to be trusted. */
  | { readonly crashed: SentError };

const reply = (message: WorkerReply): void => self.postMessage(message);

self.addEventListener("error", (event) => {
  event.preventDefault();
  reply({ crashed: sendError(event.error) });
});
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  reply({ crashed: sendError(event.reason) });
});

let work: ((job: Job) => Promise<FinishedJob>) | undefined;

self.onmessage = async ({ data }: MessageEvent<WorkSetup | Job>) => {
  try {
    if ("splits" in data) {
      work = worker(data);
      reply({ ready: true });
    } else {
      reply({ done: await work!(data) });
    }
  } catch (error) {
    reply({ failed: sendError(error) });
  }
};
