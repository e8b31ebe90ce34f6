/**
 * Numbers as tables print them: a true minus, a dash for what is not known, no digit that means nothing.
 * @module
 */

/** What stands for a number that is not there. */
export const DASH = "–";

/** Three digits without the leading zero, as the field prints scores. */
export function digits(value: number | null | undefined): string {
  if (isMissing(value)) return DASH;
  return minus(value.toFixed(3).replace(/^(-?)0\./, "$1."));
}

/** A score with its standard deviation over seeds, where there is more than one. */
export function withSpread(
  value: number | null | undefined,
  sd: number | null | undefined,
): string {
  return digits(value) + (isMissing(sd) ? "" : `±${digits(sd)}`);
}

/**
 * A difference of scores with its sign; nothing is plus nothing.
 *
 * @example
 * ```ts
 * import { signed } from "icl-router-bench";
 * signed(-0.0123); // −.012
 * ```
 */
export function signed(value: number | null | undefined): string {
  const text = digits(value);
  return isMissing(value) || text.startsWith("−") ? text : `+${text}`;
}

/** A difference that is not nothing, with a fourth digit where three would print it as nothing. */
export function signedFinely(value: number): string {
  const text = signed(value);
  return text === "+.000" ? `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(4).slice(1)}` : text;
}

/**
 * A fraction as percent, to `places` decimals.
 *
 * @example
 * ```ts
 * import { percent } from "icl-router-bench";
 * percent(0.674); // 67%
 * ```
 */
export function percent(value: number | null | undefined, places = 0): string {
  return isMissing(value) ? DASH : `${minus((100 * value).toFixed(places))}%`;
}

/** US dollars per query as dollars per 1,000 queries, three significant digits. */
export function money(perQuery: number | null | undefined): string {
  if (isMissing(perQuery)) return DASH;
  const dollars = perQuery * 1000;
  if (dollars === 0) return "0";
  // From 1,000 on three digits would need an exponent.
  return minus(Math.abs(dollars) < 999.5 ? dollars.toPrecision(3) : dollars.toFixed(0));
}

function isMissing(value: number | null | undefined): value is null | undefined {
  return value === null || value === undefined || Number.isNaN(value);
}

/** The minus sign for the hyphen, and none before a zero. */
function minus(text: string): string {
  return text.replace(/^-(?=[0.]*$)/, "").replace(/^-/, "−");
}
