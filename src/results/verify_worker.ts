/**
 * Entry of a thread that verifies: one result a message; answers `{done}` or `{failed}`.
 * @module
 */
import { sendError, type SentError } from "../base/threads.ts";
import { type Checked, type Question, verifier } from "./verifier.ts";

/** What the thread sends back. */
export type Answer = { readonly done: Checked } | { readonly failed: SentError };

const verify = verifier();

self.onmessage = async ({ data }: MessageEvent<Question>) => {
  const answer: Answer = await verify(data).then(
    (done) => ({ done }),
    (error) => ({ failed: sendError(error) }),
  );
  self.postMessage(answer);
};
