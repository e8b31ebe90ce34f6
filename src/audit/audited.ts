/**
 * A dataset as every protocol takes it: loaded, audited, strict duplicates merged.
 * @module
 */
import { progress } from "../base/progress.ts";
import { loadDataset } from "../../datasets/load.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { audit, type AuditReport } from "./audit.ts";
import { type DistinctTable, dropDuplicates } from "./drop_duplicates.ts";

/** An audited dataset. */
export interface AuditedDataset extends DistinctTable {
  /** What the audit found. */
  readonly report: AuditReport;
}

/**
 * Loads and audits a dataset.
 *
 * @param spec name, `name/view`, or path of records
 * @throws {UsageError} for an unknown name
 * @throws {DataError} for bad data
 */
export async function auditedDataset(spec: string): Promise<AuditedDataset> {
  const line = progress(`loading ${spec}`, 2), table = await loadDataset(spec);
  line.update(1, "audit");
  const found = audited(table);
  line.end();
  return found;
}

/** Audits a table and merges its strict duplicates. */
export function audited(given: OutcomeTable): AuditedDataset {
  const found = audit(given);
  return { ...dropDuplicates(given, found), report: found.report };
}
