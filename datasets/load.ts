/**
 * From a name on the command line to an outcome table.
 *
 * A spec is a known dataset (`mmlu-pro`), one of its views (`reasoning-gym/hard`), the generated
 * `demo`, or a path to records of your own, with or without a `manifest.json` beside them.
 * @module
 */
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { CapabilityError, DataError, UsageError } from "../src/base/errors.ts";
import { exists, repoPath } from "../src/base/files.ts";
import { sha256 } from "../src/base/hash.ts";
import { didYouMean } from "../src/base/suggest.ts";
import { buildTable, viewHash } from "../src/outcomes/build.ts";
import {
  completed,
  defaultView,
  inferManifest,
  type Manifest,
  readManifest,
  viewNames,
  viewOf,
  WITH_DOCUMENTS,
} from "../src/outcomes/manifest.ts";
import { queriesPath } from "../src/outcomes/places.ts";
import type { GapRule } from "../src/outcomes/gaps.ts";
import { limitTable } from "../src/outcomes/limit.ts";
import type { PriceList } from "../src/outcomes/pricing.ts";
import { columnsOf, type Records } from "../src/outcomes/columns.ts";
import {
  type Loaded,
  type LoadedColumns,
  type LoadedRecords,
  readAllRecords,
  readColumns,
} from "../src/outcomes/read.ts";
import { type LoadedReplies, readReplies } from "../src/outcomes/replies.ts";
import { type DatasetFacts, type OutcomeTable, ownFacts } from "../src/outcomes/table.ts";

/** A dataset as the command line lists it. */
export interface DatasetEntry {
  /** As on the command line. */
  readonly name: string;
  /** In a few words. */
  readonly title: string;
  /** View names, the default first. */
  readonly views: readonly string[];
  /** Queries that no model has answered: nothing to bench, and no views. */
  readonly queriesAlone?: true;
  /** Whether its records are on this machine. */
  readonly present: boolean;
}

/** Records and the manifest they were checked against. */
export interface Dataset {
  /** Its own, or one inferred. */
  readonly manifest: Manifest;
  /** The view asked for; absent = none in particular. */
  readonly view?: string;
  /** Where the records were found; empty for the demo, which is generated. */
  readonly path: string;
  /** All of them, whatever the view. */
  readonly records: LoadedRecords;
}

/** What to do differently. */
export interface LoadOptions {
  /** Recompute all costs with this list instead of the manifest's. */
  readonly prices?: PriceList;
  /** What to leave out of records without a manifest where scores are missing. */
  readonly gaps?: GapRule;
  /** How many queries to keep, each benchmark in proportion; absent = all. */
  readonly limit?: number;
}

/**
 * Loads a dataset view.
 *
 * @example
 * ```ts ignore
 * const table = await loadDataset("reasoning-gym/hard-priced");
 * ```
 * @throws {UsageError} an unknown name or view, with the nearest known one
 * @throws {DataError} records absent, altered or broken
 */
export async function loadDataset(spec: string, options: LoadOptions = {}): Promise<OutcomeTable> {
  const { limit } = options;
  const table = await wholeTable(spec, options);
  const own = table.own ? ownFacts : (facts: DatasetFacts): DatasetFacts => facts;
  const kept = limit === undefined ? table.whole : limitTable(table.whole, limit);
  return { ...kept, dataset: own(kept.dataset) };
}

async function wholeTable(
  spec: string,
  options: LoadOptions,
): Promise<{ whole: OutcomeTable; own: boolean }> {
  if (spec === "demo" || spec === "demo/all") {
    if (options.gaps) throw noGaps("demo");
    return { whole: await demo(options), own: false };
  }
  const { manifest, view = defaultView(manifest), records } = await opened(
    spec,
    options,
    async (path): Promise<LoadedColumns> => {
      if (path) return await readColumns(path);
      const { list, ...found } = await demoRecords();
      return { ...found, columns: columnsOf(list) };
    },
    ({ columns }) => columns,
  );
  const prices = options.prices ?? manifest.prices;
  const notes = options.prices
    ? [...manifest.notes ?? [], `re-priced: ${options.prices.source}, ${options.prices.date}`]
    : manifest.notes;
  const whole = buildTable(records.columns, view, { ...manifest, prices, notes });
  const named = (await manifestNames()).includes(spec.split("/")[0]);
  return { whole, own: !named && !(await knownViews()).has(whole.dataset.sha256) };
}

function noGaps(name: string): UsageError {
  return new UsageError(
    `--gaps is for records without a manifest; ${name} has one, whose views say which models form a pool`,
  );
}

/**
 * Reads the records and the manifest behind a spec, without building a table.
 * @throws {UsageError} an unknown name
 * @throws {DataError} records absent, altered or broken
 */
export async function openDataset(
  spec: string,
  options: Pick<LoadOptions, "gaps"> = {},
): Promise<Dataset> {
  const read = (path: string): Promise<LoadedRecords> => path ? readAllRecords(path) : demoRecords();
  return await opened(spec, options, read, ({ list }) => list);
}

/**
 * Finds the records of a spec, reads them in one form or another, and checks them against their manifest.
 * @param read from a path; an empty one is the demo's
 */
async function opened<L extends Loaded>(
  spec: string,
  { gaps }: Pick<LoadOptions, "gaps">,
  read: (path: string) => Promise<L>,
  content: (loaded: L) => Records,
): Promise<Omit<Dataset, "records"> & { readonly records: L }> {
  const known = await knownTarget(spec) ?? await pathTarget(spec);
  if (!known) {
    const names = (await listDatasets()).flatMap(({ name, views }) => [
      name,
      ...views.map((view) => `${name}/${view}`),
    ]);
    throw new UsageError(
      `no dataset, file or folder "${spec}"${didYouMean(spec, names)} ` +
        `(datasets: ${names.filter((name) => !name.includes("/")).join(", ")})`,
    );
  }
  if (known.manifest && gaps && !known.manifest.pool) throw noGaps(known.manifest.name);
  const records = await read(known.path);
  if (records.how !== undefined) sayOnce(records.how);
  const manifest = known.manifest
    ? withRecords(known.manifest, records, content(records), known.path, gaps)
    : inferManifest(nameOf(known.path), content(records), records.sha256, gaps);
  return { manifest, view: known.view, path: known.path, records };
}

/**
 * The replies to the queries of a table: from the file that the manifest names, or, without a manifest, from a
 * `replies.jsonl` or `replies.jsonl.gz` beside the records.
 * @returns undefined where the dataset has none
 * @throws {DataError} where the manifest names a file that is absent or altered, or a reply is missing
 */
export async function loadReplies(spec: string, table: OutcomeTable): Promise<LoadedReplies | undefined> {
  const known = await knownTarget(spec) ?? await pathTarget(spec);
  if (!known?.path) return undefined;
  const folder = (await Deno.stat(known.path)).isDirectory ? known.path : dirname(known.path);
  const pinned = known.manifest?.replies;
  for (const name of pinned ? [pinned.file] : ["replies.jsonl", "replies.jsonl.gz"]) {
    const file = join(folder, name);
    if (!pinned && !await exists(file)) continue;
    const replies = await readReplies(file, table);
    if (!pinned || pinned.sha256 === replies.sha256) return replies;
    throw new DataError(
      `${file}: expected replies with SHA-256 ${pinned.sha256}, as the manifest says, got ${replies.sha256}`,
    );
  }
}

/** Hash of the replies that the manifest of a known dataset names. */
export async function pinnedReplies(spec: string): Promise<string | undefined> {
  const [name] = spec.split("/");
  return (await manifestNames()).includes(name) ? (await repoManifest(name)).replies?.sha256 : undefined;
}

/**
 * Finds the folder with a dataset's records: `$ICLR_DATA/<name>`, then the repository's
 * `datasets/local/<name>`.
 * @throws {DataError} saying where it looked and how to get them
 */
export async function locateRecords(name: string): Promise<string> {
  const folders = searchRoots().map((root) => join(root, name));
  for (const folder of folders) if (await exists(folder)) return folder;
  throw new DataError(
    `${name}: expected its records in ${folders.join(" or ")}, got no such folder; ` +
      `run "deno task data pull ${name}" to make them from the public originals`,
  );
}

/** The datasets this repository has a manifest of, by name. */
export async function listDatasets(): Promise<DatasetEntry[]> {
  const names = await manifestNames();
  return await Promise.all(names.map(async (name) => {
    const manifest = await repoManifest(name), queriesAlone = manifest.pool === "none";
    return {
      name,
      title: manifest.title,
      views: viewNames(manifest),
      ...(queriesAlone && { queriesAlone }),
      present: queriesAlone
        ? await exists(queriesPath(name))
        : name === "demo" || await locateRecords(name).then(() => true, () => false),
    };
  }));
}

/** Every view of the repository's manifests by the hash that results carry, with the dataset it is of. */
export async function knownViews(): Promise<Map<string, { name: string; title: string }>> {
  const views = new Map<string, { name: string; title: string }>();
  for (const name of await manifestNames()) {
    const manifest = await repoManifest(name);
    for (const view of Object.keys(manifest.views)) {
      views.set(viewHash(manifest, view), { name, title: manifest.title });
    }
  }
  return views;
}

/** The demo is generated, and knows the truth behind it, which records cannot hold. */
async function demo(options: LoadOptions): Promise<OutcomeTable> {
  if (options.prices) {
    throw new CapabilityError("demo: its costs are part of its known truth and keep their prices");
  }
  const { demoTable } = await import("./demo/generate.ts");
  return demoTable();
}

async function demoRecords(): Promise<LoadedRecords> {
  const { demoRecords } = await import("./demo/generate.ts");
  const list = demoRecords();
  const lines = list.map((record) => JSON.stringify(record) + "\n").join("");
  return { list, sha256: sha256(lines), files: [], records: list.length };
}

/** Where records are, and the manifest and view that go with them, as far as known. */
interface Target {
  /** Empty for the demo. */
  readonly path: string;
  readonly manifest?: Manifest;
  readonly view?: string;
}

/** A dataset of the repository: `name` or `name/view`. */
async function knownTarget(spec: string): Promise<Target | undefined> {
  const [name, view, ...more] = spec.split("/");
  if (more.length > 0 || !(await manifestNames()).includes(name)) return undefined;
  const manifest = await repoManifest(name);
  if (manifest.pool === "none") throw queriesAlone(name);
  checkView(manifest, view);
  return { path: name === "demo" ? "" : await locateRecords(name), manifest, view };
}

/** @throws {UsageError} for a view that the manifest cannot have */
function checkView(manifest: Manifest, view: string | undefined): void {
  const inferred = manifest.pool === "inferred" && view === WITH_DOCUMENTS;
  if (view !== undefined && !inferred && !viewNames(manifest).includes(view)) viewOf(manifest, view);
}

function queriesAlone(name: string): CapabilityError {
  return new CapabilityError(
    `${name}: queries that no model has answered; ` +
      `"deno task data pull ${name}" puts them into ${queriesPath(name)}`,
  );
}

/**
 * A file or folder, here or under a search root; one with a manifest may be followed by a view, any by the view of answers
 * with documents.
 */
async function pathTarget(spec: string): Promise<Target | undefined> {
  const local = isAbsolute(spec) || spec.startsWith(".");
  for (const path of local ? [spec] : [spec, ...searchRoots().map((root) => join(root, spec))]) {
    if (await exists(path)) return { path, manifest: await manifestBeside(path) };
    if (!spec.includes("/")) continue;
    const folder = dirname(path), view = basename(path);
    const manifest = await manifestBeside(folder);
    if (!manifest && !(view === WITH_DOCUMENTS && await exists(folder))) continue;
    if (manifest) checkView(manifest, view);
    return { path: folder, manifest, view };
  }
}

/** The manifest of a folder, or of the folder of a file called `records.…`. */
async function manifestBeside(path: string): Promise<Manifest | undefined> {
  const folder = basename(path).startsWith("records.") ? dirname(path) : path;
  const file = join(folder, "manifest.json");
  return await exists(file) ? await readManifest(file) : undefined;
}

function searchRoots(): string[] {
  const chosen = Deno.env.get("ICLR_DATA");
  return [...chosen ? [chosen] : [], repoPath("datasets/local")];
}

/** Names of the datasets that the repository has a manifest of, ascending. */
async function manifestNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(repoPath("datasets"))) {
    if (await exists(manifestPath(entry.name))) names.push(entry.name);
  }
  return names.sort();
}

async function repoManifest(name: string): Promise<Manifest> {
  const manifest = await readManifest(manifestPath(name));
  if (manifest.name === name) return manifest;
  throw new DataError(
    `${manifestPath(name)}: /name: expected "${name}", as the folder, got "${manifest.name}"`,
  );
}

function manifestPath(name: string): string {
  return repoPath("datasets", name, "manifest.json");
}

/** The manifest, sure to describe these records. */
function withRecords(
  manifest: Manifest,
  records: Loaded,
  content: Records,
  path: string,
  gaps: GapRule | undefined,
): Manifest {
  const { sha256: hash, queries } = manifest.records;
  if (hash !== undefined && hash !== records.sha256) {
    throw new DataError(
      `${path}: expected records with SHA-256 ${hash}, as the manifest of ${manifest.name} says, ` +
        `got ${records.sha256}; the file was altered or is of another version`,
    );
  }
  if (queries !== undefined && queries !== records.records) {
    throw new DataError(`${path}: expected ${queries} records, got ${records.records}`);
  }
  const checked = { ...manifest, records: { sha256: records.sha256, queries: records.records } };
  return manifest.pool ? completed(checked, content, records.sha256, gaps) : checked;
}

const said = new Set<string>();

/** How a table was read belongs before the numbers made of it, but not twice. */
function sayOnce(line: string): void {
  if (!said.has(line)) console.error(line);
  said.add(line);
}

/** What to call records without a manifest: their file, or their folder if the file is `records.…`. */
function nameOf(path: string): string {
  const full = resolve(path);
  const name = basename(full).replace(/\.(jsonl|jsonl\.gz|parquet|csv|tsv|csv\.gz|tsv\.gz)$/, "");
  return name === "records" ? basename(dirname(full)) : name;
}
