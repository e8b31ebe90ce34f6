/**
 * All metrics of a result in Markdown: a table a group, one row a router, and a legend below.
 * @module
 */
import type { RouterReport } from "../../evaluate/evaluate.ts";
import type { PrintedRows } from "./detail_tables.ts";
import { METRIC_GROUPS, type MetricGroup, type MetricName } from "./metric_names.ts";
import { DASH, digits, money, percent } from "./numbers.ts";
import { markdownTable } from "./text_table.ts";

/** Blocks of Markdown, mean ± sd over seeds. A group or metric that no row has is left out. */
export function metricTables({ rows, names }: PrintedRows): string[] {
  return METRIC_GROUPS.flatMap(({ title, metrics }) => {
    const known = Object.keys(metrics).filter((key) => rows.some((r) => value(r, key)[0] !== null));
    return known.length === 0 ? [] : [
      `#### ${title}`,
      markdownTable(
        [
          { title: "router" },
          ...known.map((key) => ({ title: heading(metrics[key]), align: "right" as const })),
        ],
        rows.map((r) => [
          names.get(r.router) ?? r.router,
          ...known.map((key) => cell(metrics[key].unit, ...value(r, key))),
        ]),
      ),
      legend(metrics, known),
    ];
  });
}

/** Mean and standard deviation; null where unknown. */
function value(
  { mean, sd, pareto }: RouterReport,
  key: string,
): [mean: number | null, sd: number | null] {
  if (key === "pareto_ratio") return [pareto?.ratio ?? null, null];
  if (key === "pareto_distance") return [pareto?.distance ?? null, null];
  return [mean[key] ?? null, sd[key] ?? null];
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

function legend(metrics: MetricGroup["metrics"], keys: readonly string[]): string {
  return keys.map((key) => {
    const { meaning, source } = metrics[key];
    return `- **${heading(metrics[key])}** (\`${key}\`, ${source}): ${meaning}.`;
  }).join("\n");
}
