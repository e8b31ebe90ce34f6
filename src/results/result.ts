/**
 * A result: everything needed to defend a table, as one JSON file with its decisions and splits beside
 * it. `results/<dataset>@<version>/<protocol>.<embedding>.json`, no clock in name or content.
 * @module
 */
import schema from "./result.schema.json" with { type: "json" };
import { DataError } from "../base/errors.ts";
import { readJson } from "../base/files.ts";
import { hashJson } from "../base/hash.ts";
import type { DatasetFacts } from "../outcomes/table.ts";
import type { AuditReport } from "../audit/audit.ts";
import type { ArmKind } from "../run/new_model_job.ts";
import type { Need, UnseenArm } from "../router/contract.ts";
import type { Evaluation } from "../evaluate/evaluate.ts";
import type { NewModelEvaluation } from "../evaluate/evaluate_new_model.ts";
import { formOf } from "./form.ts";
import type { Split } from "../splits/split.ts";
import type { DecisionEntry } from "./decision_file.ts";

/** The content of a result file. */
export interface Result {
  /** Says what the file is. */
  readonly format: "icl-router-bench/result";
  /** Version of this form. */
  readonly formatVersion: 1;
  /** Results of different metric versions are never merged or compared. */
  readonly metricsVersion: string;
  /** The command that makes this result again. */
  readonly command: string;
  /** Version and code hash of the harness. */
  readonly harness: { readonly version: string; readonly sha256: string };
  /** Runtime and machine type. */
  readonly environment: Readonly<Record<string, string>>;
  /** The dataset view. */
  readonly dataset: DatasetFacts & {
    readonly queries: number;
    readonly models: readonly string[];
    readonly benchmarks: readonly string[];
    readonly priced: boolean;
  };
  /** Leakage audit, counts only. */
  readonly audit: AuditReport;
  /** The replies that routers read: hash of the file's unpacked bytes; absent where none reads them. */
  readonly replies?: { readonly sha256: string };
  /** The embedding and its facts. */
  readonly embedding: {
    readonly name: string;
    readonly key: string;
    readonly facts: Readonly<Record<string, string | number>>;
  };
  /** Everything chosen about the run. */
  readonly protocol: {
    readonly name: string;
    readonly seeds: readonly number[];
    readonly validation: string;
    readonly control: string;
    readonly budgets: readonly number[];
    /** Arms of the new-model protocol that were run; absent = all. */
    readonly arms?: readonly ArmKind[];
    readonly subsets: number | null;
    readonly selection: string | null;
    readonly device: string;
    /** How often the test part was opened per router: once, by construction. */
    readonly testOpened: 1;
  };
  /** The split file and what each split is. */
  readonly splits: FileReference & { readonly parts: readonly SplitFacts[] };
  /** The decision file. */
  readonly decisions: FileReference;
  /** The predictions that the decisions were made from, where they were kept. */
  readonly predictions?: FileReference;
  /** Rows of the table, references first. */
  readonly routers: readonly RouterEntry[];
  /** Every number, recomputable from decisions and outcomes. */
  readonly evaluation: Evaluation | NewModelEvaluation;
  /** Hash of all of the above in canonical JSON. */
  readonly sha256: string;
}

/** A file beside the result, by name and hash of its content. */
export interface FileReference {
  /** Name beside the result. */
  readonly file: string;
  /** SHA-256 of the content. */
  readonly sha256: string;
}

/** Sizes of a split. */
export interface SplitFacts {
  /** Seed of the split. */
  readonly seed: number;
  /** Fold number among those of its seed. */
  readonly fold: number;
  /** As printed. */
  readonly name: string;
  /** SHA-256 of the content. */
  readonly sha256: string;
  /** Training rows. */
  readonly train: number;
  /** Validation rows. */
  readonly validation: number;
  /** Test rows. */
  readonly test: number;
  /** Rows left out as copies of stricter rows. */
  readonly dropped: number;
}

/** A row of the table: what the method is and how it came to its decisions. */
export interface RouterEntry {
  /** Id, the file stem of a router. */
  readonly id: string;
  /** As printed. */
  readonly name: string;
  /** The method in one line. */
  readonly summary: string;
  /** Where it comes from. */
  readonly source: string;
  /** The sentence it must carry, or null. */
  readonly statement: string | null;
  /** Fields used beyond texts, vectors and training scores. */
  readonly needs: readonly Need[];
  /** Frames the table, does not compete. */
  readonly reference: boolean;
  /** How it takes in unseen models, or null. */
  readonly unseen: UnseenArm | null;
  /** SHA-256 of the content. */
  readonly sha256: string;
  /** The grid; the first is the default. */
  readonly grid: readonly unknown[];
  /** Ways of taking in new models; absent where these are the configurations of the grid, or there are none. */
  readonly unseenGrid?: readonly unknown[];
  /** Why there are no decisions, or null. */
  readonly notApplicable: string | null;
  /**
   * What validation chose on each split: positions in the grid; in the new-model protocol also, for every number
   * of labels, the way of taking in new models, where there was a choice.
   */
  readonly chosen: readonly {
    readonly seed: number;
    readonly fold: number;
    readonly score: number;
    readonly area: number | null;
    readonly unseen?: readonly { readonly n: number; readonly way: number }[];
  }[];
}

/** Whether an evaluation is of the new-model protocol. */
export function isNewModel(evaluation: Result["evaluation"]): evaluation is NewModelEvaluation {
  return "arms" in evaluation;
}

/** Adds the closing hash. */
export function seal(result: Omit<Result, "sha256">): Result {
  return { ...result, sha256: hashJson(result) };
}

/** Numbers to 10 significant digits: enough to compare, short enough to read. */
export function rounded<T>(value: T): T {
  if (typeof value === "number") {
    return (Number.isFinite(value) ? Number(value.toPrecision(10)) : null) as T;
  }
  if (Array.isArray(value)) return value.map(rounded) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, rounded(v)])) as T;
}

const FORM = formOf(schema);

/**
 * Reads a result and checks its form and its closing hash.
 * @throws {DataError} naming the file, the field and what was expected
 */
export async function readResult(path: string): Promise<Result> {
  const value = await readJson(path);
  FORM.check(value, path);
  const { sha256, ...content } = value as Result;
  if (hashJson(content) !== sha256) {
    throw new DataError(`${path}: /sha256 does not match the content; the file was altered`);
  }
  return value as Result;
}

/** A result with its decisions and splits, all hashes checked. */
export interface OpenedResult {
  /** The result itself. */
  readonly result: Result;
  /** Decisions, each checked against its hash. */
  readonly entries: readonly DecisionEntry[];
  /** Predicted qualities [T × M] of each entry that has some, where they were kept. */
  readonly predicted?: readonly (Float64Array | undefined)[];
  /** Frozen splits, seed by seed, fold by fold. */
  readonly splits: readonly Split[];
}
