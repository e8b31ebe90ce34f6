/**
 * Which routers can be told apart over the datasets: a critical-difference diagram.
 * @module
 */
import type { Result } from "../../results/result.ts";
import { LEVEL } from "../leaderboard.ts";
import type { Figure } from "./figure.ts";
import { criticalDifference, ranksOf } from "./rank_statistics.ts";
import { datasetOf, labelsOf, meanOf, splitOf } from "./rows.ts";
import { GREY, layout, lookOf } from "./style.ts";

/**
 * Mean rank of every router over datasets, with its rank on each and Nemenyi's critical difference.
 *
 * @param results of one protocol, one a dataset; routers that are not in all of them are left out
 * @returns undefined with fewer than two datasets, or fewer than two routers in all of them
 * @throws {DataError} for a result of the new-model protocol
 */
export function ranksFigure(results: readonly Result[]): Figure | undefined {
  const opened = results.map(splitOf);
  const ids =
    opened[0]?.competing.map((r) => r.router).filter((id) =>
      opened.every((o) => o.competing.some((r) => r.router === id))
    ) ?? [];
  if (results.length < 2 || ids.length < 2) return undefined;
  const methods = ["best-single", ...ids];
  const labels = labelsOf(methods, opened[0].name);
  const ranks = opened.map(({ evaluation }) => {
    const quality = new Map(evaluation.routers.map((r) => [r.router, r.mean.quality!]));
    return ranksOf(methods.map((id) => quality.get(id)!));
  });
  const rows = methods.map((id, m) => ({
    id,
    name: labels.get(id)!,
    ranks: ranks.map((r) => r[m]),
    mean: meanOf(ranks, (r) => r[m]),
  })).sort((a, b) => a.mean - b.mean);
  const critical = criticalDifference(methods.length, results.length, LEVEL);
  const best = rows[0].mean;
  const colors = rows.map((r) => r.id === "best-single" ? GREY : lookOf(r.id).color);
  return {
    id: "ranks",
    title: "Which routers can be told apart over the datasets",
    caption:
      `Mean rank by score over ${results.length} datasets (large marks; 1 is best, ties shared) and the ` +
      `rank on each (small). Two routers whose mean ranks differ by less than the bar, ${
        critical.toFixed(1)
      } ranks, cannot be told apart by Nemenyi's test (p < ${LEVEL}): with so few datasets and so many routers ` +
      "it is long, and an order read from mean ranks alone would be noise. Within a dataset, paired tests over " +
      "queries see more.",
    data: [
      {
        type: "scatter",
        mode: "markers",
        name: "on one dataset",
        x: rows.flatMap((r) => r.ranks),
        y: rows.flatMap((r) => r.ranks.map(() => r.name)),
        text: rows.flatMap((r) => r.ranks.map((_, d) => datasetOf(results[d].dataset))),
        marker: {
          size: 5,
          color: rows.flatMap((r, i) => r.ranks.map(() => colors[i])),
          opacity: 0.45,
        },
        customdata: rows.flatMap((r) => r.ranks.map(() => ({ router: r.id }))),
        hovertemplate: "%{y} on %{text}: rank %{x}<extra></extra>",
      },
      {
        type: "scatter",
        mode: "markers",
        name: "mean rank",
        x: rows.map((r) => r.mean),
        y: rows.map((r) => r.name),
        marker: { size: 11, color: colors, line: { color: "#FFFFFF", width: 1 } },
        customdata: rows.map((r) => ({ router: r.id })),
        hovertemplate: "%{y}: mean rank %{x:.1f}<extra></extra>",
      },
    ],
    layout: layout(`Mean ranks · ${results[0].protocol.name} · ${results.length} datasets`, {
      height: 160 + 20 * rows.length,
      margin: { l: 210, r: 20, t: 80, b: 60 },
      showlegend: false,
      xaxis: { title: { text: "rank by score (1 is best)" }, range: [0, methods.length + 1] },
      yaxis: {
        type: "category",
        categoryorder: "array",
        categoryarray: rows.map((r) => r.name).reverse(),
        tickfont: { size: 11 },
      },
      shapes: [{
        type: "rect",
        yref: "paper",
        x0: best,
        x1: best + critical,
        y0: 0,
        y1: 1,
        fillcolor: "#0072B2",
        opacity: 0.07,
        line: { width: 0 },
        layer: "below",
      }, {
        type: "line",
        yref: "paper",
        x0: best,
        x1: best + critical,
        y0: 1.015,
        y1: 1.015,
        line: { color: "#333333", width: 3 },
      }],
      annotations: [{
        yref: "paper",
        y: 1.02,
        yanchor: "bottom",
        x: best + critical / 2,
        text: `critical difference ${critical.toFixed(1)}: not told apart from the first`,
        showarrow: false,
        font: { size: 11 },
      }],
    }),
  };
}
