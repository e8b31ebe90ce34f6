/**
 * Whether a predicted quality of .7 is right seven times in ten.
 * @module
 */
import type { DecisionEntry } from "../../results/decision_file.ts";
import type { Result } from "../../results/result.ts";
import type { Figure } from "./figure.ts";
import { labelsOf, meanOf, origin, splitOf } from "./rows.ts";
import { layout, lookOf, rowAxis } from "./style.ts";

/** What calibration needs of a decision entry. */
export type Predicted = Pick<DecisionEntry, "router" | "predictions">;

/**
 * Expected calibration error (10 bins) against Brier score of every router whose predictions are
 * probabilities.
 *
 * @param decisions entries of the result's decision file
 * @returns undefined where no row has such predictions
 * @throws {DataError} for a result of the new-model protocol
 */
export function calibrationFigure(
  result: Result,
  decisions: readonly Predicted[],
): Figure | undefined {
  const { competing, name } = splitOf(result);
  const points = competing.flatMap(({ router }) => {
    const own = decisions.filter((d) => d.router === router).flatMap((d) => d.predictions ?? []);
    const known = own.filter((p) => p.calibrationError !== null && p.brier !== null);
    if (known.length === 0) return [];
    const errors = known.map((p) => p.calibrationError!);
    return [{
      router,
      error: meanOf(errors, (e) => e),
      brier: meanOf(known, (p) => p.brier!),
      low: Math.min(...errors),
      high: Math.max(...errors),
    }];
  }).sort((a, b) => a.error - b.error);
  if (points.length === 0) return undefined;
  const named = labelsOf(points.map((p) => p.router), name);
  const labels = points.map((p) => named.get(p.router)!);
  return {
    id: "calibration",
    title: "Can the predicted qualities be taken at their word?",
    caption:
      "Expected calibration error over 10 bins, mean over splits; bars from the least to the greatest " +
      "split. At .10 the mean prediction of a bin misses the mean score by ten points on average. Hollow: Brier score (mean squared error), " +
      "which also falls when predictions tell queries apart. Routers that give ranks, not probabilities, have " +
      "no line. These numbers come from predictions, which are not kept, so `verify` cannot recompute them.",
    data: [
      {
        type: "scatter",
        mode: "markers",
        name: "calibration error",
        x: points.map((p) => p.error),
        y: labels,
        marker: { color: points.map((p) => lookOf(p.router).color), size: 9 },
        error_x: {
          type: "data",
          symmetric: false,
          array: points.map((p) => p.high - p.error),
          arrayminus: points.map((p) => p.error - p.low),
          color: "#666666",
          thickness: 1,
          width: 3,
        },
        customdata: points.map(({ router }) => ({ router })),
        hovertemplate: "%{y}: calibration error %{x:.3f}<extra></extra>",
      },
      {
        type: "scatter",
        mode: "markers",
        name: "Brier score",
        x: points.map((p) => p.brier),
        y: labels,
        marker: {
          symbol: "diamond-open",
          color: points.map((p) => lookOf(p.router).color),
          size: 8,
        },
        customdata: points.map(({ router }) => ({ router })),
        hovertemplate: "%{y}: Brier %{x:.3f}<extra></extra>",
      },
    ],
    layout: layout(`Calibration · ${origin(result)}`, {
      height: 150 + 20 * Math.max(points.length, 4),
      margin: { l: 210, r: 20, t: 50, b: 80 },
      legend: { orientation: "h", y: -0.1, yanchor: "top" },
      xaxis: { rangemode: "tozero" },
      yaxis: rowAxis(labels),
    }),
  };
}
