/**
 * Entry of the worker behind `inBackground`: first message the order, any later one an abort.
 * @module
 */
import { sendError } from "../base/threads.ts";
import type { BackgroundOrder, BackgroundReply, BackgroundTask } from "./background.ts";

const aborted = new AbortController();

self.onmessage = async ({ data }: MessageEvent<BackgroundOrder | "abort">) => {
  if (data === "abort") return aborted.abort();
  const reply = (message: BackgroundReply): void => self.postMessage(message);
  try {
    const { [data.name]: task } = await import(data.module) as Record<string, unknown>;
    if (typeof task !== "function") {
      throw new TypeError(`${data.module} exports no function "${data.name}"`);
    }
    const done = await (task as BackgroundTask<unknown, unknown>)(data.argument, {
      signal: aborted.signal,
      progress: (share) => reply({ progress: share }),
    });
    reply({ done });
  } catch (error) {
    reply({ failed: sendError(error) });
  }
};
