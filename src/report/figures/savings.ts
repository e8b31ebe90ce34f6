/**
 * The README's picture: one finding. What share of the best single model's cost a router needs for its quality.
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { RouterReport } from "../../evaluate/evaluate.ts";
import { improving, qualityAt } from "../../metrics/mod.ts";
import type { Result } from "../../results/result.ts";
import { percent } from "../tables/numbers.ts";
import type { Figure, Layout, Trace } from "./figure.ts";
import { datasetOf, meanOf, splitOf } from "./rows.ts";
import { GREY, lookOf, WIDTH } from "./style.ts";

/** A line and where its label stands. */
export interface SavingsLine {
  /** Router id, or `zero-router`. */
  readonly router: string;
  /** Its label. */
  readonly label: string;
  /** Where the label stands: after the line's end, above it, or below its middle. */
  readonly place: "after" | "above" | "below";
}

/** What the picture is of. */
export interface Savings {
  /** The dataset as the title calls it. */
  readonly dataset: string;
  /** The router of the finding, then others: four at most. */
  readonly lines: readonly [SavingsLine, ...SavingsLine[]];
  /** Left end of the horizontal axis, a share of best single's cost. */
  readonly from: number;
}

/** The picture that the README shows. */
export const README_SAVINGS: Savings = {
  dataset: "MMLU-Pro",
  from: 0.2,
  lines: [
    { router: "knn", label: "kNN", place: "after" },
    { router: "icl_router_plus", label: "ICL-Router+", place: "above" },
    { router: "zero-router", label: "coin flips between single models", place: "below" },
  ],
};

/** The result that {@link README_SAVINGS} is drawn from, below the folder of results. */
export const README_RESULT: string = "mmlu-pro-priced@1/id.static.json";

const INK = "#222222";

/** A point of the picture: share of best single's cost, mean score. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Draws mean score against the share of best single's cost, mean over seeds at the same share.
 * @throws {DataError} where there are no costs, a router is not there, or misses best single's quality in a seed
 */
export function savingsFigure(result: Result, { dataset, lines, from }: Savings): Figure {
  const { evaluation } = splitOf(result);
  const row = (id: string): RouterReport => {
    const found = evaluation.routers.find((r) => r.router === id);
    if (!found) throw new DataError(`${datasetOf(result.dataset)}: no row "${id}" to draw`);
    return found;
  };
  const single = row("best-single"), quality = single.mean.quality!;
  const [{ router, label }] = lines;
  const { qnc } = row(router).mean, spread = row(router).sd.qnc;
  if (typeof qnc !== "number") {
    throw new DataError(`${label} does not reach best single's quality in every seed`);
  }
  const curves = lines.map((line) => ({ line, points: curveOf(row(line.router), single, from) }));
  const seeds = result.protocol.seeds.length;
  const end = 1.06;
  const texts = [
    ...curves.map(({ line, points }) => labelOf(line, points)),
    {
      x: from,
      y: quality,
      text: "best single model",
      font: { color: INK, size: 15 },
      xanchor: "left",
      yanchor: "bottom",
      yshift: 1,
    },
    {
      x: qnc,
      y: quality,
      text: `<b>${percent(qnc)}</b>`,
      font: { color: lookOf(router).color, size: 17 },
      xanchor: "left",
      yanchor: "top",
      xshift: 7,
      yshift: -3,
    },
  ].map((text) => ({ showarrow: false, ...text }));
  return {
    id: "readme",
    title: `${dataset}: ${label} reaches the best single model's quality for ${
      percent(qnc)
    } of its cost`,
    caption:
      "Mean score by cost, as a share of what the best single model costs; mean over seeds. Each line is a router as " +
      "it may spend more. Dotted: coin flips between single models.",
    data: [
      straight([{ x: from, y: quality }, { x: end, y: quality }], INK, 1.5, "solid"),
      ...curves.toReversed().map(({ line, points }) =>
        straight(points, colorOf(line), 3, line.router === "zero-router" ? "dot" : "solid")
      ),
      mark(1, quality, INK, 9),
      mark(qnc, quality, lookOf(router).color, 13),
    ],
    layout: {
      width: WIDTH,
      height: 450,
      showlegend: false,
      paper_bgcolor: "#FFFFFF",
      plot_bgcolor: "#FFFFFF",
      font: { family: "DejaVu Sans, Arial, sans-serif", size: 14, color: "#555555" },
      margin: { l: 52, r: 20, t: 90, b: 66 },
      title: {
        text: `<b>${label} reaches the best single model's quality for ${
          percent(qnc)
        } of its cost</b>`,
        subtitle: {
          text:
            `${dataset}, ${
              result.dataset.queries.toLocaleString("en")
            } queries, ${result.dataset.models.length} ` +
            `models, ${seeds} seeds${
              typeof spread === "number"
                ? ` (${percent(qnc).slice(0, -1)} ± ${percent(spread)})`
                : ""
            }. Mean score by budget.`,
          font: { size: 14, color: "#555555" },
        },
        x: 0,
        xref: "paper",
        xanchor: "left",
        y: 0.94,
        font: { size: 19, color: INK },
      },
      xaxis: {
        range: [from, end],
        tickvals: [0.25, 0.5, 0.75, 1],
        tickformat: ".0%",
        title: {
          text: "cost, as a share of the best single model's",
          font: { size: 14 },
          standoff: 12,
        },
        showgrid: false,
        zeroline: false,
        ticks: "outside",
        tickcolor: "#BBBBBB",
        linecolor: "#BBBBBB",
      },
      yaxis: { ...verticalAxis(curves.flatMap(({ points }) => points)) },
      annotations: texts,
    },
  };
}

/** A router's mean curve, from its first or the axis' first share to the most it spends. */
function curveOf(row: RouterReport, single: RouterReport, from: number): Point[] {
  const seeds = row.seeds.map(({ curve }, s) => ({
    line: improving(curve),
    cost: single.seeds[s].metrics.cost!,
  }));
  const last = meanOf(seeds, ({ line, cost }) => line[line.length - 1].cost / cost);
  const first = Math.max(from, ...seeds.map(({ line, cost }) => line[0].cost / cost));
  const steps = 80;
  return Array.from({ length: steps + 1 }, (_, i) => {
    const x = first + (last - first) * i / steps;
    return { x, y: meanOf(seeds, ({ line, cost }) => qualityAt(line, x * cost)) };
  });
}

function straight(points: readonly Point[], color: string, width: number, dash: string): Trace {
  return {
    type: "scatter",
    mode: "lines",
    x: points.map((p) => p.x),
    y: points.map((p) => p.y),
    line: { color, width, dash },
    hoverinfo: "skip",
  };
}

function mark(x: number, y: number, color: string, size: number): Trace {
  return {
    type: "scatter",
    mode: "markers",
    x: [x],
    y: [y],
    marker: { size, color, line: { color: "#FFFFFF", width: 2 } },
    hoverinfo: "skip",
  };
}

/** A label in its line's colour, off the line. */
function labelOf(line: SavingsLine, points: readonly Point[]): Layout {
  const { place } = line;
  const { x, y } = points[place === "below" ? Math.floor(points.length * 0.5) : points.length - 1];
  return {
    x,
    y,
    text: line.label,
    font: { color: colorOf(line), size: 15 },
    xanchor: { after: "left", above: "right", below: "left" }[place],
    yanchor: { after: "middle", above: "bottom", below: "top" }[place],
    xshift: { after: 8, above: 0, below: 6 }[place],
    yshift: { after: 0, above: 2, below: -4 }[place],
  };
}

function colorOf({ router }: SavingsLine): string {
  return router === "zero-router" ? GREY : lookOf(router).color;
}

/** Every second hundredth, from below the lowest point to above the highest. */
function verticalAxis(points: readonly Point[]): Layout {
  const low = Math.min(...points.map((p) => p.y)), high = Math.max(...points.map((p) => p.y));
  const ticks = [];
  for (let at = Math.ceil(low * 50); at <= Math.floor(high * 50); at++) ticks.push(at / 50);
  return {
    range: [low - 0.003, high + 0.005],
    tickvals: ticks,
    ticktext: ticks.map((t) => t.toFixed(2).replace(/^0/, "")),
    title: { text: "" },
    gridcolor: "#EEEEEE",
    zeroline: false,
  };
}
