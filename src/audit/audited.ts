/**
 * A dataset as every protocol takes it: loaded, audited, strict duplicates merged.
 * @module
 */
import { progress } from "../base/progress.ts";
import { loadDataset, type LoadOptions } from "../../datasets/load.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { audit, type AuditReport } from "./audit.ts";
import { type DistinctTable, dropDuplicates, hasTrainingCopies } from "./drop_duplicates.ts";

/** An audited dataset. */
export interface AuditedDataset extends DistinctTable {
  /** What the audit found. */
  readonly report: AuditReport;
  /** The same for the published split, where that differs: test rows without what training copies recorded. */
  readonly published?: AuditedDataset;
}

/**
 * Loads and audits a dataset.
 *
 * @param spec name, `name/view`, or path of records
 * @throws {UsageError} for an unknown name
 * @throws {DataError} for bad data
 */
export async function auditedDataset(
  spec: string,
  { gaps, limit }: Pick<LoadOptions, "gaps" | "limit"> = {},
): Promise<AuditedDataset> {
  const line = progress(`loading ${spec}`, 2), table = await loadDataset(spec, { gaps, limit });
  line.update(1, "audit");
  const found = audited(table);
  line.end();
  return found;
}

/** Audits a table and merges its strict duplicates. */
export function audited(given: OutcomeTable): AuditedDataset {
  const found = audit(given), { report } = found;
  const dataset = { ...dropDuplicates(given, found), report };
  if (!hasTrainingCopies(given, found)) return dataset;
  return { ...dataset, published: { ...dropDuplicates(given, found, { apart: true }), report } };
}

/** What a protocol takes of a dataset: `id:published` keeps test rows apart from their training copies. */
export function underProtocol(dataset: AuditedDataset, protocol: string): AuditedDataset {
  return protocol === "id:published" ? dataset.published ?? dataset : dataset;
}
