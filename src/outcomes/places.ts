/**
 * Where data that were pulled or imported lie: below `datasets/local/`, which is not committed.
 * @module
 */
import { repoPath } from "../base/files.ts";

/** A dataset's records, `datasets/local/<name>/records.jsonl.gz`. */
export function recordsPath(name: string): string {
  return repoPath("datasets/local", name, "records.jsonl.gz");
}

/** Queries that no model has answered, `datasets/local/<name>/queries.jsonl.gz`. */
export function queriesPath(name: string): string {
  return repoPath("datasets/local", name, "queries.jsonl.gz");
}

/** The lock file of a dataset's pull, `datasets/local/<name>.lock.json`. */
export function lockPath(name: string): string {
  return repoPath("datasets/local", `${name}.lock.json`);
}
