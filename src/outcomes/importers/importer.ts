/**
 * What an importer is: a pure function from native files to records, with a log of what it left out.
 *
 * Rules for all of them: no network, no clock, same files and options give the same records in the same
 * order; source ids stay inside `id`; missing stays missing; a row is dropped only for a reason that is
 * counted in the log.
 * @module
 */
import type { OutcomeRecord } from "../record.ts";
import type { NativeFiles } from "./native.ts";
import { strip } from "./python.ts";

/** One native format. */
export interface Importer {
  /** As written in manifests and on the command line. */
  readonly name: string;
  /** What it reads, in one line. */
  readonly about: string;
  /** Files it reads, relative to the folder it is given; `<…>` stands for a part that varies. */
  readonly layout: readonly string[];
  /** Options by name, with one line of help each. */
  readonly options: Readonly<Record<string, string>>;
  /** It reads queries that no model has answered: records with empty `scores`, written without. */
  readonly queriesAlone?: true;
  /**
   * Reads the files.
   * @throws {DataError} for files that are missing, torn or not of this format
   */
  read(files: NativeFiles, options: ImportOptions, log: ImportLog): Promise<OutcomeRecord[]>;
}

/** Values of an importer's options; an option may be given more than once. */
export type ImportOptions = Readonly<Record<string, readonly string[]>>;

/** Before and after. */
export interface ImportLog {
  /** Rows after each step, in order. */
  readonly steps: { what: string; rows: number }[];
  /** Rows left out, by reason. */
  readonly dropped: Record<string, number>;
  /** What else the reader of the numbers should know. */
  readonly notes: string[];
}

/** Counts rows left out for a reason. */
export function drop(log: ImportLog, reason: string, rows = 1): void {
  if (rows > 0) log.dropped[reason] = (log.dropped[reason] ?? 0) + rows;
}

/** The first record of each benchmark and query text (white space at its ends aside). */
export function dropRepeated(records: readonly OutcomeRecord[], log: ImportLog): OutcomeRecord[] {
  const seen = new Set<string>();
  const kept = records.filter((record) => {
    const key = JSON.stringify([record.benchmark, strip(record.query)]);
    return !seen.has(key) && seen.add(key);
  });
  drop(log, "the same query of the same benchmark again", records.length - kept.length);
  return kept;
}
