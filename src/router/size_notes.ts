/**
 * What is done otherwise because a pool is large: never silently.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";

/** Up to so many stored queries all pairs are compared, and all of them are clustered. */
export const EXACT_UP_TO = 2 ** 17;

/**
 * How a note of a {@link RouterCard} begins that is printed with the statement: what was done otherwise because the
 * pool is large.
 */
export const AT_THIS_SIZE = "at this size";

/** Whose work it is that notes are taken of: routers ask for neighbours and clusters without saying who they are. */
const listening = new AsyncLocalStorage<Set<string>>();

/** Does some work, and says what was done otherwise in it, each thing once. */
export async function withSizeNotes<T>(work: () => Promise<T>): Promise<[T, string[]]> {
  const notes = new Set<string>();
  return [await listening.run(notes, work), [...notes]];
}

/** Puts down what was done otherwise, for the router at hand and whoever asks later for what it made. */
export function noteSize(what: string): void {
  listening.getStore()?.add(`${AT_THIS_SIZE} ${what}`);
}
