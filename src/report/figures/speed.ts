/**
 * What a router's quality costs in time.
 * @module
 */
import type { Result } from "../../results/result.ts";
import type { SpeedSheet } from "../tables/print.ts";
import type { Figure } from "./figure.ts";
import { againstSingle, origin, type Selection, short, splitOf } from "./rows.ts";
import { GREY, layout, lookOf } from "./style.ts";

/** Marks with their names beside them. */
const NAMED = 5;

/**
 * Score against microseconds a query, one mark a router.
 *
 * @param speed the sheet beside the result; times are of the machine that made it
 * @param selection routers with their names beside the mark; default: the best
 * @returns undefined where no row was timed
 * @throws {DataError} for a result of the new-model protocol
 */
export function speedFigure(
  result: Result,
  speed: SpeedSheet,
  selection: Selection = {},
): Figure | undefined {
  const { evaluation, competing, references, name } = splitOf(result);
  const timed = competing.filter((r) => speed[r.router]);
  if (timed.length === 0) return undefined;
  const named = new Set(selection.only ?? timed.slice(0, NAMED).map((r) => r.router));
  const single = references.find((r) => r.router === "best-single")!;
  const points = timed.map((r) => {
    const test = againstSingle(evaluation, r.router);
    const base = single.mean.quality!;
    return {
      ...r,
      x: Math.max(speed[r.router].batchMicroseconds, 0.1),
      y: r.mean.quality!,
      low: test ? base + test.low : r.mean.quality!,
      high: test ? base + test.high : r.mean.quality!,
    };
  });
  const top = Math.max(single.mean.quality!, ...points.map((p) => p.high));
  // A router far below would squeeze the others into a line.
  const bottom = Math.min(
    single.mean.quality!,
    Math.max(
      Math.min(...points.map((p) => p.low)),
      Math.min(...points.slice(0, Math.ceil(points.length * 0.8)).map((p) => p.low)) - 0.01,
    ),
  );
  const positions = labelPositions(
    points.filter((p) => named.has(p.router)),
    (top - bottom) / 8,
  );
  return {
    id: "speed",
    title: "Speed against quality",
    caption:
      "Microseconds to route one query of a batch, embedding not counted, on one core of the machine that " +
      "made the result; bars: 95% interval of the difference to best single (dotted). Up and left is better. " +
      "A router far below the others is left out of the frame.",
    data: points.map((p) => {
      const { color, symbol } = lookOf(p.router);
      return {
        type: "scatter",
        mode: named.has(p.router) ? "markers+text" : "markers",
        name: name(p.router),
        showlegend: false,
        x: [p.x],
        y: [p.y],
        text: [short(name(p.router), 22)],
        textposition: positions.get(p.router) ?? "top center",
        textfont: { size: 10, color },
        marker: named.has(p.router) ? { color, symbol, size: 9 } : { color, symbol, size: 6 },
        error_y: {
          type: "data",
          symmetric: false,
          array: [p.high - p.y],
          arrayminus: [p.y - p.low],
          color,
          thickness: named.has(p.router) ? 1 : 0.5,
          width: 2,
        },
        customdata: [{ router: p.router }],
        hovertemplate: `${name(p.router)}<br>%{y:.3f}, %{x:.3g} µs a query, fit ${
          speed[p.router].fitSeconds.toPrecision(2)
        } s<extra></extra>`,
      };
    }),
    layout: layout(`Speed · ${origin(result)}`, {
      height: 470,
      xaxis: { type: "log", title: { text: "µs per query (batch)" }, dtick: 1, tickformat: "~g" },
      yaxis: { title: { text: "mean score" }, range: [bottom - 0.002, top + 0.004] },
      shapes: [{
        type: "line",
        xref: "paper",
        x0: 0,
        x1: 1,
        y0: single.mean.quality,
        y1: single.mean.quality,
        line: { color: GREY, dash: "dot", width: 1.5 },
      }],
      annotations: [{
        xref: "paper",
        x: 1,
        xanchor: "right",
        y: single.mean.quality,
        yanchor: "bottom",
        text: "best single",
        font: { color: GREY, size: 11 },
        showarrow: false,
      }],
    }),
  };
}

/** Names beside marks, moved where two marks stand close. */
function labelPositions(
  points: readonly { readonly router: string; readonly x: number; readonly y: number }[],
  height: number,
): Map<string, string> {
  const sides = ["middle right", "middle left", "top center", "bottom center"];
  const placed = new Map<string, string>();
  for (const p of points) {
    const near = points.filter((q) =>
      placed.has(q.router) && Math.abs(Math.log10(p.x / q.x)) < 1 && Math.abs(p.y - q.y) < height
    );
    const taken = new Set(near.map((q) => placed.get(q.router)));
    placed.set(p.router, sides.find((side) => !taken.has(side)) ?? sides[0]);
  }
  return placed;
}
