/**
 * The tables behind the leaderboard: where quality, regret and queries go.
 * @module
 */
import type { Evaluation, RouterReport } from "../../evaluate/evaluate.ts";
import type { Result } from "../../results/result.ts";
import { DASH, digits, percent, signed } from "./numbers.ts";
import { columnsOf, type Table } from "./text_table.ts";

/** A table with more columns than this has {@link FEW_COLUMNS} in their place. */
const MOST_COLUMNS = 200, FEW_COLUMNS = 40;

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

/** Regret by how many models solve the query, first seed; of a large pool, by ranges of such numbers. */
export function regretTable({ rows, names }: PrintedRows): Table {
  const groups = rows[0].seeds[0].regret, most = groups.at(-1)?.solvers ?? 0;
  const width = groups.length > MOST_COLUMNS ? Math.ceil((most + 1) / FEW_COLUMNS) : 1;
  const ranges = [...Map.groupBy(groups.keys(), (g) => Math.floor(groups[g].solvers / width))];
  const queries = (own: readonly number[]): number =>
    own.reduce((sum, g) => sum + groups[g].queries, 0);
  const title = ([range, own]: [number, number[]]): string => {
    const from = range * width, to = Math.min(most, from + width - 1);
    return `${from === to ? from : `${from}–${to}`} (n=${queries(own)})`;
  };
  return {
    columns: columnsOf(["router", ...ranges.map(title)]),
    rows: rows.map(({ router, seeds: [{ regret }] }) => [
      names.get(router)!,
      ...ranges.map(([, own]) =>
        digits(
          own.length === 1
            ? regret[own[0]].regret
            : own.reduce((sum, g) => sum + regret[g].regret * regret[g].queries, 0) / queries(own),
        )
      ),
    ]),
  };
}

/** Share of queries sent to each model, first seed; of a large pool, to those with the largest shares of a row. */
export function sharesTable({ dataset: { models } }: Result, { rows, names }: PrintedRows): Table {
  const most = models.map((_, m) => Math.max(...rows.map((r) => r.seeds[0].shares[m])));
  const all = [...models.keys()];
  const shown = models.length <= MOST_COLUMNS
    ? all
    : all.toSorted((a, b) => most[b] - most[a] || a - b).slice(0, FEW_COLUMNS)
      .sort((a, b) => a - b);
  const left = models.length - shown.length;
  return {
    columns: columnsOf([
      "router",
      ...shown.map((m) => models[m]),
      ...(left > 0 ? [`${left} others`] : []),
    ]),
    rows: rows.map(({ router, seeds: [{ shares }] }) => [
      names.get(router)!,
      ...shown.map((m) => percent(shares[m])),
      ...(left > 0 ? [percent(1 - shown.reduce((sum, m) => sum + shares[m], 0))] : []),
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
