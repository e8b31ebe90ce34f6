/**
 * icl-router-bench as a library: open a pool, bench routers on it, look at what comes out. What people who write a
 * router need is in `icl-router-bench/router`; the metrics, as functions on arrays, in `icl-router-bench/metrics`.
 *
 * @example
 * ```ts
 * import { bench, compare, frontier, openPool } from "icl-router-bench";
 *
 * const pool = await openPool("demo"); // or the path of records, or records in memory
 * const run = await bench(pool, { routers: ["knn", "uniroute"], protocol: "id", seeds: 1 });
 * console.log(run.leaderboard); // in a notebook, a cell that ends with `run` shows it
 * console.log(compare(run, "knn", "uniroute"));
 * const figure = frontier(run); // shows itself in a notebook; figure.save("frontier.svg") elsewhere
 * ```
 * @module
 */
export { openPool, type Pool } from "./api/pool.ts";
export { bench, openRun, openRuns, type Run } from "./api/run.ts";
export { compare } from "./api/compare.ts";
export { budgets, figures, frontier, gap, ranks, slope } from "./api/figures.ts";
export { openSplit } from "./api/split.ts";
export { addModel, queriesToLabel } from "./api/add_model.ts";
export { fitRouter, openRouter } from "./api/route.ts";
export { joinModel } from "./api/join_model.ts";
export { conformance } from "./api/conformance.ts";
export { markdown, percent, plot, signed, table } from "./api/shown.ts";
