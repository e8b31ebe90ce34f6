/**
 * Runs an exported function on a worker thread: training blocks the thread it runs on, and whoever asked
 * for it should stay able to answer, to show progress and to abort.
 * @module
 */

import { receiveError, type SentError } from "../base/threads.ts";

/** What a function that runs in the background is given besides its argument. */
export interface BackgroundContext {
  /** Aborted when the caller aborts; the function should then end soon, by throwing or by returning. */
  readonly signal: AbortSignal;
  /** Tells the caller how far the work is, 0…1. */
  progress(share: number): void;
}

/** A function that can run in the background; argument and result are copied between the threads. */
export type BackgroundTask<A, R> = (argument: A, context: BackgroundContext) => Promise<R>;

/** How a background run is watched. */
export interface BackgroundOptions {
  /** Ends the run. */
  readonly signal?: AbortSignal;
  /** Hears of progress, 0…1. */
  progress?(share: number): void;
  /** Milliseconds an aborted function has to end by itself, before its thread is ended. Default 30,000. */
  readonly grace?: number;
}

/** First message to the worker: what to do. A later one, of any content, means abort. */
export interface BackgroundOrder {
  /** Address of the module. */
  readonly module: string;
  /** Name of the exported function. */
  readonly name: string;
  /** Its argument. */
  readonly argument: unknown;
}

/** What the worker sends back: progress any number of times, then an end. */
export type BackgroundReply =
  | { readonly progress: number }
  | { readonly done: unknown }
  | { readonly failed: SentError };

/**
 * Calls `module`'s export `name` with `argument` on a worker of its own, which ends with the call.
 *
 * @param module absolute address: `new URL("./train.ts", import.meta.url)` or `import.meta.url`
 * @param name an exported {@link BackgroundTask}
 * @throws whatever the function throws, with its name, message, stack and exit code; `signal.reason` after
 *   an abort, once the function has ended
 */
export async function inBackground<A, R>(
  module: string | URL,
  name: string,
  argument: A,
  { signal, progress, grace = 30_000 }: BackgroundOptions = {},
): Promise<R> {
  signal?.throwIfAborted();
  const worker = new Worker(new URL("./background_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<R>();
  worker.onmessage = ({ data }: MessageEvent<BackgroundReply>) => {
    if ("done" in data) resolve(data.done as R);
    else if ("failed" in data) reject(receiveError(data.failed));
    else progress?.(data.progress);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new Error(`${name}: ${event.message}`));
  };
  let deadline: ReturnType<typeof setTimeout> | undefined;
  const abort = (): void => {
    worker.postMessage("abort");
    deadline = setTimeout(() => reject(signal!.reason), grace);
  };
  signal?.addEventListener("abort", abort);
  try {
    const order: BackgroundOrder = { module: String(module), name, argument };
    worker.postMessage(order);
    const result = await promise;
    signal?.throwIfAborted();
    return result;
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    clearTimeout(deadline);
    signal?.removeEventListener("abort", abort);
    worker.terminate();
  }
}
