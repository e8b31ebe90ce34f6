/**
 * Is one router better than another? Paired, query by query.
 * @module
 */
import { underProtocol } from "../audit/audited.ts";
import { FEWEST_UNITS, type Interval } from "../metrics/mod.ts";
import { DataError } from "../base/errors.ts";
import { seedRows } from "../evaluate/decisions.ts";
import { differences, headlineScores, pairedOverSeeds } from "../evaluate/paired.ts";
import { intervalCell } from "../report/tables/leaderboard.ts";
import type { Run } from "./run.ts";
import { ShownText } from "./shown.ts";

/** The mean difference of two routers with its interval. */
export class Comparison extends ShownText {
  /** Mean score of the first less that of the second. */
  readonly difference: number;
  /** 95% interval, low end; null where units are too few. */
  readonly low: number | null;
  /** 95% interval, high end; null where units are too few. */
  readonly high: number | null;
  /** Two-sided p-value of this one comparison, without a correction for others; null where units are too few. */
  readonly p: number | null;
  /** Independent units resampled: queries, or templates of generated ones. */
  readonly units: number;
  readonly #names: readonly [string, string];

  /** For {@link compare}. */
  constructor(
    names: readonly [string, string],
    { mean, low, high, p, units }: Interval,
  ) {
    super();
    this.difference = mean;
    this.low = low;
    this.high = high;
    this.p = p;
    this.units = units;
    this.#names = names;
  }

  /** One sentence. */
  override toString(): string {
    const [a, b] = this.#names;
    const sure = this.p === null
      ? `no interval: at least ${FEWEST_UNITS} independent units of equal size are needed`
      : this.p < .001
      ? "p < .001"
      : `p = ${this.p.toFixed(3).replace("0.", ".")}`;
    return `${a} less ${b}: ${intervalCell(this)}, ${sure} (${this.units} independent units)`;
  }

  /** The same sentence. */
  override toMarkdown(): string {
    return this.toString();
  }
}

/**
 * Compares two routers of a run on the test queries of all its seeds: a paired bootstrap in which a query with all
 * the seeds that tested it is one unit.
 *
 * @throws {UsageError} where the run has no such router, or is of the `new-model` protocol
 * @throws {DataError} where the run was read from a file and its outcomes are not on this machine
 *
 * @example
 * ```ts
 * import { bench, compare, openPool } from "icl-router-bench";
 * const run = await bench(await openPool("demo"), { routers: ["knn", "ridge"], seeds: 1 });
 * console.log(String(compare(run, "knn", "ridge"))); // kNN less ridge: …
 * ```
 */
export function compare(run: Run, a: string, b: string): Comparison {
  const names = [run.row(a).name, run.row(b).name] as const;
  const { pool, splits } = run;
  if (!pool) {
    throw new DataError(
      `${run.result.dataset.name}: this run was read from a file; open it with its pool, openRun(path, pool)`,
    );
  }
  const { table, templates } = underProtocol(pool.dataset, run.result.protocol.name);
  const seeds = seedRows(table, splits);
  const [first, second] = [a, b].map((id) =>
    seeds.map((s) => headlineScores(run.decisions, id, s))
  );
  const [interval] = pairedOverSeeds(
    [differences(first, second)],
    seeds,
    templates,
  );
  return new Comparison(names, interval);
}
