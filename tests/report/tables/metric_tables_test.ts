import assert from "node:assert/strict";
import { metricTables } from "../../../src/report/tables/metric_tables.ts";
import { METRIC_GROUPS } from "../../../src/report/tables/metric_names.ts";
import { markdownTable } from "../../../src/report/tables/text_table.ts";
import { invented } from "../fixture.ts";
import type { RouterReport } from "../../../src/evaluate/evaluate.ts";
import { printed } from "../../../src/report/tables/detail_tables.ts";

const row = (
  mean: Record<string, number | null>,
  sd: Record<string, number | null> = {},
): RouterReport => ({ router: "r", mean, sd, seeds: [] }) as unknown as RouterReport;
const names = new Map([["r", "R"]]);

function lines(...given: Parameters<typeof metricTables>): string {
  return metricTables(...given).map(({ table: { columns, rows } }) => markdownTable(columns, rows))
    .join("\n");
}

Deno.test("the story: quality, gains, gap, cost, curve, two models, routing", () => {
  assert.deepEqual(METRIC_GROUPS.map((g) => g.title.split(",")[0]), [
    "Quality",
    "Gains",
    "Gap to the oracle",
    "Cost",
    "Curve",
    "Curve",
    "Curve",
    "Two models",
    "Routing",
  ]);
  const keys = METRIC_GROUPS.flatMap((g) => Object.keys(g.metrics));
  assert.equal(new Set(keys).size, keys.length, "no metric twice");
});

Deno.test("cells: by unit, with the deviation in the digits of the mean", () => {
  const mean = {
    quality: 0.75,
    v_b: 1.2,
    gap_closed: -0.245,
    cost: 0.0118,
    effective_models: 2.828,
    rci: null,
  };
  const sd = { quality: 0.0123, v_b: 0.05, gap_closed: 0.1, cost: 0.00123, effective_models: 0.5 };
  const text = lines({ rows: [row(mean, sd)], names });
  assert.match(text, /\| R \| \.750±\.012 \| 120\.0±5\.0% \|/);
  assert.match(text, /\| R \| −24\.5±10\.0% \|/);
  assert.match(text, /\| R \| 11\.8±1\.2 \|/);
  assert.match(text, /\| R \| 2\.83±0\.50 \|/);
  const single = lines({ rows: [row(mean)], names });
  assert.match(single, /\| R \| \.750 \| 120\.0% \|/);
  assert.match(single, /\| R \| 11\.8 \|/);
});

Deno.test("groups and metrics that no row has are left out; a legend line for each that is there", () => {
  const tables = metricTables({ rows: [row({ quality: 0.5, area: null, qnc: null })], names });
  assert.deepEqual(tables, [{
    title: "Quality",
    table: {
      columns: [{ title: "router" }, { title: "quality ↑", align: "right" }],
      rows: [["R", ".500"]],
    },
    legend: [{
      heading: "quality ↑",
      key: "quality",
      source: "AvgAcc",
      meaning: "mean score, every query counts the same",
    }],
  }]);
});

Deno.test("arrows: the direction of every metric", () => {
  const of = (direction: string): string[] =>
    METRIC_GROUPS.flatMap(({ metrics }) => Object.entries(metrics))
      .filter(([, m]) => m.direction === direction).map(([key]) => key);
  assert.deepEqual(of("↓").sort(), [
    "cost",
    "cpt_20",
    "cpt_50",
    "cpt_80",
    "gap_to_oracle",
    "gap_to_oracle_dataset_ratios",
    "gap_to_oracle_sample_means",
    "half_cost_cost_at_val",
    "pareto_distance",
    "qnc",
    "qnc_hindsight",
    "rci",
    "same_quality_cost_at_val",
  ]);
  assert.deepEqual(of("").sort(), [
    "collapse",
    "effective_models",
    "entropy_bits",
    "entropy_normalised",
  ]);
});

Deno.test("a whole result: no hole, no exponent, no group that it cannot have", async () => {
  const result = await invented(true);
  const rows = printed(result, result.evaluation.routers);
  const titles = metricTables(rows).map(({ title }) => title);
  for (const title of ["Gains", "Cost", "Routing"]) assert.ok(titles.includes(title));
  assert.ok(!titles.includes("Two models"), "there are four");
  assert.doesNotMatch(lines(rows), /NaN|undefined|null|e-\d/);
});
