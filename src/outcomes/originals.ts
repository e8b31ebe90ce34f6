/**
 * The original files of a dataset, as its manifest and the list beside it name them.
 * @module
 */
import { DataError } from "../base/errors.ts";
import { readBytes, repoPath } from "../base/files.ts";
import type { Manifest, SourceFile } from "./manifest.ts";

/** How the originals of a dataset are pinned. */
export interface Pins {
  /** All of them; 0 where they are not listed one by one. */
  readonly files: number;
  /** Pinned by SHA-256. */
  readonly sha256: number;
  /** Pinned by git's hash only. */
  readonly gitBlob: number;
  /** Files of which no hash is known. */
  readonly unpinned: readonly string[];
}

/**
 * The files of a manifest, those of its list of sums first; addresses filled in where there is a base.
 * @throws {DataError} a torn list, a path twice or outside the folder
 */
export async function originalsOf({ name, source }: Manifest): Promise<SourceFile[]> {
  const listed = source.sums ? await readSums(repoPath("datasets", name, source.sums)) : [];
  const files = [...listed, ...source.files ?? []].map((file) => ({
    ...file,
    ...(file.url === undefined && source.base !== undefined &&
      { url: source.base + encodeURI(file.path) }),
  }));
  const seen = new Set<string>();
  for (const { path } of files) {
    if (!staysInside(path)) throw new DataError(`${path}: not inside the folder`);
    if (seen.has(path)) throw new DataError(`${name}: expected each file once, got ${path} twice`);
    seen.add(path);
  }
  return files;
}

/** How its files are pinned. */
export function pinsOf(files: readonly SourceFile[]): Pins {
  return {
    files: files.length,
    sha256: files.filter(({ sha256 }) => sha256 !== undefined).length,
    gitBlob: files.filter(({ sha256, gitBlob }) => sha256 === undefined && gitBlob !== undefined)
      .length,
    unpinned: files.filter((file) => pinOf(file) === undefined).map(({ path }) => path),
  };
}

/** The hash that a file must have: SHA-256, or else git's; undefined where neither is known. */
export function pinOf({ sha256, gitBlob }: SourceFile): string | undefined {
  return sha256 ?? gitBlob;
}

/** Whether a relative path stays below the folder it is joined to, on every system. */
export function staysInside(path: string): boolean {
  const parts = path.split(/[/\\]/);
  return path !== "" && !/^[/\\]|^[A-Za-z]:|\0/.test(path) && !parts.includes("..");
}

/** Lines as `sha256sum` writes and checks them: hash, two spaces, path. */
async function readSums(path: string): Promise<SourceFile[]> {
  const lines = new TextDecoder().decode(await readBytes(path)).split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line, i) => {
    const [, sha256, file] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
    if (file === undefined) {
      throw new DataError(`${path}:${i + 1}: expected a SHA-256, two spaces and a path`);
    }
    return { path: file, sha256 };
  });
}
