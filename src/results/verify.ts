/**
 * Verification: reads a result as a stranger would, makes everything again that decisions and outcomes
 * allow, and fails on any difference, also where somebody has edited a file and updated its hashes.
 *
 * Recomputed: every number of the evaluation, the audit, the dataset's facts, the splits (drawn again from
 * protocol and seeds) and their sizes, the decisions of the reference rows, what tuning chose, and why a
 * row is missing; and what lies beside it about episodes.
 *
 * What no stranger can recompute from decisions and outcomes, so that only hashes guard it:
 * - that the other decisions are the ones the routers make, with the curve positions (`operating`, λ) and
 *   the validation scores behind them: run `command` again, which gives the same bytes
 * - numbers from predictions (Brier score, calibration), unless these were kept (`--keep predictions`), and
 *   sizes of routers, in the decision file
 * - that a row marked as failed did fail: run `command` again
 * - harness, environment, embedding, control and device, and the dataset in `command`
 * - routers that are not reference rows: name, summary, source, statement, needs, `reference`, `unseen`,
 *   hash and grids, which are in the file of that hash; summary and source of reference rows; and which
 *   routers were left out of the run
 *
 * Where the outcomes are not on this machine, all but the evaluation, the audit, the dataset's facts and
 * the drawing of the splits is still checked.
 * @module
 */
import { dirname } from "node:path";
import { VerificationError } from "../base/errors.ts";
import { METRICS_VERSION } from "../metrics/mod.ts";
import { loadDataset, pinnedReplies } from "../../datasets/load.ts";
import { audited, type AuditedDataset, underProtocol } from "../audit/audited.ts";
import { evaluateEntries } from "./assemble.ts";
import { checkRows } from "./check_rows.ts";
import { checkDraws } from "./check_run.ts";
import { checkPredictions } from "./prediction_file.ts";
import { episodePath, episodeReport, readEpisodes } from "./episode_file.ts";
import { datasetFacts } from "./facts.ts";
import { OutcomeFinder } from "./outcome_finder.ts";
import { type OpenedResult, type Result, rounded } from "./result.ts";
import { sameOrThrow } from "./same.ts";
import { openResult } from "./open.ts";

/** What a verification found. */
export interface Verified {
  /** The result itself. */
  readonly result: Result;
  /** `full`: recomputed from outcomes. `integrity`: outcomes absent here, hashes and form only. */
  readonly depth: "full" | "integrity";
  /** Numbers compared. */
  readonly numbers: number;
}

/** Where {@link verifyResult} takes outcomes from; by default from the dataset the result names. */
export interface VerifyOptions {
  /** Name or path of the outcomes, instead of the result's own. */
  readonly data?: string;
  /** Fail when the outcomes are not on this machine, instead of checking hashes and form only. */
  readonly requireData?: boolean;
  /** Outcomes already loaded and audited. */
  readonly dataset?: AuditedDataset;
  /** Where the outcomes of several results are found, made with {@link data} if that is given. */
  readonly finder?: OutcomeFinder;
}

/**
 * Verifies a result file.
 *
 * @throws {DataError} when a file is damaged
 * @throws {VerificationError} when something cannot be reproduced
 */
export async function verifyResult(
  path: string,
  options: VerifyOptions = {},
): Promise<Verified> {
  const opened = await openResult(path);
  const { result } = opened;
  if (result.metricsVersion !== METRICS_VERSION) {
    throw new VerificationError(
      `${path}: metrics version ${result.metricsVersion}, this harness computes version ${METRICS_VERSION}; ` +
        '"deno task reevaluate" computes the numbers of a result again from its decisions',
    );
  }
  const dataset = options.dataset ?? await outcomesFor(result, options);
  if (!dataset) return { result, depth: "integrity", numbers: 0 };
  const { evaluation, numbers } = await recompute(path, opened, dataset);
  return {
    result,
    depth: "full",
    numbers: numbers + sameOrThrow(path, "/evaluation", result.evaluation, evaluation),
  };
}

/**
 * Checks everything of a result but its evaluation against the outcomes, and makes that again.
 *
 * @returns the evaluation, and how many other numbers were compared
 * @throws {VerificationError} when something cannot be reproduced
 */
export async function recompute(
  path: string,
  opened: OpenedResult,
  dataset: AuditedDataset,
): Promise<{ evaluation: Result["evaluation"]; numbers: number }> {
  const { result, entries, predicted = [] } = opened;
  const distinct = underProtocol(dataset, result.protocol.name);
  const { table, templates, report } = distinct;
  if (table.dataset.sha256 !== result.dataset.sha256) {
    throw new VerificationError(
      `${path}: made from data ${result.dataset.sha256.slice(0, 12)}, here is ` +
        `${
          table.dataset.sha256.slice(0, 12)
        } (${table.dataset.name} version ${table.dataset.version})`,
    );
  }
  let numbers = sameOrThrow(path, "/dataset", result.dataset, datasetFacts(table)) +
    sameOrThrow(path, "/audit", result.audit, report);
  const pinned = await pinnedReplies(table.dataset.name);
  if (pinned !== undefined) {
    const reads = result.routers.some(({ needs }) => needs.includes("replies"));
    numbers += sameOrThrow(
      path,
      "/replies",
      result.replies ?? null,
      reads ? { sha256: pinned } : null,
    );
  }
  const splits = checkDraws(path, opened, distinct);
  if (result.predictions) {
    const where = `${dirname(path)}/${result.predictions.file}`;
    numbers += checkPredictions(where, predicted, entries, splits, table);
  }
  await checkRows(path, opened, table);
  const routers = result.routers.map(({ id, reference }) => ({ id, router: { reference } }));
  const evaluation = evaluateEntries({ table, splits, units: templates, routers }, entries);
  const episodes = await readEpisodes(path, result);
  if (episodes) {
    const again = episodeReport(opened, table, templates);
    numbers += sameOrThrow(episodePath(path), "", episodes, again);
  }
  return { evaluation: rounded(evaluation), numbers };
}

async function outcomesFor(
  result: Result,
  { data, requireData, finder = new OutcomeFinder(data) }: VerifyOptions,
): Promise<AuditedDataset | undefined> {
  const found = await finder.audited(result);
  if (found || !requireData) return found;
  const { name, gaps, limit } = result.dataset;
  // What is absent says itself where it was looked for.
  return audited(await loadDataset(name, { gaps, limit }));
}
