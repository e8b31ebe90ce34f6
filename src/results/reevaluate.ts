/**
 * A result by the present definitions: after a change of `METRICS_VERSION` its numbers are computed again from its
 * stored decisions. Nothing else of it changes; decisions and splits keep their bytes.
 * @module
 */
import { VerificationError } from "../base/errors.ts";
import { writeAtomic } from "../base/files.ts";
import { METRICS_VERSION } from "../metrics/mod.ts";
import type { AuditedDataset } from "../audit/audited.ts";
import { openResult } from "./open.ts";
import { type Result, seal } from "./result.ts";
import { sameOrThrow } from "./same.ts";
import { recompute } from "./verify.ts";

/**
 * Evaluates a result again and writes it in its place. A result of the present version is not written: it must
 * have the present numbers already.
 *
 * @param dataset outcomes of the result, audited
 * @returns the result, and the version it had
 * @throws {DataError} when a file is damaged
 * @throws {VerificationError} when decisions, splits or facts of the data cannot be reproduced
 */
export async function reevaluateResult(
  path: string,
  dataset: AuditedDataset,
): Promise<{ result: Result; before: string }> {
  const opened = await openResult(path);
  const { sha256: _sha256, ...content } = opened.result;
  const before = content.metricsVersion;
  if (Number(before) > Number(METRICS_VERSION)) {
    throw new VerificationError(
      `${path}: metrics version ${before} is newer than this harness's, ${METRICS_VERSION}`,
    );
  }
  const { evaluation } = await recompute(path, opened, dataset);
  if (before === METRICS_VERSION) {
    sameOrThrow(path, "/evaluation", content.evaluation, evaluation);
    return { result: opened.result, before };
  }
  const result = seal({ ...content, metricsVersion: METRICS_VERSION, evaluation });
  await writeAtomic(path, JSON.stringify(result, null, 1) + "\n");
  return { result, before };
}
