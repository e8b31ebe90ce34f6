/**
 * A result: everything needed to defend a table, as one JSON file with its decisions and splits beside
 * it. `results/<dataset>@<version>/<protocol>.<embedding>.json`, no clock in name or content.
 * @module
 */
import { Ajv, type ValidateFunction } from "ajv";
import { DataError } from "../base/errors.ts";
import { readJson, repoPath } from "../base/files.ts";
import { hashJson } from "../base/hash.ts";
import type { DatasetFacts } from "../outcomes/table.ts";
import type { AuditReport } from "../protocol/audit_report.ts";
import type { Need, UnseenArm } from "../router/contract.ts";
import type { Evaluation } from "./evaluate.ts";
import type { NewModelEvaluation } from "./evaluate_new_model.ts";

/** The content of a result file. */
export interface Result {
  readonly format: "icl-router-bench/result";
  readonly formatVersion: 1;
  /** Results of different metric versions are never merged or compared. */
  readonly metricsVersion: string;
  /** The command that makes this result again. */
  readonly command: string;
  readonly harness: { readonly version: string; readonly sha256: string };
  readonly environment: Readonly<Record<string, string>>;
  readonly dataset: DatasetFacts & {
    readonly queries: number;
    readonly models: readonly string[];
    readonly benchmarks: readonly string[];
    readonly priced: boolean;
  };
  readonly audit: AuditReport;
  readonly embedding: {
    readonly name: string;
    readonly key: string;
    readonly facts: Readonly<Record<string, string | number>>;
  };
  readonly protocol: {
    readonly name: string;
    readonly seeds: readonly number[];
    readonly validation: string;
    readonly control: string;
    readonly budgets: readonly number[];
    readonly subsets: number | null;
    readonly selection: string | null;
    readonly device: string;
    /** How often the test part was opened per router: once, by construction. */
    readonly testOpened: 1;
  };
  readonly splits: FileReference & { readonly parts: readonly SplitFacts[] };
  readonly decisions: FileReference;
  readonly routers: readonly RouterEntry[];
  readonly evaluation: Evaluation | NewModelEvaluation;
  /** Hash of all of the above in canonical JSON. */
  readonly sha256: string;
}

/** A file beside the result, by name and hash of its content. */
export interface FileReference {
  readonly file: string;
  readonly sha256: string;
}

/** Sizes of a split. */
export interface SplitFacts {
  readonly seed: number;
  readonly fold: number;
  readonly name: string;
  readonly sha256: string;
  readonly train: number;
  readonly validation: number;
  readonly test: number;
  readonly dropped: number;
}

/** A row of the table: what the method is and how it came to its decisions. */
export interface RouterEntry {
  readonly id: string;
  readonly name: string;
  readonly summary: string;
  readonly source: string;
  readonly statement: string | null;
  readonly needs: readonly Need[];
  readonly reference: boolean;
  readonly unseen: UnseenArm | null;
  readonly sha256: string;
  /** The grid; the first is the default. */
  readonly grid: readonly unknown[];
  /** Why there are no decisions, or null. */
  readonly notApplicable: string | null;
  /** What validation chose on each split: positions in the grid. */
  readonly chosen: readonly {
    readonly seed: number;
    readonly fold: number;
    readonly score: number;
    readonly area: number | null;
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

let validator: ValidateFunction | undefined;

/**
 * Reads a result and checks its form and its closing hash.
 * @throws {DataError} naming the file, the field and what was expected
 */
export async function readResult(path: string): Promise<Result> {
  const value = await readJson(path);
  validator ??= new Ajv({ allErrors: false, strict: true, allowUnionTypes: true })
    .compile(await readJson(repoPath("src/results/result.schema.json")) as object);
  if (!validator(value)) {
    const [error] = validator.errors!;
    const extra = "additionalProperty" in error.params
      ? ` "${error.params.additionalProperty}"`
      : "";
    throw new DataError(`${path}: ${error.instancePath || "/"} ${error.message}${extra}`);
  }
  const { sha256, ...content } = value as Result;
  if (hashJson(content) !== sha256) {
    throw new DataError(`${path}: /sha256 does not match the content; the file was altered`);
  }
  return value as Result;
}
