/**
 * How many labelled queries a new model needs.
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { ArmReport } from "../../evaluate/evaluate_new_model.ts";
import { isNewModel, type Result } from "../../results/result.ts";
import type { Figure, Trace } from "./figure.ts";
import { forward, meanOf, namesOf, origin, type Selection, short } from "./rows.ts";
import { GREY, layout, lookOf, PALE } from "./style.ts";

/** What to draw of a new-model result. */
export interface BudgetSelection extends Selection {
  /** Models to choose from: all, or the new ones only. Default `all`. */
  readonly pool?: ArmReport["pool"];
}

/**
 * Score by the number of labelled queries per new model, on a logarithmic axis; each router's own way of
 * taking models in, and the best single model estimated from the same labels.
 *
 * @param selection rows in colour; default: the best on average
 * @returns undefined where no router took models in by n labels
 * @throws {DataError} for a result of another protocol
 */
export function budgetFigure(result: Result, selection: BudgetSelection = {}): Figure | undefined {
  const { evaluation, protocol } = result, pool = selection.pool ?? "all";
  if (!isNewModel(evaluation)) {
    throw new DataError(
      `budget curves need a result of new-model, this one is of ${protocol.name}`,
    );
  }
  const name = namesOf(result);
  const own = evaluation.arms.filter((a) =>
    a.pool === pool && a.n !== null && (a.arm === "zero-update" || a.arm === "fit-new-vector")
  );
  const curves = [...Map.groupBy(own, (a) => a.router)].map(([router, arms]) => ({
    router,
    arms: arms.toSorted((a, b) => a.n! - b.n!),
  }));
  const rivals = curves.filter((c) => c.router !== "best-single").sort((a, b) =>
    meanOf(b.arms, (arm) => arm.quality) - meanOf(a.arms, (arm) => arm.quality) ||
    (a.router < b.router ? -1 : 1)
  );
  const single = curves.find((c) => c.router === "best-single");
  const ahead = forward(rivals.map((c) => c.router), selection);
  const behind = rivals.filter((c) => !ahead.has(c.router));
  const sizes = [...new Set(own.map((a) => a.n!))].sort((a, b) => a - b);
  const bySize = new Map(single?.arms.map((a) => [a.n, a.quality]));
  const shown = own.filter((a) => ahead.has(a.router) || a.router === "best-single");
  if (rivals.length === 0) return undefined;
  const low = Math.min(...shown.map((a) => endOf(a, "low", bySize)));
  const high = Math.max(...shown.map((a) => endOf(a, "high", bySize)));
  return {
    id: pool === "all" ? "budget" : "budget-new",
    title: "How many labelled queries a new model needs" +
      (pool === "new" ? ", among new models only" : ""),
    caption:
      "Some models were never seen in training; each of them is known by n labelled queries only. " +
      "Lines: score of each router with its own way of taking models in, " +
      (pool === "all"
        ? "old and new models to choose from"
        : "only the new models to choose from") +
      ". Bars: 95% interval of the difference to the best single model estimated from the same n labels " +
      "(grey, dotted), which is the one to beat.",
    data: [
      ...behind.map((c, i) =>
        curveTrace(
          c.arms,
          short(name(c.router)),
          PALE,
          undefined,
          i === 0 && `others (${behind.length})`,
        )
      ),
      ...(single
        ? [curveTrace(single.arms, "best single, same labels", GREY, undefined, true)]
        : []),
      ...rivals.filter((c) => ahead.has(c.router)).map((c) =>
        curveTrace(c.arms, short(name(c.router)), lookOf(c.router).color, bySize, true)
      ),
    ],
    layout: layout(`Unseen models${pool === "new" ? ", new ones only" : ""} · ${origin(result)}`, {
      height: 470,
      xaxis: {
        type: "log",
        title: { text: "labelled queries per new model" },
        tickvals: sizes,
        ticktext: sizes.map(String),
      },
      yaxis: {
        title: { text: "mean score" },
        range: [low - (high - low) * 0.06, high + (high - low) * 0.06],
      },
    }),
  };
}

/** An end of the interval (the point itself where there is none): that of the difference, laid on the best single model with the same labels. */
function endOf(
  { n, quality, vsBestSingle }: ArmReport,
  side: "low" | "high",
  singles: ReadonlyMap<number | null, number>,
): number {
  const end = vsBestSingle?.[side] ?? null;
  if (!vsBestSingle || end === null) return quality;
  return (singles.get(n) ?? quality - vsBestSingle.difference) + end;
}

function curveTrace(
  arms: readonly ArmReport[],
  name: string,
  color: string,
  singles: ReadonlyMap<number | null, number> | undefined,
  legend: boolean | string,
): Trace {
  const [{ router }] = arms, look = lookOf(router);
  const reference = color === GREY, pale = color === PALE;
  return {
    type: "scatter",
    mode: pale ? "lines" : "lines+markers",
    name: typeof legend === "string" ? legend : name,
    showlegend: legend !== false,
    legendgroup: pale ? "others" : router,
    x: arms.map((a) => a.n),
    y: arms.map((a) => a.quality),
    line: { color, dash: reference ? "dot" : pale ? "solid" : look.dash, width: pale ? 1 : 2 },
    marker: { color, symbol: reference ? "circle" : look.symbol, size: reference ? 5 : 7 },
    ...(singles && {
      error_y: {
        type: "data",
        symmetric: false,
        array: arms.map((a) => Math.max(0, endOf(a, "high", singles) - a.quality)),
        arrayminus: arms.map((a) => Math.max(0, a.quality - endOf(a, "low", singles))),
        color,
        thickness: 1,
        width: 3,
      },
    }),
    hovertemplate: `${name}<br>%{y:.3f} from %{x} labels<extra></extra>`,
  };
}
