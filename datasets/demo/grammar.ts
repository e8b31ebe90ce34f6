/**
 * The little that every text template of the demo pool needs: filling patterns and picking words.
 * @module
 */
import type { Random } from "../../src/base/random.ts";

/** A query before it has an id: its text, and what the text shows of its demands. */
export interface Draft {
  /** What a router sees. */
  readonly text: string;
  /** Difficulty that can be read off the text (steps, digits, rarity); about mean 0, deviation 1. */
  readonly difficulty: number;
  /** Special knowledge the text names: a topic, a programming language, a human language. */
  readonly facets: readonly string[];
}

/** A family of queries: one way of drawing a {@link Draft}. */
export type Template = (r: Random) => Draft;

/** Words separated by bars, as a list. */
export function words(text: string): string[] {
  return text.split("|").map((word) => word.trim());
}

/** One element, all equally likely. */
export function pick<T>(r: Random, items: readonly T[]): T {
  return items[r.integer(items.length)];
}

/** `count` different elements in random order. */
export function sample<T>(r: Random, items: readonly T[], count: number): T[] {
  return r.shuffle([...items]).slice(0, count);
}

/** A whole number from `low` to `high`, both included. */
export function between(r: Random, low: number, high: number): number {
  return low + r.integer(high - low + 1);
}

/** A whole number with exactly `digits` decimal digits, none of them a bare 0 or 1. */
export function number(r: Random, digits: number): number {
  return digits === 1 ? between(r, 2, 9) : between(r, 10 ** (digits - 1), 10 ** digits - 1);
}

/**
 * Fills a pattern. `[a|b]` becomes one of its alternatives, `{name}` the slot of that name; slot values
 * are inserted as they are, so they may hold brackets and braces themselves.
 * @throws {RangeError} when the pattern names a slot that is not given
 */
export function say(
  r: Random,
  pattern: string,
  slots: Readonly<Record<string, string | number>> = {},
): string {
  const chosen = pattern.replace(/\[([^\]]*)\]/g, (_, choices) => pick(r, choices.split("|")));
  return chosen.replace(/\{(\w+)\}/g, (_, name) => {
    if (!(name in slots)) throw new RangeError(`pattern "${pattern}" has no slot "${name}"`);
    return String(slots[name]);
  });
}

/** `a, b and c`. */
export function enumerate(items: readonly string[], last = "and"): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} ${last} ${items.at(-1)}`;
}

/** `(A) x (B) y …`, one a line. */
export function optionList(items: readonly string[]): string {
  return items.map((item, i) => `(${"ABCDEFGH"[i]}) ${item}`).join("\n");
}

/** `a baker`, `an accountant`. */
export function an(noun: string): string {
  return `${/^[aeiou]/i.test(noun) ? "an" : "a"} ${noun}`;
}

/** `bakers`, `witnesses`, `midwives`. */
export function plural(noun: string): string {
  return noun.endsWith("ss") ? noun + "es" : noun.replace(/fe$/, "ve") + "s";
}

/** First letter in upper case. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
