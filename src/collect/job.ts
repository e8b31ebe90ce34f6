/**
 * What the process that asks is told, and what it answers.
 * @module
 */
import type { SentError } from "../base/threads.ts";
import type { Endpoint } from "./ask.ts";
import type { Call } from "./call.ts";
import type { Ending, Plan } from "./collect.ts";

/** What the process is told. The key is not part of it: it reads the variable itself. */
export interface Job {
  /** All calls wanted; those that the journal has are not asked. */
  readonly calls: readonly Call[];
  /** How to ask. */
  readonly plan: Plan;
  /** Whom to ask. */
  readonly endpoint: Omit<Endpoint, "key">;
  /** Name of the environment variable with the key; absent = no key is sent. */
  readonly keyEnv?: string;
  /** Path of the journal. */
  readonly journal: string;
}

/** What the process prints when it ends. */
export type JobReply = { readonly ending: Ending } | { readonly error: SentError };
