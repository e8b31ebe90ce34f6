/**
 * Manifests: what a folder of records is, who may use it how, and which queries and models form a view.
 *
 * `datasets/manifest.schema.json` is the authority on their form; this file reads them, and makes one up
 * for records that come without.
 * @module
 */
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { DataError, UsageError } from "../base/errors.ts";
import { readJson, repoPath } from "../base/files.ts";
import { didYouMean } from "../base/suggest.ts";
import { documentedPool, gaplessPool, type GapRule } from "./gaps.ts";
import type { PriceList } from "./pricing.ts";
import { columnsOf, type RecordColumns, type RecordRow, type Records } from "./columns.ts";

/** A dataset manifest, `datasets/<name>/manifest.json`. */
export interface Manifest {
  /** For editors. */
  readonly $schema?: string;
  /** As on the command line; the name of the folder. */
  readonly name: string;
  /** Goes up when the meaning of any number changes. */
  readonly version: string;
  /** In a few words. */
  readonly title: string;
  /** In a sentence or two. */
  readonly description: string;
  /** Generated, not recorded. */
  readonly synthetic: boolean;
  /** Of the repository the numbers come from, and of the questions in it; may records be passed on? */
  readonly licence: {
    readonly repository: string;
    readonly questions: string;
    readonly passOn?: string;
  };
  /** Where the originals are. */
  readonly source: DatasetSource;
  /** Module of `src/outcomes/importers/` that makes the records from the source. */
  readonly importer?: string;
  /** What the records must be, byte for byte (unpacked), and how many. */
  readonly records: { readonly sha256?: string; readonly queries?: number };
  /** File beside this manifest with the outcomes of queries that its importer reads alone. */
  readonly outcomes?: string;
  /** File of replies beside the records, and the hash of its unpacked bytes. */
  readonly replies?: { readonly file: string; readonly sha256: string };
  /** What a score means. */
  readonly metric: string;
  /** Faults worth a line under every table. */
  readonly notes?: readonly string[];
  /** Costs are computed from tokens by this list; without it the records' own costs count. */
  readonly prices?: PriceList;
  /**
   * inferred: the view `all` and benchmarks not listed here are read off the records, as of records without a
   * manifest. none: queries alone, which no model has answered. Absent: everything is listed here.
   */
  readonly pool?: "inferred" | "none";
  /** Facts by benchmark name; every benchmark of the records must be here. */
  readonly benchmarks: Readonly<Record<string, BenchmarkFacts>>;
  /** Views by name. "all" is the default, or else the first. */
  readonly views: Readonly<Record<string, View>>;
  /** Of an inferred manifest only: what the user chose to leave out for missing scores. */
  readonly gaps?: GapRule;
  /** Of an inferred manifest only: queries without a cost of every model are left out as well. */
  readonly needsCosts?: boolean;
}

/** Where the originals are published. */
export interface DatasetSource {
  /** Address of the repository. */
  readonly repository?: string;
  /** The commit that was read, 40 hex digits. */
  readonly commit?: string;
  /** Address that the paths of files without a `url` are appended to. */
  readonly base?: string;
  /** Hosts that a download may be redirected to, beside its own. */
  readonly hosts?: readonly string[];
  /** File beside the manifest with further files: lines of sha256sum, fetched from base + path. */
  readonly sums?: string;
  /** The original files; absent where not listed one by one. */
  readonly files?: readonly SourceFile[];
  /** What else there is to know about them. */
  readonly note?: string;
}

/** One original file. */
export interface SourceFile {
  /** Inside the repository. */
  readonly path: string;
  /** Where to fetch it; the source's base + path where absent. */
  readonly url?: string;
  /** Of its bytes; absent where not known. */
  readonly sha256?: string;
  /** Git's hash of its bytes, which code hosts list without a download. */
  readonly gitBlob?: string;
  /** Size of the download. */
  readonly bytes?: number;
  /** An archive: its members count, in a folder named like it without its ending. */
  readonly unpack?: "zip" | "tar.gz";
  /** About what its members take, all together. */
  readonly unpackedBytes?: number;
}

/** What a benchmark's numbers mean. */
export interface BenchmarkFacts {
  /** Score from which a query counts as solved, τ_b in (0, 1]. */
  readonly solvedFrom: number;
  /** Answer options of each query; 0 = free form; `letters` = as many as the query text lists. */
  readonly options: number | "letters";
  /** Coarser group, for leave-domain-out. */
  readonly domain: string;
  /** Where it differs from the manifest's. */
  readonly metric?: string;
}

/** A pool of models on a part of the queries. */
export interface View {
  /** Only queries with one of these labels, in every field named. */
  readonly where?: Labels;
  /** Without queries that have any of these labels. */
  readonly not?: Labels;
  /** The pool. A query that lacks a score of one of them is dropped, and counted. */
  readonly models: readonly string[];
  /** The pool answers with the documents of the records: `scores_rag` count, and plain scores stand beside them. */
  readonly documents?: true;
  /** Faults of this view alone. */
  readonly notes?: readonly string[];
}

/** A label, or several, for each field named. */
export type Labels = { readonly [field in LabelField]?: string | readonly string[] };

/** Fields of a record that a view can choose by. */
export type LabelField = "benchmark" | "task" | "level" | "split";

/**
 * Reads and checks a manifest.
 * @throws {DataError} naming the file, the place in it (a JSON pointer) and what was expected there
 */
export async function readManifest(path: string): Promise<Manifest> {
  const value = await readJson(path);
  await assertMatches(value, "", path);
  return value as Manifest;
}

/**
 * Reads and checks a price list: a JSON file of the form of a manifest's `prices`.
 * @throws {DataError} naming the file, the place in it (a JSON pointer) and what was expected there
 */
export async function readPriceList(path: string): Promise<PriceList> {
  const value = await readJson(path);
  await assertMatches(value, "#/definitions/priceList", path);
  return value as PriceList;
}

/** The view of answers with documents, where no manifest names one for records that have them. */
export const WITH_DOCUMENTS = "documents";

/** The view a manifest shows when none is named: `all`, or else the first. */
export function defaultView(manifest: Manifest): string {
  return viewNames(manifest)[0];
}

/** Names of its views, the default first; none of queries alone. */
export function viewNames({ views, pool }: Manifest): string[] {
  const names = Object.keys(views);
  return pool === "inferred" || names.includes("all")
    ? ["all", ...names.filter((name) => name !== "all")]
    : names;
}

/**
 * A manifest whose pool is inferred, completed by the records: the view `all`, benchmarks, and what was left
 * out for missing scores.
 * @throws {DataError} when nothing would be left
 */
export function completed(
  manifest: Manifest,
  records: Records,
  sha256: string,
  gaps?: GapRule,
): Manifest {
  const { name, notes = [], benchmarks, views } = manifest;
  const inferred = inferManifest(name, records, sha256, gaps);
  return {
    ...manifest,
    benchmarks: { ...inferred.benchmarks, ...benchmarks },
    views: { ...inferred.views, ...views },
    notes: [...notes, ...inferred.notes!.slice(1)],
    ...(inferred.gaps && { gaps: inferred.gaps }),
    ...(inferred.needsCosts && { needsCosts: inferred.needsCosts }),
  };
}

/**
 * A view by name.
 * @throws {UsageError} when the manifest has no such view, with the nearest one it has
 */
export function viewOf(manifest: Manifest, name: string): View {
  if (Object.hasOwn(manifest.views, name)) return manifest.views[name];
  const names = Object.keys(manifest.views);
  throw new UsageError(
    `${manifest.name} has no view "${name}"${didYouMean(name, names)} (views: ${names.join(", ")})`,
  );
}

/**
 * A manifest for records that come without one. The pool is every model, less what {@link gaplessPool}
 * leaves out where scores are missing: some queries, or some models; a note names what. A query counts as
 * solved from 0.5, answers are free form, each benchmark is its own domain, costs are the records' own.
 * @param gaps what to leave out; absent = whichever keeps more scores
 * @throws {DataError} when nothing would be left
 */
export function inferManifest(
  name: string,
  records: Records,
  sha256: string,
  gaps?: GapRule,
): Manifest {
  const columns = columnsOf(records), { rows, scores, costs } = columns;
  const pool = gaplessPool(columns, gaps);
  if (!pool) throw new DataError(`${name}: ${nothingLeft(rows.length, gaps)}`);
  const { models } = pool;
  const hasScores = scores.havingAll(models, rows.length);
  const hasCosts = costs.havingAll(models, rows.length);
  const scored = rows.filter(({ at }) => hasScores(at));
  // Who asks for queries to be left out gets cost columns, too, where some queries have all costs.
  const needsCosts = gaps === "drop-queries" &&
    scored.some(({ at }) => hasCosts(at)) &&
    scored.some(({ at }) => !hasCosts(at));
  const benchmarks = [...new Set(rows.map((record) => record.benchmark))].sort();
  const rich = documentedPool(columns, gaps);
  return {
    name,
    version: "inferred",
    title: name,
    description: "Records without a manifest.",
    synthetic: false,
    licence: { repository: "not stated", questions: "not stated" },
    source: {},
    records: { sha256, queries: rows.length },
    metric: "not stated",
    notes: [
      "no manifest: solved means a score of 0.5 or more, answers are taken as free form",
      ...gapNotes(columns, models, gaps),
      ...costNotes(columns, scored, models, needsCosts),
    ],
    benchmarks: Object.fromEntries(benchmarks.map((each) => [each, plainFacts(each)])),
    views: {
      all: { models },
      ...(rich && { [WITH_DOCUMENTS]: { models: rich.models, documents: true } }),
    },
    ...(gaps && { gaps }),
    ...(needsCosts && { needsCosts }),
  };
}

function nothingLeft(length: number, gaps: GapRule | undefined): string {
  if (gaps === "drop-models") {
    return `expected a model with a score in each of the ${length} records, got none ` +
      `(--gaps drop-queries leaves out queries instead)`;
  }
  if (gaps === "drop-queries") {
    return `expected a record with a score of every model, got none of ${length} ` +
      `(--gaps drop-models leaves out models instead)`;
  }
  return `expected two models with a score of the same query, got none in ${length} records`;
}

/** What the pool lacks of the records: models, then queries. */
function gapNotes(
  columns: RecordColumns,
  models: readonly string[],
  gaps: GapRule | undefined,
): string[] {
  const { rows, scores } = columns, { length } = rows;
  // Only to who has not chosen, and only what leaves something.
  const hint = (rule: GapRule, what: string): string =>
    gaps === undefined && gaplessPool(columns, rule) ? `; --gaps ${rule} ${what}` : "";
  const pool = new Set(models);
  const partial = scores.models.filter((model) => !pool.has(model)).sort()
    .map((model) => `${model} (${scores.count(model)} of ${length} queries)`);
  const hasScores = scores.havingAll(models, length);
  const incomplete = rows.filter(({ at }) => !hasScores(at));
  const lacking = models.filter((model) => scores.count(model) < length)
    .map((model) => `${model} (${length - scores.count(model)})`);
  return [
    ...(partial.length
      ? [
        `not in the pool, for missing scores: ${partial.join(", ")}` +
        hint("drop-queries", "keeps every model and leaves out queries"),
      ]
      : []),
    ...(incomplete.length
      ? [
        `${incomplete.length} of ${length} queries left out, for missing scores of ${
          lacking.join(", ")
        }: ${some(incomplete.slice(0, SOME).map(({ id }) => id), incomplete.length)}` +
        hint("drop-models", "keeps every query and leaves out models"),
      ]
      : []),
  ];
}

/** Which costs are missing, where others are known: one is enough to lose the cost columns. */
function costNotes(
  { costs, rows }: RecordColumns,
  scored: readonly RecordRow[],
  models: readonly string[],
  leftOut: boolean,
): string[] {
  if (costs.models.length === 0) return [];
  const first: string[] = [], total = scored.length * models.length;
  let missing = 0, free = 0;
  for (const { at, id } of scored) {
    for (const model of models) {
      const cost = costs.get(model, at);
      if (cost === 0) free++;
      if (Number.isNaN(cost) && missing++ < SOME) first.push(`${model} on ${id}`);
    }
  }
  if (missing === 0) {
    return free === total ? ["no cost columns: all costs are 0, so there is nothing to trade"] : [];
  }
  if (missing === total) return [];
  const hasAll = costs.havingAll(models, rows.length);
  const which = `${missing} of ${total} costs are missing: ${some(first, missing)}`;
  if (leftOut) {
    const without = scored.filter(({ at }) => !hasAll(at)).length;
    return [`${without} queries left out: ${which}`];
  }
  const hint = scored.some(({ at }) => hasAll(at))
    ? "; --gaps drop-queries leaves such queries out"
    : "";
  return [`no cost columns: ${which}${hint}`];
}

/** So many of a list are named. */
const SOME = 3;

/** The first few of a list of a given length. */
function some(first: readonly string[], length: number): string {
  const more = length - SOME;
  return first.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function plainFacts(domain: string): BenchmarkFacts {
  return { solvedFrom: 0.5, options: 0, domain };
}

let compiled: Promise<Ajv> | undefined;

async function assertMatches(value: unknown, definition: string, path: string): Promise<void> {
  compiled ??= readJson(repoPath("datasets/manifest.schema.json")).then((schema) =>
    new Ajv({ allErrors: true, verbose: true }).addSchema(schema as object, "manifest")
  );
  const validate = (await compiled).getSchema(`manifest${definition}`) as ValidateFunction;
  if (validate(value)) return;
  const errors = (validate.errors ?? []).filter(({ keyword }) =>
    keyword !== "anyOf" && keyword !== "if"
  );
  throw new DataError(`${path}: ${errors.slice(0, 5).map(describe).join("\n  ")}`);
}

/** One broken rule as `/pointer: expectation`. */
function describe(error: ErrorObject): string {
  const { keyword, params, message } = error;
  const detail = keyword === "additionalProperties"
    ? `: ${JSON.stringify(params.additionalProperty)}`
    : keyword === "const"
    ? ` ${JSON.stringify(params.allowedValue)}`
    : "";
  const got = error.data === null || typeof error.data !== "object"
    ? `, got ${JSON.stringify(error.data)}`
    : "";
  return `${error.instancePath || "/"}: ${message}${detail}${got}`;
}
