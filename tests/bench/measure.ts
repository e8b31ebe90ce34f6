/**
 * Rows of a comparison: what the harness takes for something and what its peer takes.
 * @module
 */

/** One comparison. Both numbers are the best of several runs, done in turns. */
export interface Row {
  /** What is done. */
  readonly task: string;
  /** What else does it, with its version. */
  readonly peer: string;
  /** Threads of either. */
  readonly threads: number;
  /** Milliseconds. */
  readonly ours: number;
  /** Milliseconds. */
  readonly theirs: number;
  /** Runs of each that were counted. */
  readonly runs: number;
  /** How far the two agree, or what sets them apart. */
  readonly note: string;
}

/** Time of ours over theirs: below 1 the harness is faster. */
export function ratioOf({ ours, theirs }: Row): number {
  return ours / theirs;
}

/** What two sides took at best. Other work on the machine only ever adds to a time, so the best says most. */
export interface Best {
  readonly ours: number;
  readonly theirs: number;
  readonly runs: number;
}

/** The best of measured pairs. */
export function bestOf(pairs: readonly (readonly [ours: number, theirs: number])[]): Best {
  const best = (side: 0 | 1): number => Math.min(...pairs.map((pair) => pair[side]));
  return { ours: best(0), theirs: best(1), runs: pairs.length };
}

const FEWEST = 3, MOST = 20, BUDGET = 2000;

/**
 * Runs both sides in turns, so that a busy machine hits both, after one run each to warm up: at least three
 * times, and on until two seconds are spent.
 *
 * @param theirs runs once and tells its own milliseconds
 */
export async function inTurns(
  ours: () => Promise<unknown>,
  theirs: () => Promise<number>,
): Promise<Best> {
  const pairs: [number, number][] = [];
  const begin = performance.now();
  for (let run = 0; run <= MOST; run++) {
    const start = performance.now();
    await ours();
    const own = performance.now() - start, other = await theirs();
    if (run > 0) pairs.push([own, other]);
    if (pairs.length >= FEWEST && performance.now() - begin > BUDGET) break;
  }
  return bestOf(pairs);
}
