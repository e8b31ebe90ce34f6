/**
 * Which routers can be told apart over the datasets: a critical-difference diagram.
 * @module
 */
import type { Result } from "../../results/result.ts";
import { LEVEL } from "../tables/leaderboard.ts";
import type { Figure } from "./figure.ts";
import { datasetOf, labelsOf, meanOf, splitOf } from "./rows.ts";
import { GREY, layout, lookOf, rowAxis } from "./style.ts";

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
        customdata: rows.flatMap((r) =>
          r.ranks.map((_, d) => ({
            router: r.id,
            protocol: results[d].protocol.name,
            dataset: results[d].dataset.name,
          }))
        ),
        hovertemplate: "%{y} on %{text}: rank %{x}<extra></extra>",
      },
      {
        type: "scatter",
        mode: "markers",
        name: "mean rank",
        x: rows.map((r) => r.mean),
        y: rows.map((r) => r.name),
        marker: { size: 11, color: colors, line: { color: "#FFFFFF", width: 1 } },
        customdata: rows.map((r) => ({ router: r.id, protocol: results[0].protocol.name })),
        hovertemplate: "%{y}: mean rank %{x:.1f}<extra></extra>",
      },
    ],
    layout: layout(`Mean ranks · ${results[0].protocol.name} · ${results.length} datasets`, {
      height: 160 + 20 * rows.length,
      margin: { l: 210, r: 20, t: 80, b: 60 },
      showlegend: false,
      xaxis: { title: { text: "rank by score (1 is best)" }, range: [0, methods.length + 1] },
      yaxis: rowAxis(rows.map((r) => r.name)),
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

// Ranks over datasets and how far apart they must be (Demšar 2006, "Statistical Comparisons of
// Classifiers over Multiple Data Sets", §3.2.2).

/**
 * Ranks of scores, 1 for the largest; equal scores share the mean of their ranks.
 * @param scores one per method
 */
export function ranksOf(scores: readonly number[]): number[] {
  return scores.map((own) => {
    const above = scores.filter((s) => s > own).length;
    const equal = scores.filter((s) => s === own).length;
    return above + (equal + 1) / 2;
  });
}

/**
 * Nemenyi's critical difference of mean ranks, CD = q · √(k(k+1) / 6N), q the studentised range at infinite
 * degrees of freedom over √2.
 *
 * @param methods k, at least 2
 * @param datasets N, at least 1
 * @param level probability of any false difference
 */
export function criticalDifference(methods: number, datasets: number, level: number): number {
  const q = rangeQuantile(methods, 1 - level) / Math.SQRT2;
  return q * Math.sqrt(methods * (methods + 1) / (6 * datasets));
}

/** Quantile of the range of k standard normals, by bisection; exact to 1e-6. */
export function rangeQuantile(k: number, probability: number): number {
  let low = 0, high = 20;
  while (high - low > 1e-7) {
    const middle = (low + high) / 2;
    if (rangeProbability(k, middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(range ≤ q) = k ∫ φ(x) (Φ(x) − Φ(x − q))^(k−1) dx, by Simpson's rule on [−8, 8]. */
function rangeProbability(k: number, q: number): number {
  const steps = 800, width = 16 / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const x = -8 + i * width;
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    const density = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    sum += weight * density * (normal(x) - normal(x - q)) ** (k - 1);
  }
  return k * sum * width / 3;
}

/** Φ, by the series around 0 and the continued fraction in the tails; absolute error below 1e-12. */
function normal(x: number): number {
  const density = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  if (Math.abs(x) < 5) {
    let term = x, sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) sum += term *= x * x / (2 * n + 1);
    return 0.5 + density * sum;
  }
  const t = Math.abs(x);
  let fraction = t;
  for (let n = 30; n >= 1; n--) fraction = t + n / fraction;
  const tail = density / fraction;
  return x > 0 ? 1 - tail : tail;
}
