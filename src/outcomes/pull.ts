/**
 * Pulling a dataset: the original files from where they are published, through the importer, into
 * `datasets/local/<name>/records.jsonl.gz`. The only part of the harness that uses the network.
 *
 * Downloads go to a cache folder as `<path>.part` and get their name when complete and, where the
 * manifest knows it, their hash is right; an interrupted pull continues where it stopped. Archives are unpacked
 * beside themselves. Where no hash is known the first pull must be told so, and writes a lock file. Whatever
 * was downloaded, the records are written only if they are the manifest's, byte for byte.
 * @module
 */
import { join } from "node:path";
import { CapabilityError, DataError, shownPath } from "../base/errors.ts";
import { pack, repoPath, writeAtomic } from "../base/files.ts";
import { sha256 } from "../base/hash.ts";
import { progress } from "../base/progress.ts";
import { download, type Patience } from "../base/download.ts";
import { encodeRecords, formatLog, importerNamed, runImporter } from "./importers/index.ts";
import type { ImportOptions } from "./importers/importer.ts";
import { folderFiles } from "./importers/native.ts";
import type { Manifest, SourceFile } from "./manifest.ts";
import { withOutcomes } from "./answers.ts";
import { originalsOf, pinOf } from "./originals.ts";
import { type PullLock, readLock, writeLock } from "./pull_lock.ts";
import { unpackArchive } from "./unpack.ts";
import { lockPath, queriesPath, recordsPath } from "./places.ts";
import { bytesText, freeBytes, needsLine, needsOf } from "./disk.ts";
import type { PriceList } from "./pricing.ts";

/** Where files go, and how often to try. */
export interface PullOptions extends Omit<Patience, "hosts"> {
  /** Folder of the downloads; below `.cache/pull/` unless told, one for each commit. */
  readonly cache?: string;
  /** File of the records; {@link recordsPath} unless told. */
  readonly out?: string;
  /** The lock file; {@link lockPath} unless told. */
  readonly lock?: string;
  /** Take files of which no hash is known as they come, and lock them. */
  readonly acceptUnpinned?: boolean;
  /** Told before anything is fetched: how much will come, and how much room there is. */
  readonly say?: (line: string) => void;
}

/** Where the originals of a dataset are fetched to, a folder for each commit. */
export function pullCache({ name, source }: Manifest): string {
  return repoPath(".cache/pull", `${name}-${source.commit?.slice(0, 12) ?? "latest"}`);
}

/** Files fetched at a time. */
const CONCURRENCY = 2;

/**
 * Downloads, unpacks, imports, checks and writes a dataset; gives a report for the terminal.
 * @throws {CapabilityError} when the manifest lists no files to download, with what to do by hand; when it has
 * files without a hash that nobody accepted; when the disk is too small
 * @throws {DataError} when a download fails or is not what the manifest, or else the lock file, says
 */
export async function pull(manifest: Manifest, options: PullOptions = {}): Promise<string> {
  const { name, source, importer } = manifest;
  const originals = await originalsOf(manifest);
  const files = originals.filter((file): file is Remote => file.url !== undefined);
  if (!importer || files.length === 0 || files.length < originals.length) {
    throw new CapabilityError(byHand(manifest));
  }
  const lockFile = options.lock ?? lockPath(name), locked = await readLock(lockFile, manifest);
  const open = files.filter((file) => pinOf(file) === undefined);
  const pinned = files.map((file) => pinnedBy(file, locked));
  const unlocked = pinned.filter((file) => pinOf(file) === undefined).length;
  if (unlocked > 0 && !options.acceptUnpinned) {
    throw new CapabilityError(
      `${name}: no hash is known of ${unlocked} of its ${files.length} files; to take what comes, and hold ` +
        `later pulls to it (${lockFile}): deno task data pull ${name} --accept-unpinned`,
    );
  }
  const cache = options.cache ?? pullCache(manifest);
  await Deno.mkdir(cache, { recursive: true });
  // Two pulls of one dataset must not write into the same .part files: the second waits here.
  using lock = await Deno.open(join(cache, ".lock"), { write: true, create: true });
  await lock.lock(true);
  const needs = needsLine(await needsOf(pinned, cache), shownPath(cache), await freeBytes(cache));
  if (needs !== undefined) options.say?.(needs);
  const hinted = (error: Error, hint: string): never => {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(`${error.message}\n  ${hint}`);
  };
  const lockHint =
    `the hashes of ${lockFile} are those of the first pull; to accept others, delete it`;
  await downloadAll(name, pinned, cache, { ...options, hosts: source.hosts ?? [] })
    .catch((error) => locked ? hinted(error, lockHint) : Promise.reject(error));
  await unpackAll(name, pinned, cache);
  const { report, records } = await importRecords({
    importer,
    folder: cache,
    out: options.out ?? (manifest.pool === "none" ? queriesPath : recordsPath)(name),
    prices: manifest.prices,
    outcomes: outcomesPath(manifest),
    expected: { ...locked?.records, ...manifest.records },
  }).catch((error) =>
    hinted(error, `to download everything again, delete ${cache}${locked ? `; ${lockHint}` : ""}`)
  );
  if (open.length === 0) return report;
  if (unlocked > 0) await writeLock(lockFile, manifest, cache, open, records);
  return `${report}\n  note: no hash was known of ${open.length} of ${files.length} files; ` +
    `${unlocked > 0 ? "what came is locked in" : "they are those of"} ${lockFile}`;
}

/** A file with the hash it had when it came first, where the manifest knows none. */
function pinnedBy(file: Remote, lock: PullLock | undefined): Remote {
  const sha256 = lock?.files.find(({ path }) => path === file.path)?.sha256;
  return pinOf(file) === undefined && sha256 !== undefined ? { ...file, sha256 } : file;
}

/** A folder of native files and what to make of it. */
export interface ImportJob {
  /** Name of the importer. */
  readonly importer: string;
  /** Where the files lie. */
  readonly folder: string;
  /** File of the records, `….jsonl.gz`. */
  readonly out: string;
  /** Of the importer. */
  readonly options?: ImportOptions;
  /** Costs are computed from tokens by this list; else they are the source's own. */
  readonly prices?: PriceList;
  /** File of outcomes for queries that the importer reads alone. */
  readonly outcomes?: string;
  /** What the records must be. */
  readonly expected?: Manifest["records"];
}

/**
 * Imports a folder of native files; gives a report for the terminal.
 * @throws {DataError} when the records are not those expected; nothing is written then
 */
export async function importFolder(job: ImportJob): Promise<string> {
  return (await importRecords(job)).report;
}

async function importRecords(
  job: ImportJob,
): Promise<{ report: string; records: PullLock["records"] }> {
  const { folder, out, options, prices, expected = {} } = job;
  const files = await folderFiles(folder);
  const importer = importerNamed(job.importer);
  const { records: read, log } = await runImporter(importer, files, options, prices);
  const records = job.outcomes === undefined ? read : await withOutcomes(read, job.outcomes, log);
  const bytes = encodeRecords(records);
  const got = { sha256: sha256(bytes), queries: records.length };
  const differs = (what: string): never => {
    throw new DataError(`${folder}: expected ${what}\n${formatLog(log)}`);
  };
  if (expected.queries !== undefined && expected.queries !== got.queries) {
    differs(`${expected.queries} records, got ${got.queries}`);
  }
  if (expected.sha256 !== undefined && expected.sha256 !== got.sha256) {
    differs(`records of sha256 ${expected.sha256}, got ${got.sha256}`);
  }
  await writeAtomic(out, pack(bytes));
  const verified = expected.sha256 ? ", as expected" : "";
  const report = `${formatLog(log)}\n  wrote ${out}\n  sha256 ${got.sha256}${verified}`;
  return { report, records: got };
}

/** Where the outcomes of a dataset lie that come apart from its queries. */
export function outcomesPath({ name, outcomes }: Manifest): string | undefined {
  return outcomes === undefined ? undefined : repoPath("datasets", name, outcomes);
}

/** A file with the address it can be fetched from. */
type Remote = SourceFile & { readonly url: string };

async function downloadAll(
  name: string,
  files: readonly Remote[],
  cache: string,
  patience: Patience,
): Promise<void> {
  const bar = progress(`pulling ${name}`, files.length);
  const failed = new AbortController();
  let next = 0, done = 0;
  const work = async (): Promise<void> => {
    while (next < files.length && !failed.signal.aborted) {
      const file = files[next++];
      const { path, url, bytes: all } = file;
      await download(url, join(cache, path), pinOf(file), patience, failed.signal, (bytes) => {
        bar.update(done, `${path}, ${bytesText(bytes)}${all ? ` of ${bytesText(all)}` : ""}`);
      });
      bar.update(++done);
    }
  };
  // Both must have stopped before the lock is given back; what they have stays in their .part.
  const workers = Array.from({ length: CONCURRENCY }, () =>
    work().catch((error) => {
      if (!failed.signal.aborted) failed.abort(error);
    }));
  await Promise.all(workers);
  bar.end();
  failed.signal.throwIfAborted();
}

async function unpackAll(name: string, files: readonly Remote[], cache: string): Promise<void> {
  const archives = files.filter(({ unpack }) => unpack !== undefined);
  const bar = progress(`unpacking ${name}`, archives.length);
  for (const [done, { path, unpack }] of archives.entries()) {
    await unpackArchive(join(cache, path), unpack!, (bytes) => {
      bar.update(done, `${path}, ${bytesText(bytes)}`);
    });
  }
  bar.end();
}

/** What to do when a dataset cannot be downloaded file by file. */
function byHand({ name, importer, source }: Manifest): string {
  if (!importer) return `${name}: nothing to pull, it does not come from files published elsewhere`;
  return [
    `${name}: its manifest does not list the files to download one by one; by hand:`,
    `  git clone ${source.repository ?? "<repository>"} <folder>`,
    `  git -C <folder> checkout ${source.commit ?? "<commit>"}`,
    `  deno task data import ${importer} <folder> --dataset ${name}`,
    ...(source.note ? [`  ${source.note}`] : []),
  ].join("\n");
}
