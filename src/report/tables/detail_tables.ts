/**
 * The tables behind the leaderboard: where quality, regret and queries go.
 * @module
 */
import type { Evaluation, RouterReport } from "../../evaluate/evaluate.ts";
import type { Result } from "../../results/result.ts";
import { DASH, digits, percent, signed } from "./numbers.ts";
import { columnsOf, type Table } from "./text_table.ts";

/** Rows of a result in printing order, and their names. */
export interface PrintedRows {
  /** References, then competing rows. */
  readonly rows: readonly RouterReport[];
  /** Printed names by router id. */
  readonly names: ReadonlyMap<string, string>;
}

/**
 * Quality by held-out fold; by benchmark where folds have no names of their own. One column a router, the
 * difference to best single in brackets. Means over seeds.
 */
export function partsTable(result: Result, { rows, names }: PrintedRows): Table {
  const { name: protocol } = result.protocol;
  const byFold = rows[0].folds.length > 0 && !protocol.startsWith("id");
  const parts = byFold ? rows[0].folds.map((fold) => fold.name) : result.dataset.benchmarks;
  const quality = (r: RouterReport, part: number): number | null =>
    byFold ? r.folds[part].quality : benchmarkMean(r, part);
  const single = rows.find((r) => r.router === "best-single")!;
  return {
    columns: columnsOf([
      byFold ? "held out" : "benchmark",
      ...rows.map((r) => names.get(r.router)!),
    ]),
    rows: parts.map((name, part) => {
      const base = quality(single, part);
      return [
        name,
        ...rows.map((r) => {
          const own = quality(r, part);
          if (own === null || base === null) return DASH;
          return r === single ? digits(own) : `${digits(own)} (${signed(own - base)})`;
        }),
      ];
    }),
  };
}

/** Mean over the seeds that tested the benchmark; null where none did. */
function benchmarkMean({ seeds }: RouterReport, benchmark: number): number | null {
  const known = seeds.flatMap((s) => s.benchmarks[benchmark] ?? []);
  return known.length > 0 ? known.reduce((sum, q) => sum + q, 0) / known.length : null;
}

/** Regret by how many models solve the query, first seed. */
export function regretTable({ rows, names }: PrintedRows): Table {
  const groups = rows[0].seeds[0].regret;
  return {
    columns: columnsOf(["router", ...groups.map((g) => `${g.solvers} (n=${g.queries})`)]),
    rows: rows.map((r) => [
      names.get(r.router)!,
      ...r.seeds[0].regret.map((g) => digits(g.regret)),
    ]),
  };
}

/** Share of queries sent to each model, first seed. */
export function sharesTable({ dataset: { models } }: Result, { rows, names }: PrintedRows): Table {
  return {
    columns: columnsOf(["router", ...models]),
    rows: rows.map((r) => [
      names.get(r.router)!,
      ...models.map((_, m) => percent(r.seeds[0].shares[m])),
    ]),
  };
}

/** The leakage audit, line by line. */
export function auditLines({ audit, dataset }: Result): string[] {
  const dropped = Object.entries(dataset.dropped).map(([why, n]) => `${n} ${why}`).join(", ");
  const { strict, groups, templates } = audit;
  return [
    `rows left out: ${dropped || "none"}`,
    `strict duplicates: ${strict.dropped} rows merged, ${strict.conflicts} sets with conflicting scores`,
    `groups kept on one side: ${groups.sets} with ${groups.rows} rows, ${groups.acrossBenchmarks} ` +
    "across benchmarks",
    `templates of more than three rows: ${templates.sets} with ${templates.rows} rows (resampled ` +
    "together)",
  ];
}

/** The evaluation's rows as {@link PrintedRows}, in the order given. */
export function printed(result: Result, rows: Evaluation["routers"]): PrintedRows {
  return { rows, names: new Map(result.routers.map((r) => [r.id, r.name])) };
}
