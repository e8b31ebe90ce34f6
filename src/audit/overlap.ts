/**
 * Overlap between two datasets, for whoever trains on one and tests on the other; and the histogram of
 * how near the test queries of a split are to its training queries.
 * @module
 */
import type { OutcomeTable } from "../outcomes/table.ts";
import { looseKey } from "./normal_form.ts";
import { nearDuplicates } from "./near_duplicates.ts";
import { numberedTexts } from "./numbered_texts.ts";

/** Rows of one dataset whose query is in another as well. Counts only. */
export interface Overlap {
  /** Rows of the first dataset with the same letters and digits as a row of the second. */
  readonly loose: number;
  /** Further rows of the first dataset that are a near-duplicate of a row of the second. */
  readonly near: number;
  /** By pair of benchmarks; a row that meets several benchmarks is counted in each. */
  readonly benchmarks: readonly {
    readonly first: string;
    readonly second: string;
    readonly loose: number;
    readonly near: number;
  }[];
}

/** Finds the rows of `first` that are also in `second`. */
export function overlap(first: OutcomeTable, second: OutcomeTable): Overlap {
  const offset = first.texts.length;
  const name = (table: OutcomeTable, row: number): string => table.benchmarks[table.benchmark[row]];
  const keys = Map.groupBy(second.texts.keys(), (row) => looseKey(second.texts[row]));
  const loose = first.texts.map((text) => keys.get(looseKey(text)) ?? []);
  const near = first.texts.map((): number[] => []);
  const { similar, contained } = nearDuplicates(
    numberedTexts([...first.texts, ...second.texts]),
  );
  for (const [a, b] of [...similar, ...contained]) {
    if (a < offset && b >= offset && loose[a].length === 0) near[a].push(b - offset);
  }

  const pairs = new Map<string, { first: string; second: string; loose: number; near: number }>();
  for (const [kind, hits] of [["loose", loose], ["near", near]] as const) {
    hits.forEach((rows, row) => {
      for (const other of new Set(rows.map((hit) => name(second, hit)))) {
        const pair = { first: name(first, row), second: other, loose: 0, near: 0 };
        const key = JSON.stringify([pair.first, pair.second]);
        if (!pairs.has(key)) pairs.set(key, pair);
        pairs.get(key)![kind]++;
      }
    });
  }
  return {
    loose: loose.filter((rows) => rows.length > 0).length,
    near: near.filter((rows) => rows.length > 0).length,
    benchmarks: [...pairs.keys()].sort().map((key) => pairs.get(key)!),
  };
}

/** Counts of test queries by cosine to their nearest training query. */
export interface SimilarityHistogram {
  /** Lower edges of the bins, ascending; the first bin also holds everything below. Length 20. */
  readonly from: readonly number[];
  /** Test queries a bin. Length 20. */
  readonly queries: readonly number[];
}

/**
 * Bins the greatest cosine of each test query to a training query into steps of 0.05 from 0 to 1.
 * @throws {RangeError} when a value is not a number
 */
export function nearestSimilarityHistogram(nearest: Float32Array): SimilarityHistogram {
  const queries = new Array<number>(20).fill(0);
  for (const cosine of nearest) {
    if (Number.isNaN(cosine)) {
      throw new RangeError("a nearest similarity is NaN, expected a cosine");
    }
    queries[Math.min(19, Math.max(0, Math.floor(cosine * 20)))]++;
  }
  return { from: queries.map((_, bin) => bin / 20), queries };
}
