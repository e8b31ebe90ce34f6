/**
 * What a router's quality costs in time.
 * @module
 */
import type { Result } from "../../results/result.ts";
import { digits } from "../tables/numbers.ts";
import type { SpeedSheet } from "../tables/print.ts";
import type { Figure } from "./figure.ts";
import { againstSingle, origin, type Selection, short, splitOf } from "./rows.ts";
import { GREY, layout, lookOf, WIDTH } from "./style.ts";

/** Pixels of the frame inside the axes, its margin left out. */
const FRAME = { width: WIDTH - 90, height: 360 };

/** Size of a name, and pixels a letter takes on average. */
const SIZE = 10, LETTER = 5.9;

/** Longest name beside a mark, in letters. */
const LONGEST = 26;

/**
 * Score against microseconds a query, one mark a router.
 *
 * @param speed the sheet beside the result; times are of the machine that made it
 * @param selection routers that get their names beside the mark first; default: by score
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
  const first = new Set(selection.only ?? []);
  const single = references.find((r) => r.router === "best-single")!;
  const points = timed.map((r) => {
    const test = againstSingle(evaluation, r.router);
    const base = single.mean.quality!;
    return {
      ...r,
      x: Math.max(speed[r.router].batchMicroseconds, 0.1),
      y: r.mean.quality!,
      low: test && test.low !== null ? base + test.low : r.mean.quality!,
      high: test && test.high !== null ? base + test.high : r.mean.quality!,
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
  const range = { y: [bottom - 0.002, top + 0.004] as const, x: rangeOf(points.map((p) => p.x)) };
  const inside = points.filter((p) => p.y >= range.y[0]);
  const outside = points.filter((p) => p.y < range.y[0]);
  const positions = labelPositions(
    inside.map((p) => ({
      router: p.router,
      letters: short(name(p.router), LONGEST).length,
      x: FRAME.width * (Math.log10(p.x) - range.x[0]) / (range.x[1] - range.x[0]),
      y: FRAME.height * (range.y[1] - p.y) / (range.y[1] - range.y[0]),
    })).toSorted((p, q) => Number(first.has(q.router)) - Number(first.has(p.router))),
  );
  const listed = inside.filter((p) => !positions.has(p.router)).length;
  return {
    id: "speed",
    title: "Speed against quality",
    caption:
      "Microseconds to route one query of a batch, embedding not counted, on one core of the machine that " +
      "made the result; bars: 95% interval of the difference to best single (dotted). Up and left is better." +
      (listed > 0 ? " Marks too close for a name are listed below the axis." : "") +
      (outside.length > 0
        ? ` Below the frame: ${
          outside.map((p) => `${name(p.router)} (${digits(p.y)})`).join(", ")
        }.`
        : ""),
    data: points.map((p) => {
      const { color, symbol } = lookOf(p.router), position = positions.get(p.router);
      return {
        type: "scatter",
        mode: position ? "markers+text" : "markers",
        name: short(name(p.router), LONGEST),
        showlegend: !position && !outside.includes(p),
        x: [p.x],
        y: [p.y],
        text: [short(name(p.router), LONGEST)],
        textposition: position ?? "top center",
        textfont: { size: SIZE, color },
        marker: { color, symbol, size: 8 },
        error_y: {
          type: "data",
          symmetric: false,
          array: [p.high - p.y],
          arrayminus: [p.y - p.low],
          color,
          thickness: 0.5,
          width: 2,
        },
        customdata: [{ router: p.router }],
        hovertemplate: `${name(p.router)}<br>%{y:.3f}, %{x:.3g} µs a query, fit ${
          speed[p.router].fitSeconds.toPrecision(2)
        } s<extra></extra>`,
      };
    }),
    layout: layout(`Speed · ${origin(result)}`, {
      height: FRAME.height + 110 + (listed > 0 ? 20 + 20 * Math.ceil(listed / 3) : 0),
      margin: { b: listed > 0 ? 80 + 20 * Math.ceil(listed / 3) : 60 },
      legend: { orientation: "h", y: -0.17, yanchor: "top", font: { size: 11 } },
      xaxis: {
        type: "log",
        title: { text: "µs per query (batch)" },
        dtick: 1,
        tickformat: "~g",
        range: range.x,
      },
      yaxis: { title: { text: "mean score" }, range: range.y },
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

/** Ends of the logarithmic axis, with room for names at both. */
function rangeOf(times: readonly number[]): [number, number] {
  const low = Math.log10(Math.min(...times)), high = Math.log10(Math.max(...times));
  const room = Math.max(0.3, (high - low) * 0.12);
  return [low - room, high + room];
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A mark with its name, in pixels from the frame's upper left. */
interface Mark {
  readonly router: string;
  readonly letters: number;
  readonly x: number;
  readonly y: number;
}

/** Where a name stands: the shift of its box's middle from the mark, in its own width and in pixels. */
const SIDES: Readonly<Record<string, readonly [across: number, down: number]>> = {
  "middle right": [1, 0],
  "middle left": [-1, 0],
  "top center": [0, -1],
  "bottom center": [0, 1],
  "top right": [1, -1],
  "top left": [-1, -1],
  "bottom right": [1, 1],
  "bottom left": [-1, 1],
};

/** The side of every mark's name; none for marks where it would cover a mark, another name or the frame's edge. */
function labelPositions(marks: readonly Mark[]): Map<string, string> {
  const taken: Box[] = marks.map(({ x, y }) => around(x, y, 5, 5));
  const placed = new Map<string, string>();
  for (const { router, letters, x, y } of marks) {
    const half = letters * LETTER / 2;
    for (const [side, [across, down]] of Object.entries(SIDES)) {
      const shift = down === 0 ? 7 : across === 0 ? 0 : 4;
      const box = around(x + across * (half + shift), y + down * 12, half, 6);
      const outside = box.left < 0 || box.right > FRAME.width || box.top < 0 ||
        box.bottom > FRAME.height;
      if (outside || taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      placed.set(router, side);
      break;
    }
  }
  return placed;
}

function around(x: number, y: number, across: number, down: number): Box {
  return { left: x - across, right: x + across, top: y - down, bottom: y + down };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
