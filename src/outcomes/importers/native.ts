/**
 * Native files as importers see them: a list of paths, their bytes, and readers of JSON whose errors
 * name the file and the member. Nothing here touches the network.
 * @module
 */
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { DataError } from "../../base/errors.ts";
import { readBytes, unpack } from "../../base/files.ts";
import { isObject } from "../../base/json.ts";

/** A folder of native files, on disk or in memory. */
export interface NativeFiles {
  /** Paths relative to the root, `/` between parts, ascending. */
  readonly paths: readonly string[];
  /** All bytes of one file. */
  read(path: string): Promise<Uint8Array>;
  /** The bytes of one file in pieces, for files too large for memory. */
  chunks(path: string): AsyncIterable<Uint8Array>;
}

/**
 * Files below a folder; names that begin with a dot (`.git`, `.cache`) are skipped, links are not
 * followed.
 * @throws {DataError} when the folder cannot be read
 */
export async function folderFiles(root: string): Promise<NativeFiles> {
  const paths: string[] = [];
  const walk = async (below: string): Promise<void> => {
    for await (const entry of Deno.readDir(join(root, below))) {
      if (entry.name.startsWith(".")) continue;
      const path = below ? `${below}/${entry.name}` : entry.name;
      if (entry.isDirectory) await walk(path);
      else if (entry.isFile) paths.push(path);
    }
  };
  try {
    await walk("");
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new DataError(`${root}: expected a folder of files (${(error as Error).message})`);
  }
  return {
    paths: paths.sort(),
    read: (path) => readBytes(join(root, path)),
    chunks: (path) => createReadStream(join(root, path)),
  };
}

/**
 * Paths that match a pattern, each with what its groups caught; ascending.
 * @throws {DataError} when there is none; `layout` is the pattern as a person would write it
 */
export function matching(
  files: NativeFiles,
  pattern: RegExp,
  layout: string,
): { path: string; parts: string[] }[] {
  const found = files.paths.flatMap((path) => {
    const parts = pattern.exec(path);
    return parts ? [{ path, parts: parts.slice(1) }] : [];
  });
  if (found.length > 0) return found;
  const here = files.paths.length > 0 ? `${files.paths.slice(0, 3).join(", ")}, …` : "no file";
  throw new DataError(`expected ${layout} in the folder of native files, got ${here}`);
}

/**
 * A UTF-8 text file; unpacked first if its name ends in `.gz`.
 * @throws {DataError} for other bytes, damaged gzip data, or no such file
 */
export async function readText(files: NativeFiles, path: string): Promise<string> {
  const bytes = await files.read(path);
  return decode(path.endsWith(".gz") ? unpack(bytes, path) : bytes, path);
}

/**
 * Bytes as UTF-8 text.
 * @throws {DataError} naming `where`, for other bytes
 */
export function decode(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new DataError(`${where}: expected UTF-8 text, got other bytes`);
  }
}

/**
 * A JSON value.
 * @throws {DataError} naming `where`
 */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(`${where}: not valid JSON (${(error as Error).message})`);
  }
}

/** A JSON file, `.gz` or not. */
export async function jsonFile(files: NativeFiles, path: string): Promise<unknown> {
  return parseJson(await readText(files, path), path);
}

/** A file of one JSON object a line, `.gz` or not; blank lines are skipped. */
export async function jsonLines(files: NativeFiles, path: string): Promise<Fields[]> {
  const lines = (await readText(files, path)).split("\n");
  return lines.flatMap((line, i) =>
    line.trim() === "" ? [] : [fields(parseJson(line, `${path}:${i + 1}`), `${path}:${i + 1}`)]
  );
}

/** An object of foreign JSON. */
export type Fields = Record<string, unknown>;

/** The value as an object. @throws {DataError} when it is something else */
export function fields(value: unknown, where: string): Fields {
  if (isObject(value)) return value;
  return wrong(where, "an object", value);
}

/** The value as an array. @throws {DataError} when it is something else */
export function list(value: unknown, where: string): unknown[] {
  return Array.isArray(value) ? value : wrong(where, "a list", value);
}

/** The value as a string. @throws {DataError} when it is something else */
export function text(value: unknown, where: string): string {
  return typeof value === "string" ? value : wrong(where, "a string", value);
}

/** A finite number; true and false are 1 and 0. @throws {DataError} for anything else */
export function number(value: unknown, where: string): number {
  if (typeof value === "boolean") return value ? 1 : 0;
  return Number.isFinite(value) ? value as number : wrong(where, "a number", value);
}

/** A string or number that names something. @throws {DataError} for anything else */
export function label(value: unknown, where: string): string {
  if (typeof value === "string" || Number.isFinite(value)) return String(value);
  return wrong(where, "a name or number", value);
}

function wrong(where: string, expected: string, got: unknown): never {
  const shown = JSON.stringify(got) ?? "nothing";
  throw new DataError(`${where}: expected ${expected}, got ${shown.slice(0, 60)}`);
}
