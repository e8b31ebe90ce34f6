/**
 * How much room a pull needs, and how much there is.
 * @module
 */
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { CapabilityError } from "../base/errors.ts";
import { exists } from "../base/files.ts";
import type { SourceFile } from "./manifest.ts";
import { isUnpacked } from "./unpack.ts";

/** Bytes still to come, as far as the manifest knows them. */
export interface Needs {
  /** To download. */
  readonly download: number;
  /** To unpack. */
  readonly unpacked: number;
  /** Files to download whose size is not known. */
  readonly unknown: number;
}

/** What is not there yet of the files. */
export async function needsOf(files: readonly SourceFile[], cache: string): Promise<Needs> {
  let download = 0, unpacked = 0, unknown = 0;
  for (const { path, bytes, unpack, unpackedBytes = 0 } of files) {
    const at = join(cache, path), here = await exists(at);
    if (!here && bytes === undefined) unknown++;
    else if (!here) download += bytes! - await sizeOf(`${at}.part`);
    if (unpack && !(here && await isUnpacked(at))) unpacked += unpackedBytes;
  }
  return { download: Math.max(0, download), unpacked, unknown };
}

/**
 * Says what a pull needs; nothing where all is there.
 * @param free bytes free; absent = not known
 * @throws {CapabilityError} when there is less room than it needs
 */
export function needsLine(needs: Needs, folder: string, free?: number): string | undefined {
  const { download, unpacked, unknown } = needs, total = download + unpacked;
  const parts = [
    ...(download > 0 ? [`${bytesText(download)} to download`] : []),
    ...(unknown > 0 ? [`${unknown} files of unknown size to download`] : []),
    ...(unpacked > 0 ? [`about ${bytesText(unpacked)} unpacked`] : []),
  ];
  if (parts.length === 0) return undefined;
  const room = free === undefined ? "" : `; ${bytesText(free)} are free`;
  const line = `needs ${parts.join(", ")}${room} (${folder})`;
  if (free !== undefined && free < total) throw new CapabilityError(`not enough room: ${line}`);
  return line;
}

/** Bytes free where a folder is; undefined where it may not be asked. */
export async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** Bytes as a person says them, `6.5 GB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const exponent = Math.min(3, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** exponent;
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${
    ["", "kB", "MB", "GB"][exponent]
  }`;
}

async function sizeOf(path: string): Promise<number> {
  return await Deno.stat(path).then(({ size }) => size, () => 0);
}
