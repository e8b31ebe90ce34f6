/**
 * `<result>.episodes.json`: what routers that read replies did, beside the result, so that pages and figures can show
 * it where the outcomes are not. `deno task episodes` writes it, `deno task verify` computes it again.
 * @module
 */
import { DataError, UsageError } from "../base/errors.ts";
import { exists, readJson } from "../base/files.ts";
import { hashJson } from "../base/hash.ts";
import type { OutcomeTable } from "../outcomes/table.ts";
import { seedRows } from "../evaluate/decisions.ts";
import { type EpisodeFacts, episodeFacts } from "../evaluate/episodes.ts";
import { formOf } from "./form.ts";
import { isNewModel, type OpenedResult, type Result, rounded } from "./result.ts";

/** The content of the file. */
export interface EpisodeReport extends EpisodeFacts {
  /** Says what the file is. */
  readonly format: "icl-router-bench/episodes";
  /** Version of this form. */
  readonly formatVersion: 1;
  /** Hash of the decisions it is about. */
  readonly decisionsSha256: string;
  /** Hash of all of the above in canonical JSON. */
  readonly sha256: string;
}

const TEXT = { type: "string" },
  NUMBER = { type: "number" },
  COUNT = { type: "integer", minimum: 1 };
const TEXTS = { type: "array", items: TEXT };
const NUMBERS = { type: "array", items: NUMBER };
const END = { type: ["number", "null"] };
const DIFFERENCE = closed({ mean: NUMBER, low: END, high: END });

const FORM = formOf(closed({
  format: { const: "icl-router-bench/episodes" },
  formatVersion: { const: 1 },
  decisionsSha256: TEXT,
  judged: listOf({ seed: NUMBER, asked: COUNT, list: TEXTS, quality: NUMBER, cost: NUMBER }),
  routers: listOf({
    router: TEXT,
    calls: NUMBER,
    paths: listOf({ asked: TEXTS, answer: TEXT, queries: COUNT, quality: NUMBER, paid: NUMBERS }),
  }),
  pairs: listOf({ router: TEXT, other: TEXT, score: DIFFERENCE, cost: DIFFERENCE }),
  sha256: TEXT,
}));

/** Whether a result has rows that read replies, and costs to pay for them. */
export function hasEpisodes({ routers, dataset, evaluation }: Result): boolean {
  return dataset.priced && !isNewModel(evaluation) &&
    routers.some(({ needs, notApplicable }) => needs.includes("replies") && notApplicable === null);
}

/**
 * Computes it.
 *
 * @param units resampling unit of each row of the table (its template)
 * @throws {UsageError} where no row reads replies or costs are not known
 */
export function episodeReport(
  { result, entries, splits }: OpenedResult,
  table: OutcomeTable,
  units: ArrayLike<number>,
): EpisodeReport {
  if (!hasEpisodes(result)) {
    throw new UsageError(
      `${result.dataset.name}: expected a priced result with rows that read replies`,
    );
  }
  const rows = result.routers.filter(({ notApplicable }) => notApplicable === null)
    .map(({ id, needs }) => ({ id, reads: needs.includes("replies") }));
  const content = rounded({
    format: "icl-router-bench/episodes" as const,
    formatVersion: 1 as const,
    decisionsSha256: result.decisions.sha256,
    ...episodeFacts(rows, entries, seedRows(table, splits), table.models, units),
  });
  return { ...content, sha256: hashJson(content) };
}

/** Where the file of a result is. */
export function episodePath(resultPath: string): string {
  return resultPath.replace(/\.json$/, ".episodes.json");
}

/**
 * Reads the file beside a result; undefined where there is none.
 * @throws {DataError} naming the file and what is wrong with it, also where it is about other decisions
 */
export async function readEpisodes(
  resultPath: string,
  { decisions }: Pick<Result, "decisions">,
): Promise<EpisodeReport | undefined> {
  const path = episodePath(resultPath);
  if (!await exists(path)) return undefined;
  const value = await readJson(path);
  FORM.check(value, path);
  const { sha256, ...content } = value as EpisodeReport;
  if (hashJson(content) !== sha256) {
    throw new DataError(`${path}: /sha256 does not match the content; the file was altered`);
  }
  if (content.decisionsSha256 !== decisions.sha256) {
    throw new DataError(`${path}: is about other decisions; run deno task episodes ${resultPath}`);
  }
  return value as EpisodeReport;
}

function closed(properties: Readonly<Record<string, object>>): object {
  return {
    type: "object",
    additionalProperties: false,
    properties,
    required: Object.keys(properties),
  };
}

function listOf(properties: Readonly<Record<string, object>>): object {
  return { type: "array", items: closed(properties) };
}
