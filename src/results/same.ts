/**
 * Compares what is stored with what is recomputed.
 * @module
 */
import { VerificationError } from "../base/errors.ts";

/**
 * Compares two JSON values leaf by leaf; a field that only one of them has is a difference.
 *
 * @param file names the file in errors
 * @param field path of the values in that file, `/evaluation`
 * @returns the number of leaves compared
 * @throws {VerificationError} naming file, field and both values
 */
export function sameOrThrow(file: string, field: string, stored: unknown, again: unknown): number {
  // Written and read once, a recomputed value has what a file can hold: no undefined, no −0.
  return compare(file, field, stored, JSON.parse(JSON.stringify(again) ?? "null"));
}

function compare(file: string, field: string, stored: unknown, again: unknown): number {
  if (isTree(stored) && isTree(again) && Array.isArray(stored) === Array.isArray(again)) {
    const keys = new Set([...Object.keys(stored), ...Object.keys(again)]);
    let leaves = 0;
    for (const key of keys) leaves += compare(file, `${field}/${key}`, stored[key], again[key]);
    return leaves;
  }
  // Not Object.is: −0 in a file is 0.
  if (stored !== again) {
    throw new VerificationError(
      `${file}: ${field} is ${shown(stored)}, recomputed ${shown(again)}`,
    );
  }
  return 1;
}

function isTree(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object";
}

/** A value in an error message, cut where it is long. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
