/**
 * Where the queries go.
 * @module
 */
import type { RouterReport } from "../../evaluate/evaluate.ts";
import type { Result } from "../../results/result.ts";
import type { Behind, Figure } from "./figure.ts";
import { labelsOf, meanOf, origin, short, splitOf } from "./rows.ts";
import { layout, rowAxis, scaleColor } from "./style.ts";

/** Models with a colour of their own; the others share one. */
const SHOWN = 9;

/**
 * Stacked bars: the share of queries each router sends to each model, mean over seeds.
 * @throws {DataError} for a result of the new-model protocol
 */
export function routingFigure(result: Result): Figure {
  const { evaluation, competing, references, name } = splitOf(result);
  const { models, priced } = result.dataset;
  const rows = [...references.filter((r) => r.router === "best-per-benchmark"), ...competing];
  const share = (r: RouterReport, m: number): number => meanOf(r.seeds, (s) => s.shares[m]);
  const used = models.map((model, m) => ({
    model,
    m,
    use: meanOf(rows, (r) => share(r, m)),
    order: meanOf(evaluation.panels, (p) => priced ? p.models[m].cost! : p.models[m].quality),
  }));
  const shown = used.toSorted((a, b) => b.use - a.use).slice(0, SHOWN)
    .sort((a, b) => a.order - b.order);
  const rest = used.filter((u) => !shown.includes(u));
  const named = labelsOf(rows.map((r) => r.router), name);
  const labels = rows.map((r) => named.get(r.router)!);
  const bars = [
    ...shown.map(({ model, m }, i) => ({
      model,
      color: scaleColor(i, shown.length),
      values: rows.map((r) => share(r, m)),
    })),
    ...(rest.length > 0
      ? [{
        model: rest.length === 1 ? rest[0].model : `${rest.length} other models`,
        color: "#E3E3E3",
        values: rows.map((r) => rest.reduce((sum, { m }) => sum + share(r, m), 0)),
      }]
      : []),
  ];
  return {
    id: "routing",
    title: "Where the queries go",
    caption:
      "Share of test queries sent to each model, mean over seeds; first the best model per benchmark, told the label, then routers by score. Models from left to " +
      `right and dark to light: ${
        priced ? "cheap to dear" : "weak to strong"
      }; rarely used ones share a bar.`,
    data: bars.map(({ model, color, values }, i) => ({
      type: "bar",
      orientation: "h",
      name: short(model, 24),
      x: values,
      y: labels,
      marker: { color, line: { color: "#FFFFFF", width: 0.5 } },
      customdata: rows.map(({ router }): Behind =>
        i < shown.length ? { router, model } : { router }
      ),
      hovertemplate: `%{y} → ${model}: %{x:.1%}<extra></extra>`,
    })),
    layout: layout(`Routing · ${origin(result)}`, {
      height: 170 + 20 * Math.max(rows.length, 4),
      barmode: "stack",
      bargap: 0.2,
      margin: { l: 210, r: 20, t: 50, b: 110 },
      legend: {
        orientation: "h",
        y: -0.07,
        yanchor: "top",
        traceorder: "normal",
        font: { size: 11 },
      },
      xaxis: { tickformat: ".0%", range: [0, 1] },
      yaxis: { ...rowAxis(labels), ticks: "" },
    }),
  };
}
