/**
 * Many small numbers as a short text.
 * @module
 */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Whole numbers from 0 to 4,095 as two digits each in base 64. */
export function pack(values: ArrayLike<number>): string {
  return Array.from(values, (value) => DIGITS[value >> 6] + DIGITS[value & 63]).join("");
}

/** What {@link pack} packed; −1 and the like where a digit is none. */
export function unpack(text: string): Int32Array {
  return Int32Array.from(
    { length: text.length / 2 },
    (_, i) => 64 * DIGITS.indexOf(text[2 * i]) + DIGITS.indexOf(text[2 * i + 1]),
  );
}
