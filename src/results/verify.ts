/**
 * Verification: reads a result as a stranger would, recomputes every number from the stored decisions
 * and the outcomes, and fails on any difference.
 * @module
 */
import { dirname } from "node:path";
import { DataError, VerificationError } from "../base/errors.ts";
import { readBytes, readJson } from "../base/files.ts";
import { canonicalJson, hashJson } from "../base/hash.ts";
import { METRICS_VERSION } from "../metrics/mod.ts";
import { loadDataset } from "../outcomes/load.ts";
import { audit } from "../protocol/audit.ts";
import { dropDuplicates } from "../protocol/drop_duplicates.ts";
import { assertSplitFits, type Split, splitHash } from "../protocol/split.ts";
import { unpackSplits } from "../protocol/pack_splits.ts";
import { evaluateEntries } from "./assemble.ts";
import { type DecisionEntry, decodeDecisions } from "./decision_file.ts";
import { readResult, type Result, rounded } from "./result.ts";

/** What a verification found. */
export interface Verified {
  /** The result itself. */
  readonly result: Result;
  /** `full`: recomputed from outcomes. `integrity`: outcomes absent here, hashes and form only. */
  readonly depth: "full" | "integrity";
  /** Numbers compared. */
  readonly numbers: number;
}

/** A result with its decisions and splits, all hashes checked. */
export interface OpenedResult {
  /** The result itself. */
  readonly result: Result;
  /** Decisions, each checked against its hash. */
  readonly entries: readonly DecisionEntry[];
  /** Frozen splits, seed by seed, fold by fold. */
  readonly splits: readonly Split[];
}

/**
 * Opens a result and the files beside it.
 * @throws {DataError} naming the file and field that does not fit
 */
export async function openResult(path: string): Promise<OpenedResult> {
  const result = await readResult(path);
  const beside = (file: string): string => `${dirname(path)}/${file}`;
  const decisionPath = beside(result.decisions.file), splitPath = beside(result.splits.file);
  const entries = decodeDecisions(
    await readBytes(decisionPath),
    decisionPath,
    result.decisions.sha256,
  );
  const splits = unpackSplits(await readJson(splitPath), splitPath);
  const hashes = splits.map(splitHash);
  const stray = result.splits.parts.findIndex((part, i) => part.sha256 !== hashes[i]);
  if (stray >= 0) {
    const { seed, name } = result.splits.parts[stray];
    throw new DataError(`${splitPath}: split ${stray} (seed ${seed}, ${name}) is not the result's`);
  }
  if (hashJson(hashes) !== result.splits.sha256) {
    throw new DataError(`${splitPath}: ${splits.length} splits, the result has others`);
  }
  return { result, entries, splits };
}

/**
 * Verifies a result file.
 *
 * @param data dataset to recompute from, if not the one the result names
 * @param requireData fail when the outcomes are not on this machine, instead of checking integrity only
 * @throws {DataError} when a file is damaged
 * @throws {VerificationError} when a number cannot be reproduced
 */
export async function verifyResult(
  path: string,
  options: { readonly data?: string; readonly requireData?: boolean } = {},
): Promise<Verified> {
  const { result, entries, splits } = await openResult(path);
  if (result.metricsVersion !== METRICS_VERSION) {
    throw new VerificationError(
      `${path}: metrics version ${result.metricsVersion}, this harness computes version ${METRICS_VERSION}`,
    );
  }
  const given = await loadDataset(options.data ?? result.dataset.name).catch((error) => {
    if (options.requireData || !(error instanceof DataError) || options.data) throw error;
    return undefined;
  });
  if (!given) return { result, depth: "integrity", numbers: 0 };
  const found = audit(given);
  const { table, templates } = dropDuplicates(given, found);
  if (table.dataset.sha256 !== result.dataset.sha256) {
    throw new VerificationError(
      `${path}: made from data ${result.dataset.sha256.slice(0, 12)}, here is ` +
        `${
          table.dataset.sha256.slice(0, 12)
        } (${table.dataset.name} version ${table.dataset.version})`,
    );
  }
  for (const split of splits) assertSplitFits(split, table);
  const routers = result.routers.map(({ id, reference }) => ({ id, router: { reference } }));
  const again = rounded(evaluateEntries({ table, splits, units: templates, routers }, entries));
  const numbers = sameOrThrow(path, "/evaluation", result.evaluation, again) +
    sameOrThrow(path, "/audit", result.audit, found.report);
  return { result, depth: "full", numbers };
}

/** Compares two JSON values leaf by leaf. @returns the number of leaves */
function sameOrThrow(path: string, where: string, stored: unknown, again: unknown): number {
  if (
    stored !== null && typeof stored === "object" && again !== null && typeof again === "object"
  ) {
    const keys = new Set([...Object.keys(stored), ...Object.keys(again)]);
    let leaves = 0;
    for (const key of keys) {
      leaves += sameOrThrow(
        path,
        `${where}/${key}`,
        (stored as Record<string, unknown>)[key],
        (again as Record<string, unknown>)[key],
      );
    }
    return leaves;
  }
  if (canonicalJson(stored ?? null) !== canonicalJson(again ?? null)) {
    throw new VerificationError(
      `${path}: ${where} is ${JSON.stringify(stored)}, recomputed ${JSON.stringify(again)}`,
    );
  }
  return 1;
}
