/**
 * Results on preferences as a JSON file, `results/<set>@<version>/preferences.<embedding>.json`: what was decided
 * and retrieved for every test query, and the numbers that come of it. It has no `.decisions.gz` beside it, as it
 * is no result of a bench.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { readJson } from "../base/files.ts";
import { hashJson } from "../base/hash.ts";
import { formOf } from "../results/form.ts";
import { rounded } from "../results/result.ts";
import { sameOrThrow } from "../results/same.ts";
import {
  CELL,
  closed,
  COUNT,
  list,
  MATCHED,
  MATCHING_ROW,
  MAYBE,
  NUMBER,
  PROVENANCE,
  type Provenance,
  TEXT,
} from "./form.ts";
import { type Matched, type MatchingRow, matchingRows, type MatchingSpeed } from "./matching.ts";
import type { Preferences } from "./read.ts";
import type { Retrieved } from "./retrieval.ts";
import { type RetrievalRow, retrievalRows } from "./retrieval_rows.ts";
import { readSampled, type SampledFile } from "./sampled.ts";

/** The content of a file. */
export interface PreferenceReport extends Provenance {
  /** Says what the file is. */
  readonly format: "icl-router-bench/preferences";
  /** Version of this form. */
  readonly formatVersion: 1;
  /** The set: hashes of its queries, of its routes and of the test queries' ids. */
  readonly dataset: {
    readonly name: string;
    readonly version: string;
    readonly sha256: string;
    readonly routesSha256: string;
    readonly testIdsSha256: string;
  };
  /** The embedding. */
  readonly embedding: { readonly name: string; readonly key: string };
  /** Seeds of everything that draws. */
  readonly seeds: readonly number[];
  /** What matchers decided, and its numbers. */
  readonly matching: {
    readonly matched: readonly Matched[];
    readonly rows: readonly MatchingRow[];
  };
  /** What was retrieved and routed, and its numbers. */
  readonly retrieval: Retrieved & { readonly rows: readonly RetrievalRow[] };
  /** Hash of all of the above in canonical JSON. */
  readonly sha256: string;
}

/** `preferences.<embedding>.speed.json`: clocks differ, so it stands beside. */
export interface PreferenceSpeed {
  /** Microseconds to encode one query, median. */
  readonly encodeMicroseconds: number;
  /** By matcher, 150 routes. */
  readonly matching: Readonly<Record<string, MatchingSpeed>>;
}

/** Version of the set of preferences that this code reads. */
export const SET_VERSION = "1";

/** What a report says besides numbers. */
export type Head = Omit<
  PreferenceReport,
  "format" | "formatVersion" | "dataset" | "matching" | "retrieval" | "sha256"
>;

/** Counts, rounds and seals. */
export function reportOf(
  head: Head,
  preferences: Preferences,
  matched: readonly Matched[],
  retrieved: Retrieved,
): PreferenceReport {
  const kept = rounded({ matched, retrieved });
  const content: Omit<PreferenceReport, "sha256"> = rounded({
    ...{ format: "icl-router-bench/preferences", formatVersion: 1, ...head },
    dataset: datasetOf(preferences),
    matching: { matched: kept.matched, rows: matchingRows(preferences, kept.matched) },
    retrieval: {
      ...kept.retrieved,
      rows: retrievalRows(preferences, kept.retrieved, kept.matched),
    },
  });
  return { ...content, sha256: hashJson(content) };
}

/**
 * Reads a file and checks its form and its closing hash.
 * @throws {DataError} naming the file, the field and what was expected
 */
export async function readReport(path: string): Promise<PreferenceReport> {
  const value = await readJson(path);
  FORM.check(value, path);
  const { sha256, ...content } = value as PreferenceReport;
  if (hashJson(content) === sha256) return value as PreferenceReport;
  throw new DataError(`${path}: /sha256 does not match the content; the file was altered`);
}

/** A report with its speed sheet, by its path below the results. */
export interface ReportFile {
  /** `clinc150@1/preferences.static.json`. */
  readonly path: string;
  /** The content. */
  readonly report: PreferenceReport;
  /** What it took. */
  readonly speed: PreferenceSpeed;
  /** Slower matchers on a sample of its requests, in name order. */
  readonly sampled: readonly SampledFile[];
}

/**
 * All reports one folder below, in name order.
 * @throws {DataError} when one, or its speed sheet, is missing or altered
 */
export async function readReports(root: string): Promise<ReportFile[]> {
  const found: ReportFile[] = [];
  for await (const { name: folder, isDirectory } of Deno.readDir(root)) {
    if (!isDirectory) continue;
    for await (const { name } of Deno.readDir(`${root}/${folder}`)) {
      if (!/^preferences\.[^.]+\.json$/.test(name)) continue;
      const path = `${folder}/${name}`, speed = `${root}/${path}`.replace(/json$/, "speed.json");
      const report = await readReport(`${root}/${path}`);
      const beside = { name, sha256: report.sha256 };
      const sampled = await readSampled(`${root}/${folder}`, beside);
      found.push({ path, report, speed: await readJson(speed) as PreferenceSpeed, sampled });
    }
  }
  return found.sort((a, b) => a.path < b.path ? -1 : 1);
}

/**
 * Computes every number of a report again, from its decisions and hits and the wanted routes.
 * @returns how many leaves were compared
 * @throws {VerificationError} naming the field that differs
 */
export function verifyReport(
  { dataset, matching, retrieval }: PreferenceReport,
  preferences: Preferences,
  where: string,
): number {
  sameOrThrow(where, "/dataset", dataset, datasetOf(preferences));
  const rows = rounded({
    matching: matchingRows(preferences, matching.matched),
    retrieval: retrievalRows(preferences, retrieval, matching.matched),
  });
  return sameOrThrow(where, "/matching/rows", matching.rows, rows.matching) +
    sameOrThrow(where, "/retrieval/rows", retrieval.rows, rows.retrieval);
}

function datasetOf(
  { name, sha256, routesSha256, test }: Preferences,
): PreferenceReport["dataset"] {
  const testIdsSha256 = hashJson(test.ids);
  return { name, version: SET_VERSION, sha256, routesSha256, testIdsSha256 };
}

const FORM = formOf(closed({
  format: { const: "icl-router-bench/preferences" },
  formatVersion: { const: 1 },
  ...PROVENANCE,
  dataset: closed({
    ...{ name: TEXT, version: TEXT, sha256: TEXT, routesSha256: TEXT, testIdsSha256: TEXT },
  }),
  embedding: closed({ name: TEXT, key: TEXT }),
  seeds: list(COUNT),
  matching: closed({ matched: list(MATCHED), rows: list(MATCHING_ROW) }),
  retrieval: closed({
    frozen: TEXT,
    runs: list(closed({
      ...{ seed: COUNT, rate: NUMBER, allRate: NUMBER, validation: list(NUMBER) },
      ...{ experts: list(TEXT), all: TEXT, mean: TEXT, max: TEXT },
    })),
    rows: list(closed({ id: TEXT, ndcg: CELL, toSingle: CELL, toFrozen: CELL, home: MAYBE })),
  }),
  sha256: TEXT,
}));
