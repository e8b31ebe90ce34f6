/**
 * Pulling a dataset: the original files from where they are published, through the importer, into
 * `datasets/local/<name>/records.jsonl.gz`. The only part of the harness that uses the network.
 *
 * Downloads go to a cache folder as `<path>.part` and get their name when complete and, where the
 * manifest knows it, their SHA-256 is right; an interrupted pull continues where it stopped. Whatever was
 * downloaded, the records are written only if they are the manifest's, byte for byte.
 * @module
 */
import { join } from "node:path";
import { CapabilityError, DataError } from "../base/errors.ts";
import { pack, repoPath, writeAtomic } from "../base/files.ts";
import { sha256 } from "../base/hash.ts";
import { progress } from "../base/progress.ts";
import { download, type Patience } from "../base/download.ts";
import { encodeRecords, formatLog, importerNamed, runImporter } from "./importers/index.ts";
import type { ImportOptions } from "./importers/importer.ts";
import { folderFiles } from "./importers/native.ts";
import type { Manifest, SourceFile } from "./manifest.ts";
import type { PriceList } from "./pricing.ts";

/** Where files go, and how often to try. */
export interface PullOptions extends Patience {
  /** Folder of the downloads; below `.cache/pull/` unless told, one for each commit. */
  readonly cache?: string;
  /** File of the records; {@link recordsPath} unless told. */
  readonly out?: string;
}

/** Where a dataset's records are put and found, `datasets/local/<name>/records.jsonl.gz`. */
export function recordsPath(name: string): string {
  return repoPath("datasets/local", name, "records.jsonl.gz");
}

/** Files fetched at a time. */
const CONCURRENCY = 2;

/**
 * Downloads, imports, checks and writes a dataset; gives a report for the terminal.
 * @throws {CapabilityError} when the manifest lists no files to download, with what to do by hand
 * @throws {DataError} when a download fails or is not what the manifest says
 */
export async function pull(manifest: Manifest, options: PullOptions = {}): Promise<string> {
  const { name, source, importer } = manifest;
  const files = source.files?.filter((file): file is Remote => file.url !== undefined) ?? [];
  if (!importer || files.length === 0 || files.length < source.files!.length) {
    throw new CapabilityError(byHand(manifest));
  }
  const cache = options.cache ??
    repoPath(".cache/pull", `${name}-${source.commit?.slice(0, 12) ?? "latest"}`);
  await Deno.mkdir(cache, { recursive: true });
  // Two pulls of one dataset must not write into the same .part files: the second waits here.
  using lock = await Deno.open(join(cache, ".lock"), { write: true, create: true });
  await lock.lock(true);
  await downloadAll(name, files, cache, options);
  const report = await importFolder({
    importer,
    folder: cache,
    out: options.out ?? recordsPath(name),
    prices: manifest.prices,
    expected: manifest.records,
  }).catch((error) => {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(`${error.message}\n  to download everything again, delete ${cache}`);
  });
  const unhashed = files.filter((file) => file.sha256 === undefined).length;
  const note = unhashed > 0
    ? `\n  note: ${unhashed} of ${files.length} files came without a hash`
    : "";
  return report + note;
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
  /** What the records must be. */
  readonly expected?: Manifest["records"];
}

/**
 * Imports a folder of native files; gives a report for the terminal.
 * @throws {DataError} when the records are not those expected; nothing is written then
 */
export async function importFolder(job: ImportJob): Promise<string> {
  const { folder, out, options, prices, expected = {} } = job;
  const files = await folderFiles(folder);
  const { records, log } = await runImporter(importerNamed(job.importer), files, options, prices);
  const bytes = encodeRecords(records);
  const got = sha256(bytes);
  const differs = (what: string): never => {
    throw new DataError(`${folder}: expected ${what}\n${formatLog(log)}`);
  };
  if (expected.queries !== undefined && expected.queries !== records.length) {
    differs(`${expected.queries} records, got ${records.length}`);
  }
  if (expected.sha256 !== undefined && expected.sha256 !== got) {
    differs(`records of sha256 ${expected.sha256}, got ${got}`);
  }
  await writeAtomic(out, pack(bytes));
  const verified = expected.sha256 ? ", as the manifest says" : "";
  return `${formatLog(log)}\n  wrote ${out}\n  sha256 ${got}${verified}`;
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
      const { path, url, sha256 } = file;
      if (path.split("/").includes("..")) throw new DataError(`${path}: not inside the folder`);
      await download(url, join(cache, path), sha256, patience, failed.signal, (bytes) => {
        bar.update(done, `${path}, ${(bytes / 1e6).toFixed(1)} MB`);
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
