/**
 * How long to wait before asking again.
 * @module
 */

/** Longest pause of our own, milliseconds. */
const LONGEST = 60_000;

/**
 * Milliseconds before the next try: what the endpoint asked for, or else 1, 2, 4 … seconds, up to a
 * minute, each times ½ to 1, so that calls which failed together do not come back together.
 * @param tried how often it was tried, from 1
 * @param asked milliseconds that the endpoint asked for ({@link retryAfter})
 * @param draw uniform in [0, 1)
 */
export function pause(tried: number, asked: number | undefined, draw: number): number {
  return asked ?? Math.min(LONGEST, 1000 * 2 ** (tried - 1)) * (0.5 + draw / 2);
}

/** Milliseconds that a `Retry-After` header asks for, seconds or a date; undefined where it says nothing. */
export function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === "") return undefined;
  const seconds = Number(header), date = Date.parse(header);
  if (Number.isFinite(seconds)) return Math.max(0, 1000 * seconds);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
