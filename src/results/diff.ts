/**
 * What changed between two results, and whether it is significant.
 * @module
 */
import { DataError, VerificationError } from "../base/errors.ts";
import { holm } from "../metrics/mod.ts";
import { loadDataset } from "../../datasets/load.ts";
import { audited, type AuditedDataset, underProtocol } from "../audit/audited.ts";
import { differences, pairedOverSeeds } from "../evaluate/paired.ts";
import type { DecisionEntry } from "./decision_file.ts";
import { seedRows } from "../evaluate/decisions.ts";
import { findOutcomes } from "./outcome_finder.ts";
import { isNewModel, type OpenedResult, type Result } from "./result.ts";
import { openResult } from "./open.ts";
import { headlineScores } from "../evaluate/paired.ts";

/** A field that differs. */
export interface FieldChange {
  /** What it is called. */
  readonly field: string;
  /** Value in the first result. */
  readonly before: string;
  /** Value in the second. */
  readonly after: string;
}

/** A router that is in both results. */
export interface RouterChange {
  /** Router id. */
  readonly router: string;
  /** Mean quality in the first result. */
  readonly before: number;
  /** Mean quality in the second. */
  readonly after: number;
  /**
   * Paired difference on the queries both tested; null where outcomes are not here or splits differ. Its numbers
   * are null where units are too few.
   */
  readonly paired: { low: number | null; high: number | null; pHolm: number | null } | null;
  /** Share of test decisions that differ; null where splits differ. */
  readonly decisionsChanged: number | null;
}

/** The difference of two results. */
export interface Difference {
  /** Code, settings, environment: what differs, and only that. */
  readonly fields: readonly FieldChange[];
  /** Routers of the first result only. */
  readonly onlyBefore: readonly string[];
  /** Routers of the second only. */
  readonly onlyAfter: readonly string[];
  /** Routers of both. */
  readonly routers: readonly RouterChange[];
}

/**
 * Compares two results of the same data and metrics.
 *
 * @param data outcomes to pair from, if not the dataset the results name: its name or path, or as audited already
 * @throws {DataError} when a file is damaged, or a result is of the new-model protocol
 * @throws {VerificationError} when data or metric versions differ: such numbers are not comparable
 */
export async function diffResults(
  pathA: string,
  pathB: string,
  data?: string | AuditedDataset,
): Promise<Difference> {
  const [a, b] = [await openResult(pathA), await openResult(pathB)];
  refuse(a.result, b.result, pathA, pathB);
  const evaluationA = a.result.evaluation, evaluationB = b.result.evaluation;
  if (isNewModel(evaluationA) || isNewModel(evaluationB)) {
    throw new DataError(
      "diff compares id, ood and task results; these are of the new-model protocol",
    );
  }
  const qualityOf = (e: typeof evaluationA, id: string): number | undefined =>
    e.routers.find((r) => r.router === id)?.mean.quality ?? undefined;
  const ids = (r: OpenedResult): string[] => [...new Set(r.entries.map((e) => e.router))];
  const both = ids(a).filter((id) => ids(b).includes(id));
  const sameSplits = a.result.splits.sha256 === b.result.splits.sha256;
  const paired = sameSplits ? await pairedChanges(a, b, both, data) : new Map();
  return {
    fields: changedFields(a.result, b.result),
    onlyBefore: ids(a).filter((id) => !both.includes(id)),
    onlyAfter: ids(b).filter((id) => !both.includes(id)),
    routers: both.map((router) => ({
      router,
      before: qualityOf(evaluationA, router)!,
      after: qualityOf(evaluationB, router)!,
      paired: paired.get(router) ?? null,
      decisionsChanged: sameSplits ? changedShare(a.entries, b.entries, router) : null,
    })),
  };
}

function refuse(a: Result, b: Result, pathA: string, pathB: string): void {
  if (a.metricsVersion !== b.metricsVersion) {
    throw new VerificationError(
      `${pathA} has metrics version ${a.metricsVersion}, ${pathB} ${b.metricsVersion}: not comparable`,
    );
  }
  if (a.dataset.sha256 !== b.dataset.sha256) {
    throw new VerificationError(
      `${pathA} is of ${a.dataset.name}@${a.dataset.version} (${a.dataset.sha256.slice(0, 12)}), ` +
        `${pathB} of ${b.dataset.name}@${b.dataset.version} (${
          b.dataset.sha256.slice(0, 12)
        }): not comparable`,
    );
  }
}

function changedFields(a: Result, b: Result): FieldChange[] {
  const facts = (r: Result): Record<string, unknown> => ({
    "harness version": r.harness.version,
    "harness code": r.harness.sha256.slice(0, 12),
    ...Object.fromEntries(Object.entries(r.environment).map(([k, v]) => [`environment ${k}`, v])),
    protocol: r.protocol.name,
    seeds: r.protocol.seeds.join(","),
    validation: r.protocol.validation,
    control: r.protocol.control,
    splits: r.splits.sha256.slice(0, 12),
    embedding: r.embedding.name,
    "embedding key": r.embedding.key.slice(0, 12),
    ...Object.fromEntries(r.routers.map((x) => [`code of ${x.id}`, x.sha256.slice(0, 12)])),
  });
  const before = facts(a), after = facts(b);
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((field) => before[field] !== after[field])
    .map((field) => ({
      field,
      before: String(before[field] ?? "–"),
      after: String(after[field] ?? "–"),
    }));
}

function changedShare(
  a: readonly DecisionEntry[],
  b: readonly DecisionEntry[],
  router: string,
): number | null {
  let changed = 0, total = 0;
  for (const x of a.filter((e) => e.router === router)) {
    const y = b.find((e) => e.router === router && e.seed === x.seed && e.fold === x.fold);
    if (!y || x.mixtures || y.mixtures) return null;
    const stepX = x.columns.length, stepY = y.columns.length;
    for (let i = 0; i < x.choice.length / stepX; i++) {
      total++;
      if (x.models[x.choice[i * stepX]] !== y.models[y.choice[i * stepY]]) changed++;
    }
  }
  return total > 0 ? changed / total : null;
}

async function pairedChanges(
  a: OpenedResult,
  b: OpenedResult,
  routers: readonly string[],
  data: string | AuditedDataset | undefined,
): Promise<Map<string, RouterChange["paired"]>> {
  const { sha256, gaps, limit } = a.result.dataset;
  const given = data === undefined
    ? await findOutcomes(a.result)
    : typeof data === "string"
    ? await loadDataset(data, { gaps, limit })
    : data.table;
  if (!given) return new Map();
  if (given.dataset.sha256 !== sha256) {
    throw new VerificationError(
      `the results are of data ${sha256.slice(0, 12)}, here is ${
        given.dataset.sha256.slice(0, 12)
      } ` +
        `(${given.dataset.name} version ${given.dataset.version})`,
    );
  }
  const dataset = typeof data === "object" ? data : audited(given);
  const { table, templates } = underProtocol(dataset, a.result.protocol.name);
  const seeds = seedRows(table, a.splits);
  const scores = (entries: readonly DecisionEntry[], router: string): Float64Array[] =>
    seeds.map((seed) => headlineScores(entries, router, seed));
  const gains = routers.map((r) => differences(scores(b.entries, r), scores(a.entries, r)));
  const intervals = pairedOverSeeds(gains, seeds, templates);
  const adjusted = holm(intervals.map(({ p }) => p));
  return new Map(
    routers.map((
      id,
      i,
    ) => [id, { low: intervals[i].low, high: intervals[i].high, pHolm: adjusted[i] }]),
  );
}
