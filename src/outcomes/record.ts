/**
 * The common record: one query and what every model made of it, one JSON object a line.
 *
 * `parse.ts` enforces it; a field not named here is an error, because a mistyped optional field would
 * otherwise be missing data nobody notices.
 * @module
 */

/** A line of `records.jsonl`. Absent model = missing outcome, never 0. */
export interface OutcomeRecord {
  /** Unique in the file. */
  id: string;
  /** Where the query comes from. */
  benchmark: string;
  /** Finer label inside the benchmark. */
  task?: string;
  /** Difficulty label of the source. */
  level?: string;
  /** What a router sees. */
  query: string;
  /** Model → score in [0, 1], higher is better. */
  scores: Record<string, number>;
  /** Model → score in [0, 1] that fits learn from in place of `scores`; no metric and no choice sees it. */
  target?: Record<string, number>;
  /** Model → [input tokens, output tokens]. */
  tokens?: Record<string, [number, number]>;
  /** Model → US dollars for this query. */
  costs?: Record<string, number>;
  /** Published split, where the source has one. */
  split?: "train" | "test";
  /** Number of answer options, for chance correction; 0 = free form. */
  options?: number;
  /** Model → scores of repeated draws. */
  repeats?: Record<string, number[]>;
  /** Input tokens every model was sent beyond its own count (worked examples); they are billed. */
  prompt_tokens_extra?: number;
  /** Model → [input, output] US dollars per million tokens; informative, costs follow the dated list. */
  prices?: Record<string, [number, number]>;
  /** Model → milliseconds until the reply was complete. */
  latency_ms?: Record<string, number>;
  /** Model → reply, whole or as its beginning and the SHA-256 of the whole. */
  responses?: Record<string, string | ReplyPrefix>;
  /** Reference answer, or several accepted ones. */
  gold?: string | string[];
  /** Name of the grader. */
  checker?: string;
  /** Retrieved documents, in rank order. */
  documents?: string[];
  /** Model → score in [0, 1] when the documents are put before the query. */
  scores_rag?: Record<string, number>;
  /** Model → [input tokens, output tokens] of that answer. */
  tokens_rag?: Record<string, [number, number]>;
  /** Model → US dollars for that answer. */
  costs_rag?: Record<string, number>;
  /** The conversation whose last turn is the query. */
  messages?: { role: string; content: string }[];
}

/** How a long reply is kept: its beginning, and the hash of all of it. */
export interface ReplyPrefix {
  /** As much of it as was kept. */
  prefix: string;
  /** Of the whole reply's UTF-8 bytes. */
  sha256: string;
}

/** An own member of an object from model to value: a model may be called "constructor". */
export function own<T>(of: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return of && Object.hasOwn(of, key) ? of[key] : undefined;
}
