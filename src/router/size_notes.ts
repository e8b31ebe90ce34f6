/**
 * What is done otherwise because a pool is large: never silently.
 * @module
 */

/** Up to so many stored queries all pairs are compared, and all of them are clustered. */
export const EXACT_UP_TO = 2 ** 17;

/**
 * How a note of a {@link RouterCard} begins that is printed with the statement: what was done otherwise because the
 * pool is large.
 */
export const AT_THIS_SIZE = "at this size";

/** What there is to say since {@link takeSizeNotes} was last called. */
const notes = new Set<string>();

/** Puts down what was done otherwise, for the router at hand and whoever asks later for what it made. */
export function noteSize(what: string): void {
  notes.add(`${AT_THIS_SIZE} ${what}`);
}

/** What was done otherwise; the notes that the last caller did not take are gone. */
export function takeSizeNotes(): string[] {
  const taken = [...notes];
  notes.clear();
  return taken;
}
