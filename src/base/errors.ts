/**
 * The three kinds of failure a user can meet, each with its exit code.
 *
 * A message names the file, line or value and says what was expected; a stack trace is for bugs only.
 * @module
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

/** Input data, a manifest, a result file or a profile that breaks its format. Exit code 3. */
export class DataError extends Error {
  /** Name shown with a stack. */
  override name = "DataError";
  /** Exit code of the command. */
  readonly exitCode = 3;
}

/** A wrong command line: unknown flag, missing value, impossible combination. Exit code 2. */
export class UsageError extends Error {
  /** Name shown with a stack. */
  override name = "UsageError";
  /** Exit code of the command. */
  readonly exitCode = 2;
}

/** Something was asked of a router, dataset or machine that it cannot do. Exit code 4. */
export class CapabilityError extends Error {
  /** Name shown with a stack. */
  override name = "CapabilityError";
  /** Exit code of the command. */
  readonly exitCode = 4;
}

/** A result that does not match its own decisions, data or schema. Exit code 5. */
export class VerificationError extends Error {
  /** Name shown with a stack. */
  override name = "VerificationError";
  /** Exit code of the command. */
  readonly exitCode = 5;
}

/**
 * The line of source an error speaks of or was thrown at, `baselines/mine.ts:3:7`, if it tells: relative
 * inside the working folder, absolute elsewhere.
 *
 * @param file the file whose line is wanted, if it is on the way
 */
export function placeOfError(thrown: unknown, file?: string): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const places = stripVTControlCharacters(thrown.stack ?? thrown.message)
    .matchAll(/(file:\/\/[^\s()"]+?)((?::\d+){1,2})(?!\d)/g)
    .map(([, url, at]) => ({ path: fileURLToPath(url), at })).toArray();
  const place = places.find(({ path }) => path === file) ?? places[0];
  return place && shownPath(place.path) + place.at;
}

/** What was thrown, an error or not, in one line without colours, kind and place. */
export function messageOf(thrown: unknown): string {
  const { message } = thrown instanceof Error ? thrown : new Error(`threw ${String(thrown)}`);
  const [line] = stripVTControlCharacters(message).replace(/^\w*Error: /, "").replace(
    / at file:\/\/\S+$/m,
    "",
  )
    .trim().split("\n");
  return (line || (thrown as Error).name).slice(0, 300);
}

/** A path as a person would type it: relative inside the working folder, absolute elsewhere. */
export function shownPath(path: string): string {
  const short = relative(Deno.cwd(), path);
  return short.startsWith("..") || short === "" ? path : short;
}
