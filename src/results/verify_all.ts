/**
 * Verification of many results side by side.
 * @module
 */
import { dirname } from "node:path";
import { receiveError } from "../base/threads.ts";
import { JobQueue } from "../run/run.ts";
import { type Checked, type Question, verifier } from "./verifier.ts";
import type { VerifyOptions } from "./verify.ts";
import type { Answer } from "./verify_worker.ts";

/** How {@link verifyAll} goes about it; no number depends on it. */
export interface VerifyAllOptions extends Pick<VerifyOptions, "data" | "requireData"> {
  /** Threads; by default as many as there are processors. */
  readonly workers?: number;
  /** Called with how many results are done, and the last of them. */
  readonly progress?: (done: number, path: string) => void;
}

/**
 * Verifies results, those of a folder in one thread as far as possible, since they share their outcomes. A single
 * one is verified in this thread.
 *
 * @returns what was found, in the order of the paths; where one fails, those before it and then its error
 * @throws {DataError} when a file is damaged
 * @throws {VerificationError} when something cannot be reproduced
 */
export async function* verifyAll(
  paths: readonly string[],
  { workers = navigator.hardwareConcurrency, progress = () => {}, ...options }: VerifyAllOptions,
): AsyncGenerator<Checked> {
  const questions = await inOrder(paths, options), queue = new JobQueue(questions);
  const answers = new Map(paths.map((path) => [path, Promise.withResolvers<Checked>()]));
  // Whoever takes the answers may have stopped at an earlier one.
  for (const { promise } of answers.values()) promise.catch(() => {});
  const count = Math.min(workers, paths.length);
  const threads = count > 1 ? Array.from({ length: count }, () => new Thread()) : [];
  let done = 0;
  const work = async (verify: (question: Question) => Promise<Checked>): Promise<void> => {
    for (let next = queue.next(-1); next; next = queue.next(next.split)) {
      const { path } = next, { resolve, reject } = answers.get(path)!;
      await verify(next).then(resolve, reject);
      progress(++done, path);
    }
  };
  try {
    if (threads.length === 0) void work(verifier());
    for (const thread of threads) void work((question) => thread.verify(question));
    for (const path of paths) yield await answers.get(path)!.promise;
  } finally {
    for (const thread of threads) thread.end();
  }
}

/** What takes long first: folders by the bytes of their decisions, and results by theirs. */
async function inOrder(
  paths: readonly string[],
  options: Pick<VerifyOptions, "data" | "requireData">,
): Promise<Question[]> {
  const folders = [...new Set(paths.map((path) => dirname(path)))];
  const sized = await Promise.all(paths.map(async (path) => {
    // A result without decisions is found out when it is opened.
    const beside = await Deno.stat(path.replace(/\.json$/, ".decisions.gz")).catch(() => undefined);
    const size = beside?.size ?? 0;
    return { path, split: folders.indexOf(dirname(path)), size, ...options };
  }));
  const total = folders.map(() => 0);
  for (const { split, size } of sized) total[split] += size;
  return sized.sort((a, b) => total[b.split] - total[a.split] || b.size - a.size);
}

/** A thread that verifies, asked one thing at a time. */
class Thread {
  readonly #worker = new Worker(new URL("./verify_worker.ts", import.meta.url), { type: "module" });

  verify(question: Question): Promise<Checked> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }: MessageEvent<Answer>) =>
        "done" in data ? resolve(data.done) : reject(receiveError(data.failed));
      this.#worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`${question.path}: ${event.message}`));
      };
      this.#worker.postMessage(question);
    });
  }

  end(): void {
    this.#worker.terminate();
  }
}
