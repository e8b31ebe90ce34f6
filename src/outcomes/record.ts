/**
 * The common record: one query and what every model made of it, one JSON object a line.
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
  /** Model → [input tokens, output tokens]. */
  tokens?: Record<string, [number, number]>;
  /** Model → US dollars for this query. */
  costs?: Record<string, number>;
  /** Published split, where the source has one. */
  split?: "train" | "test";
  /** Number of answer options, for chance correction. */
  options?: number;
  /** Model → scores of repeated draws. */
  repeats?: Record<string, number[]>;
}
