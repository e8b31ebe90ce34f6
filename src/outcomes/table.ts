/**
 * The outcome table: records turned into columns, queries × models.
 *
 * Rows are in ascending query id, models in ascending id (code-unit order), whatever the order of the
 * file: everything downstream is then independent of it. Missing is NaN, never 0.
 * @module
 */
import type { GapRule } from "./gaps.ts";

/** A number a query and model: in float32 where that holds all of them exactly, so that no value differs. */
export type Cells = Float32Array | Float64Array;

/** Room for so many cells, zeros, which threads share instead of copying. */
export function emptyCells(length: number, exact: boolean): Cells {
  const memory = new SharedArrayBuffer(length * (exact ? 4 : 8));
  return exact ? new Float32Array(memory) : new Float64Array(memory);
}

/** The cells of some rows of the given width. */
export function takeCells(cells: Cells, width: number, rows: ArrayLike<number>): Cells {
  const taken = emptyCells(rows.length * width, cells instanceof Float32Array);
  for (let i = 0; i < rows.length; i++) {
    taken.set(cells.subarray(rows[i] * width, (rows[i] + 1) * width), i * width);
  }
  return taken;
}

/** Outcomes of one dataset view (a pool of models on a set of queries). */
export interface OutcomeTable {
  /** Facts carried into every result. */
  readonly dataset: DatasetFacts;
  /** Query ids, ascending. Length Q. */
  readonly ids: readonly string[];
  /** Query texts. Length Q. */
  readonly texts: readonly string[];
  /** Distinct benchmark names, ascending. */
  readonly benchmarks: readonly string[];
  /** Benchmark of each query, an index into {@link benchmarks}. Length Q. */
  readonly benchmark: Uint16Array;
  /** Distinct tasks as `benchmark/task`, ascending; a query without a task has its benchmark's name. */
  readonly tasks: readonly string[];
  /** Task of each query, an index into {@link tasks}. Length Q. */
  readonly task: Uint16Array;
  /** Published split: 0 none, 1 train, 2 test. Length Q. */
  readonly published: Uint8Array;
  /** Model ids, ascending. Length M. */
  readonly models: readonly string[];
  /** Scores in [0, 1], row-major [Q × M], NaN = missing. */
  readonly scores: Cells;
  /**
   * What fits learn from in place of {@link scores}, row-major [Q × M]; absent where no record has a
   * target. A cell without one is its score.
   */
  readonly targets?: Cells;
  /** In a view with documents: those of each query, joined, the best first. Length Q. */
  readonly documents?: readonly string[];
  /** In a view with documents: scores without them, row-major [Q × M], NaN = missing. */
  readonly plainScores?: Cells;
  /** Costs in US dollars, row-major [Q × M], NaN = unknown. */
  readonly costs: Cells;
  /** Answer options of each query; 0 = free form (no guessing). Length Q. */
  readonly options: Uint16Array;
  /** Score from which a query counts as solved (τ_b), by benchmark index. */
  readonly solvedFrom: Float64Array;
  /** Domain of each benchmark (a coarser grouping for few-fold OOD), by benchmark index. */
  readonly domains: readonly string[];
  /** Model by model: repeated draws [Q][draws], where the source has them. */
  readonly repeats?: ReadonlyMap<string, ReadonlyArray<readonly number[]>>;
  /** Synthetic data only: true P(score = 1), row-major [Q × M]. */
  readonly truth?: Float64Array;
  /** Synthetic data only: true expected cost, row-major [Q × M]. */
  readonly truthCost?: Float64Array;
}

/** What identifies a dataset view and its faults. */
export interface DatasetFacts {
  /** Manifest name, with the view after a slash: `reasoning-gym/easy`. */
  readonly name: string;
  /** Version of the manifest. */
  readonly version: string;
  /** SHA-256 of the records as read (uncompressed bytes) and of the view's definition. */
  readonly sha256: string;
  /** Generated, not recorded: said wherever the dataset appears. */
  readonly synthetic: boolean;
  /** Price list's date and hash; absent where no cost is known. */
  readonly prices?: { readonly date: string; readonly sha256: string };
  /** Models without any known cost. */
  readonly unpriced: readonly string[];
  /** Rows left out, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Faults worth a line under every table (constant token columns, …). */
  readonly notes: readonly string[];
  /** What was left out for missing scores, where it was chosen (`--gaps`). */
  readonly gaps?: GapRule;
  /** How many queries were asked for (`--limit`); absent = all. */
  readonly limit?: number;
}

/**
 * Facts of data that the repository has no manifest of: anybody's file may be called so, thus the version
 * ends in a short hash, and with it the folder of results.
 */
export function ownFacts(facts: DatasetFacts): DatasetFacts {
  return { ...facts, version: `${facts.version}-${facts.sha256.slice(0, 8)}` };
}

/** Whether facts are of data that the repository has no manifest of ({@link ownFacts}). */
export function isOwn({ version, sha256 }: Pick<DatasetFacts, "version" | "sha256">): boolean {
  return version.endsWith(`-${sha256.slice(0, 8)}`);
}

/** Whether every outcome has a known cost, and not all are free: what a cost experiment needs. */
export function isPriced({ costs }: Pick<OutcomeTable, "costs">): boolean {
  let paid = false;
  for (const cost of costs) {
    if (cost !== cost) return false;
    if (cost > 0) paid = true;
  }
  return paid;
}
