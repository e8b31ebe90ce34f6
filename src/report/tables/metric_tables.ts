/**
 * All metrics of a result: a table a group, one row a router, and a legend below.
 * @module
 */
import type { RouterReport } from "../../evaluate/evaluate.ts";
import type { PrintedRows } from "./detail_tables.ts";
import { METRIC_GROUPS, type MetricName } from "./metric_names.ts";
import { MAY_BE_NEVER, reachedIn } from "./reached.ts";
import { DASH, digits, money, percent } from "./numbers.ts";
import { columnsOf, type Table } from "./text_table.ts";

/** A group of metrics as a table, with what each column means. */
export interface MetricTable {
  /** Heading. */
  readonly title: string;
  /** Mean ± sd over seeds, one row a router. */
  readonly table: Table;
  /** The columns. */
  readonly legend: readonly MetricLegend[];
}

/** What a column of a {@link MetricTable} means. */
export interface MetricLegend {
  /** As in the table. */
  readonly heading: string;
  /** Key in the result. */
  readonly key: string;
  /** Whose metric it is. */
  readonly source: string;
  /** In a sentence without its stop. */
  readonly meaning: string;
}

/** One table a group. A group or metric that no row has is left out. */
export function metricTables({ rows, names }: PrintedRows): MetricTable[] {
  return METRIC_GROUPS.flatMap(({ title, metrics }): MetricTable[] => {
    const known = Object.keys(metrics).filter((key) => rows.some((r) => value(r, key)[0] !== null));
    return known.length === 0 ? [] : [{
      title,
      table: {
        columns: columnsOf(["router", ...known.map((key) => heading(metrics[key]))]),
        rows: rows.map((r) => [
          names.get(r.router) ?? r.router,
          ...known.map((key) => cell(metrics[key].unit, ...value(r, key)) + someSeeds(r, key)),
        ]),
      },
      legend: known.map((key) => {
        const { meaning, source } = metrics[key];
        return { heading: heading(metrics[key]), key, source, meaning };
      }),
    }];
  });
}

/** Mean and standard deviation; null where unknown. */
function value(
  { mean, sd, pareto, seeds }: RouterReport,
  key: string,
): [mean: number | null, sd: number | null] {
  if (key === "pareto_ratio") return [pareto?.ratio ?? null, null];
  if (key === "pareto_distance") return [pareto?.distance ?? null, null];
  if (MAY_BE_NEVER.has(key)) return [reachedIn({ seeds }, key).mean, sd[key] ?? null];
  return [mean[key] ?? null, sd[key] ?? null];
}

/** ` (4/5)`, where a metric is reached in 4 of 5 seeds and its mean is over those. */
function someSeeds(report: RouterReport, key: string): string {
  if (!MAY_BE_NEVER.has(key)) return "";
  const { seeds, of } = reachedIn(report, key);
  return seeds > 0 && seeds < of ? ` (${seeds}/${of})` : "";
}

function cell(unit: MetricName["unit"], mean: number | null, sd: number | null): string {
  if (mean === null) return DASH;
  const print = {
    score: digits,
    share: (x: number) => percent(x, 1),
    usd: money,
    count: (x: number) => x.toFixed(2),
  }[unit];
  if (sd === null) return print(mean);
  if (unit === "usd") {
    const decimals = money(mean).split(".")[1]?.length ?? 0;
    return `${money(mean)}±${(1000 * sd).toFixed(decimals)}`;
  }
  return `${print(mean).replace("%", "")}±${print(sd)}`; // a percent sign once is enough
}

function heading({ title, direction }: MetricName): string {
  return direction ? `${title} ${direction}` : title;
}
