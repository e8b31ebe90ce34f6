/**
 * What a pull got where the manifest could not say what to expect: kept in a lock file beside the records, which
 * every later pull of the dataset on this machine must match.
 * @module
 */
import { fileHash } from "../base/download.ts";
import { DataError } from "../base/errors.ts";
import { exists, readJson, writeJson } from "../base/files.ts";
import { join } from "node:path";
import type { Manifest, SourceFile } from "./manifest.ts";

/** A lock file. */
export interface PullLock {
  /** Name of the dataset. */
  readonly dataset: string;
  /** The files that no manifest pinned. */
  readonly files: readonly LockedFile[];
  /** What was made of all files. */
  readonly records: { readonly sha256: string; readonly queries: number };
}

/** A file as it came. */
export interface LockedFile {
  /** As in the manifest. */
  readonly path: string;
  /** Where it came from. */
  readonly url: string;
  /** Its length. */
  readonly bytes: number;
  /** Of its bytes. */
  readonly sha256: string;
}

/**
 * Reads a lock file, if there is one.
 * @throws {DataError} one that is damaged or of another dataset
 */
export async function readLock(path: string, { name }: Manifest): Promise<PullLock | undefined> {
  if (!await exists(path)) return undefined;
  const lock = Object(await readJson(path)) as PullLock;
  if (lock.dataset === name && Array.isArray(lock.files) && lock.records) return lock;
  throw new DataError(`${path}: expected a lock file of ${name}, got another one`);
}

/** Writes what came: the files in `cache`, and what was made of them. */
export async function writeLock(
  path: string,
  { name }: Manifest,
  cache: string,
  files: readonly (SourceFile & { readonly url: string })[],
  records: PullLock["records"],
): Promise<void> {
  const locked: LockedFile[] = [];
  for (const { path, url } of files) {
    const at = join(cache, path);
    locked.push({ path, url, bytes: (await Deno.stat(at)).size, sha256: await fileHash(at) });
  }
  await writeJson(path, { dataset: name, files: locked, records } satisfies PullLock);
}
