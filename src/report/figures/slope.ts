/**
 * What is left of an in-distribution gain on benchmarks nobody has seen.
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { Result } from "../../results/result.ts";
import type { Behind, Figure, Trace } from "./figure.ts";
import {
  againstSingle,
  datasetOf,
  forward,
  meanOf,
  type Selection,
  short,
  splitOf,
} from "./rows.ts";
import { GREY, layout, lookOf, PALE } from "./style.ts";

/** The same dataset in and out of distribution. */
export interface Pair {
  /** A result of `id`. */
  readonly id: Result;
  /** A result of `ood`. */
  readonly ood: Result;
}

/** Gains below this are drawn at this depth, in score units. */
const DEEPEST = -0.06;

/**
 * One line a router, from its difference to best single in distribution to that out of distribution; over
 * several datasets, the mean of the differences.
 *
 * @param selection rows in colour; default: the best in distribution
 * @returns undefined where no router was tested on both sides of every pair
 * @throws {DataError} where the two of a pair are of different datasets
 */
export function slopeFigure(
  pairs: readonly Pair[],
  selection: Selection = {},
): Figure | undefined {
  for (const { id, ood } of pairs) {
    if (id.dataset.name !== ood.dataset.name) {
      throw new DataError(
        `id is of ${id.dataset.name}, ood of ${ood.dataset.name}; one dataset expected`,
      );
    }
  }
  const lines = linesOf(pairs).sort((a, b) => b.ends[0].y - a.ends[0].y);
  if (lines.length === 0) return undefined;
  const ahead = forward(lines.map((l) => l.router), selection);
  const range = [
    Math.max(
      points(DEEPEST),
      Math.min(...lines.flatMap((l) => l.ends.map((e) => points(e.low)))) - 0.3,
    ),
    Math.max(...lines.flatMap((l) => l.ends.map((e) => points(e.high)))) + 0.3,
  ];
  const sides = (["id", "ood"] as const).map((protocol): Behind => ({
    protocol,
    ...(pairs.length === 1 && { dataset: pairs[0].id.dataset.name }),
  }));
  const spread = labelHeights(lines.filter((l) => ahead.has(l.router)), range);
  const where = pairs.length === 1
    ? `${datasetOf(pairs[0].id.dataset)} · ${pairs[0].id.embedding.name}`
    : `mean of ${pairs.length} datasets`;
  return {
    id: "slope",
    title: "In distribution against out of distribution",
    caption:
      "Difference to the best single model, in points of score: left on queries of known benchmarks, " +
      "right on benchmarks held out one at a time. " +
      (pairs.length === 1
        ? "Bars: 95% intervals. "
        : "Means over datasets; the intervals are in the tables. ") +
      `Names stand at the right end of their lines; what would be below ${
        points(DEEPEST)
      } points is cut.`,
    data: [
      ...lines.filter((l) => !ahead.has(l.router)).map((l) =>
        lineTrace(l, sides, PALE, pairs.length === 1)
      ),
      ...lines.filter((l) => ahead.has(l.router)).map((l, i) =>
        lineTrace(l, sides, undefined, pairs.length === 1, i)
      ),
    ],
    layout: layout(`ID → OOD · ${where}`, {
      height: 480,
      margin: { l: 70, r: 210, t: 50, b: 50 },
      xaxis: {
        tickvals: [0, 1],
        ticktext: ["in distribution", "out of distribution"],
        range: [-0.08, 1.04],
        showgrid: false,
      },
      yaxis: {
        title: { text: "points over best single" },
        range,
        zeroline: true,
        zerolinecolor: GREY,
        zerolinewidth: 1.5,
      },
      annotations: lines.filter((l) => ahead.has(l.router)).map((l) => ({
        x: 1.03,
        xanchor: "left",
        y: spread.get(l.router),
        text: short(l.name, 26),
        font: { color: lookOf(l.router).color, size: 11 },
        showarrow: false,
      })),
    }),
  };
}

interface End {
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

interface Line {
  readonly router: string;
  readonly name: string;
  readonly ends: readonly [End, End];
}

const points = (score: number): number => 100 * score;

/** Routers that were tested in both protocols of every pair. */
function linesOf(pairs: readonly Pair[]): Line[] {
  const opened = pairs.map(({ id, ood }) => [splitOf(id), splitOf(ood)] as const);
  return (opened[0]?.[0].competing ?? []).flatMap(({ router }): Line[] => {
    const tests = opened.map((pair) => pair.map((s) => againstSingle(s.evaluation, router)));
    if (tests.some((pair) => pair.some((t) => !t))) return [];
    const end = (side: 0 | 1): End => ({
      y: meanOf(tests, (t) => t[side]!.difference),
      low: meanOf(
        tests,
        (t) => pairs.length > 1 ? t[side]!.difference : t[side]!.low ?? t[side]!.difference,
      ),
      high: meanOf(
        tests,
        (t) => pairs.length > 1 ? t[side]!.difference : t[side]!.high ?? t[side]!.difference,
      ),
    });
    return [{ router, name: opened[0][0].name(router), ends: [end(0), end(1)] }];
  });
}

function lineTrace(
  { router, name, ends }: Line,
  sides: readonly Behind[],
  pale: string | undefined,
  bars: boolean,
  place = 0,
): Trace {
  const look = lookOf(router), color = pale ?? look.color;
  return {
    type: "scatter",
    mode: "lines+markers",
    name,
    showlegend: false,
    // Side by side, or their bars would hide each other.
    x: bars ? [-0.008 * place, 1 - 0.008 * place] : [0, 1],
    y: ends.map((e) => points(e.y)),
    line: { color, dash: pale ? "solid" : look.dash, width: pale ? 1 : 2 },
    marker: { color, symbol: pale ? "circle" : look.symbol, size: pale ? 4 : 8 },
    ...(bars && !pale && {
      error_y: {
        type: "data",
        symmetric: false,
        array: ends.map((e) => points(e.high - e.y)),
        arrayminus: ends.map((e) => points(e.y - e.low)),
        color,
        thickness: 1,
        width: 3,
      },
    }),
    customdata: sides.map((side): Behind => ({ router, ...side })),
    hovertemplate: `${name}<br>%{y:+.1f} points<extra></extra>`,
  };
}

/** Heights of labels at the right end, moved apart where lines end together, inside the frame. */
function labelHeights(
  lines: readonly Line[],
  [bottom, top]: readonly number[],
): Map<string, number> {
  const least = (top - bottom) / 22;
  const sorted = lines.toSorted((a, b) => b.ends[1].y - a.ends[1].y);
  const heights = sorted.map((l) => points(l.ends[1].y));
  for (let i = 1; i < heights.length; i++) {
    heights[i] = Math.min(heights[i], heights[i - 1] - least);
  }
  for (let i = heights.length - 1, floor = bottom + least / 2; i >= 0; i--, floor += least) {
    heights[i] = Math.max(heights[i], floor);
  }
  return new Map(sorted.map((l, i) => [l.router, heights[i]]));
}
