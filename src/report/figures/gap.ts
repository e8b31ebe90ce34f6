/**
 * How much of the way from best single to the oracle each router goes.
 * @module
 */
import type { Comparison } from "../../evaluate/compare.ts";
import type { RouterReport } from "../../evaluate/evaluate.ts";
import type { Result } from "../../results/result.ts";
import { isSignificant, oracleQuality } from "../tables/leaderboard.ts";
import { percent } from "../tables/numbers.ts";
import type { Behind, Figure } from "./figure.ts";
import { againstSingle, labelsOf, origin, splitOf } from "./rows.ts";
import { GREY, layout, rowAxis } from "./style.ts";

/** Better, worse, not shown to differ. */
const COLORS = ["#0072B2", "#D55E00", "#B4B4B4"];

/**
 * Bars of the gap closed with 95% intervals, best on top.
 * @throws {DataError} for a result of the new-model protocol
 */
export function gapFigure(result: Result): Figure {
  const { evaluation, competing, references, name } = splitOf(result);
  const single = references.find((r) => r.router === "best-single")!;
  const gap = oracleQuality(evaluation) - single.mean.quality!;
  const bars = competing.filter((r) => r.mean.gap_closed !== null).map((r) =>
    barOf(r, againstSingle(evaluation, r.router), gap)
  );
  const ends = bars.flatMap((b) => [b.low, b.high, b.share]);
  const right = Math.max(0.02, ...ends), cut = cutOf(bars.map((b) => b.low), right);
  const left = Math.max(cut, Math.min(0, ...ends));
  const space = (right - left) * 0.05;
  const labels = labelsOf(bars.map((b) => b.router), name);
  const groups = ["above best single", "below best single", "no difference shown"];
  return {
    id: "gap",
    title: "How much of the gap from best single to oracle is closed",
    caption:
      "0 is the best single model, 100% the oracle that knows every outcome. Lines: 95% interval of the " +
      "difference to best single (paired over queries; none where independent units are too few). Blue and orange: significant after Holm " +
      "(p < .05); grey: no difference shown. Bars that go far to the left are cut, with their number.",
    data: groups.map((group, g) => {
      const own = bars.filter((b) => b.group === g);
      return {
        type: "bar",
        orientation: "h",
        name: group,
        showlegend: true,
        y: own.map((b) => labels.get(b.router)),
        x: own.map((b) => Math.max(b.share, cut)),
        marker: { color: COLORS[g] },
        error_x: {
          type: "data",
          symmetric: false,
          array: own.map((b) => b.share < cut ? null : b.high - b.share),
          arrayminus: own.map((b) => b.share < cut ? null : b.share - b.low),
          color: "#333333",
          thickness: 1,
          width: 3,
        },
        text: own.map((b) => b.share < cut ? `◂ ${percent(b.share)}` : ""),
        textposition: "inside",
        insidetextanchor: "end",
        insidetextfont: { color: "#FFFFFF", size: 11 },
        customdata: own.map(({ router }): Behind => ({ router })),
        hovertext: own.map((b) =>
          `${percent(b.share, 1)} [${percent(b.low, 1)}, ${percent(b.high, 1)}]`
        ),
        hovertemplate: "%{y}: %{hovertext}<extra></extra>",
      };
    }),
    layout: layout(`Gap closed · ${origin(result)}`, {
      height: 130 + 20 * Math.max(bars.length, 4),
      barmode: "overlay",
      bargap: 0.25,
      legend: { orientation: "h", y: -0.08, yanchor: "top" },
      margin: { l: 210, r: 20, t: 50, b: 70 },
      xaxis: {
        tickformat: ".0%",
        range: [left - space, right + space],
        zeroline: true,
        zerolinecolor: GREY,
      },
      yaxis: { ...rowAxis(bars.map((b) => labels.get(b.router))), ticks: "" },
    }),
  };
}

/** Where bars are cut on the left: one bad router would flatten all others. */
function cutOf(lows: readonly number[], right: number): number {
  const sorted = lows.toSorted((a, b) => a - b);
  return Math.min(-2 * right, 1.2 * (sorted[Math.floor(sorted.length / 4)] ?? 0));
}

interface Bar {
  readonly router: string;
  readonly share: number;
  readonly low: number;
  readonly high: number;
  /** Index of {@link COLORS}. */
  readonly group: number;
}

/** The bar's end is the table's number; its interval is that of Δ, in units of the gap. */
function barOf(
  { router, mean }: RouterReport,
  test: Comparison | undefined,
  gap: number,
): Bar {
  const share = mean.gap_closed!;
  if (!test || test.low === null || test.high === null || gap <= 0) {
    return { router, share, low: share, high: share, group: 2 };
  }
  return {
    router,
    share,
    low: share + (test.low - test.difference) / gap,
    high: share + (test.high - test.difference) / gap,
    group: !isSignificant(test) ? 2 : test.difference > 0 ? 0 : 1,
  };
}
