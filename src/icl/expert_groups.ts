/**
 * Which rows each expert is made of: one benchmark, or several where there are too many for an expert each.
 * @module
 */

/** Rows of one expert. */
export interface ExpertGroup {
  /** Benchmarks, ascending. */
  readonly benchmarks: readonly string[];
  /** Rows, ascending. */
  readonly rows: Uint32Array;
}

/**
 * Splits rows by benchmark into at most `most` groups of about equal size: benchmarks by falling size, ties by
 * name, each into the group that is smallest so far.
 */
export function expertGroups(
  rows: ArrayLike<number>,
  benchmarkOf: (row: number) => string,
  most: number,
): ExpertGroup[] {
  const all = Map.groupBy(Array.from(rows), benchmarkOf);
  const bySize = [...all].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
  const groups = Array.from({ length: Math.min(most, all.size) }, () => ({
    benchmarks: [] as string[],
    rows: [] as number[],
  }));
  for (const [benchmark, own] of bySize) {
    const smallest = groups.reduce((a, b) => b.rows.length < a.rows.length ? b : a);
    smallest.benchmarks.push(benchmark);
    smallest.rows.push(...own);
  }
  return groups.map(({ benchmarks, rows }) => ({
    benchmarks: benchmarks.sort(),
    rows: Uint32Array.from(rows).sort(),
  }));
}
