/**
 * icl-router-bench as a library: open a pool, bench routers on it, look at what comes out. What people who write a
 * router need is in `icl-router-bench/router`.
 *
 * @example
 * ```ts
 * import { bench, compare, frontier, openPool } from "icl-router-bench";
 *
 * const pool = await openPool("demo"); // or the path of records, or records in memory
 * const run = await bench(pool, { routers: ["knn", "uniroute"], protocol: "id", seeds: 1 });
 * console.log(run.leaderboard); // in a notebook, a cell that ends with `run` shows it
 * console.log(String(compare(run, "knn", "uniroute")));
 * const figure = frontier(run); // shows itself in a notebook; figure.save("frontier.svg") elsewhere
 * ```
 * @module
 */
export { openPool, Pool, type PoolOptions } from "./api/pool.ts";
export { bench, type BenchOptions, openRun, openRuns, type Row, Run } from "./api/run.ts";
export { compare, Comparison } from "./api/compare.ts";
export { budgets, figures, frontier, gap, ranks, slope } from "./api/figures.ts";
export { type Earned, openSplit, PoolSplit, type SplitChoice } from "./api/split.ts";
export { Conformance, conformance } from "./api/conformance.ts";
export { Leaderboard } from "./api/leaderboard.ts";
export { markdown, plot, ShownFigure, table } from "./api/shown.ts";
export type { OutcomeRecord } from "./outcomes/record.ts";
export type { Router } from "./router/contract.ts";
