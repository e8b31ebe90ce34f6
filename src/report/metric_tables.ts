/**
 * All metrics of a result in Markdown: a table a group, one row a router, and a legend below.
 * @module
 */
import type { Evaluation, RouterReport } from "../results/evaluate.ts";
import { METRIC_GROUPS, type MetricGroup, type MetricName } from "./metric_names.ts";
import { DASH, digits, money, percent } from "./numbers.ts";
import { markdownTable } from "./text_table.ts";

/**
 * Blocks of Markdown, mean ± sd over seeds. A group or metric that no row has is left out.
 *
 * @param routers rows in printing order
 * @param names printed names by router id
 */
export function metricTables(
  routers: Evaluation["routers"],
  names: ReadonlyMap<string, string>,
): string[] {
  return METRIC_GROUPS.flatMap(({ title, metrics }) => {
    const known = Object.keys(metrics).filter((key) =>
      routers.some((r) => value(r, key)[0] !== null)
    );
    return known.length === 0 ? [] : [
      `#### ${title}`,
      markdownTable(
        [
          { title: "router" },
          ...known.map((key) => ({ title: heading(metrics[key]), align: "right" as const })),
        ],
        routers.map((r) => [
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
  // A percent sign once is enough.
  return sd === null ? print(mean) : `${print(mean).replace("%", "")}±${print(sd)}`;
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
