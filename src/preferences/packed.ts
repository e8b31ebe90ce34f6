/**
 * Many small numbers as a short text.
 * @module
 */

import { VerificationError } from "../base/errors.ts";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Whole numbers from 0 to 4,095 as two digits each in base 64. */
export function pack(values: ArrayLike<number>): string {
  return Array.from(values, (value) => DIGITS[value >> 6] + DIGITS[value & 63]).join("");
}

/**
 * What {@link pack} packed.
 * @param length how many numbers are expected
 * @param most the largest allowed
 * @throws {VerificationError} saying so where they are others
 */
export function unpack(text: string, length: number, most: number): Int32Array {
  const values = Int32Array.from(
    { length: text.length / 2 },
    (_, i) => 64 * DIGITS.indexOf(text[2 * i]) + DIGITS.indexOf(text[2 * i + 1]),
  );
  if (values.length === length && values.every((value) => value >= 0 && value <= most)) {
    return values;
  }
  throw new VerificationError(`decisions: expected ${length} numbers from 0 to ${most}`);
}
