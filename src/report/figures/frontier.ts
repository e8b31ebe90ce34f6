/**
 * The accuracy-cost frontier of all routers: what every dollar buys, against single models, coin flips between
 * them, and the oracle.
 * @module
 */
import type { Comparison } from "../../evaluate/compare.ts";
import { improving } from "../../metrics/mod.ts";
import { type Evaluation, meanCurve, type RouterReport } from "../../evaluate/evaluate.ts";
import type { Result } from "../../results/result.ts";
import type { Behind, Figure, Trace } from "./figure.ts";
import { atEdge, type Edge, edgeLine, edgeOf, edgeTicks } from "./free.ts";
import { againstSingle, forward, meanOf, origin, type Selection, short, splitOf } from "./rows.ts";
import { AXIS, GREY, layout, lookOf, PALE } from "./style.ts";

/** US dollars per query → per 1,000 queries, the unit of the axis. */
const PER = 1000;

/** Share of the width of the left panel. */
const LEFT = 0.36;

/** A point of the picture. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Draws the frontier in two panels: everything, and the region where routers compete.
 *
 * @param selection rows in colour; default: those with the largest Area
 * @returns undefined where the result has no costs
 * @throws {DataError} for a result of the new-model protocol
 */
export function frontierFigure(result: Result, selection: Selection = {}): Figure | undefined {
  if (!result.dataset.priced) return undefined;
  const { evaluation, competing, references, name } = splitOf(result);
  const drawn = competing.filter((r) => r.seeds[0].curve.length > 1);
  const area = (r: RouterReport): number => r.mean.area ?? -Infinity;
  const leading = forward(
    drawn.toSorted((a, b) => area(b) - area(a)).map((r) => r.router),
    selection,
  );
  const zero = references.find((r) => r.router === "zero-router");
  const single = references.find((r) => r.router === "best-single");

  const singles = singleModels(evaluation.panels);
  const behind = drawn.filter((r) => !leading.has(r.router));
  const ahead = drawn.filter((r) => leading.has(r.router));
  const oracles = oraclePoints(evaluation.panels);
  const atCosts = [
    ...behind.map((r, i) =>
      lineTrace(r, name, PALE, "solid", i === 0 && `others (${behind.length})`)
    ),
    ...(zero ? [hullTrace(zero)] : []),
    singlesTrace(singles),
    oracleTrace(oracles),
    ...ahead.map((r) => {
      const { color, dash } = lookOf(r.router);
      return lineTrace(r, name, color, dash, short(name(r.router)));
    }),
    ...ahead.map((r) => chosenTrace(r, name, againstSingle(evaluation, r.router), single)),
  ];
  const region = ahead.length > 0 ? ahead : drawn;
  const tests = region.flatMap((r) => againstSingle(evaluation, r.router) ?? []);
  const edge = edgeOf(atCosts);
  const traces = edge ? atCosts.map((trace) => atEdge(trace, edge)) : atCosts;
  const zoom = competingRegion(region, tests, single, zero, edge);
  const zoomed = edge && zoom.x[0] < edge.at;
  return {
    id: "frontier",
    title: "What a dollar buys: accuracy-cost frontier",
    caption:
      "Each line is a router as λ (the price of cost) grows, from right to left, without points that a cheaper one beats; its large mark is the " +
      "configuration validation chose for score alone (λ = 0), with the 95% interval of its difference to " +
      "best single. Dotted: the zero router, a coin flip between single models (circles). Crosses: the oracle, " +
      "once with unsolved queries sent to the cheapest model, once with them free of charge. Left: everything; " +
      "right: where routers compete. Pale: other routers." +
      (edge ? " What costs nothing stands left of the dashed line." : ""),
    data: [...traces, ...traces.map(inSecondPanel)],
    layout: layout(`Accuracy-cost frontier · ${origin(result)}`, {
      height: 520,
      legend: { orientation: "h", y: -0.2, font: { size: 11 } },
      xaxis: { ...costAxis(), ...(edge && edgeTicks(edge, false)), domain: [0, LEFT - 0.05] },
      yaxis: { title: { text: "mean score" } },
      xaxis2: {
        ...costAxis(),
        ...AXIS,
        ...(edge && zoomed && edgeTicks(edge, true)),
        domain: [LEFT + 0.02, 1],
        range: zoom.x.map(Math.log10),
      },
      yaxis2: { ...AXIS, anchor: "x2", range: zoom.y },
      ...(edge && { shapes: [edgeLine(edge, "x"), ...(zoomed ? [edgeLine(edge, "x2")] : [])] }),
    }),
  };
}

function costAxis(): Record<string, unknown> {
  return { type: "log", title: { text: "$ per 1,000 queries" }, dtick: "D2", tickformat: "~g" };
}

function inSecondPanel(trace: Trace): Trace {
  return { ...trace, xaxis: "x2", yaxis: "y2", showlegend: false };
}

function lineTrace(
  { router, seeds }: RouterReport,
  name: (id: string) => string,
  color: string,
  dash: string,
  legend: string | false,
): Trace {
  const line = improving(meanCurve(seeds));
  return {
    type: "scatter",
    mode: "lines",
    name: legend || name(router),
    legendgroup: color === PALE ? "others" : router,
    showlegend: legend !== false,
    line: { color, dash, width: color === PALE ? 1 : 2, shape: "linear" },
    x: line.map((p) => p.cost * PER),
    y: line.map((p) => p.quality),
    customdata: line.map((): Behind => ({ router })),
    hovertemplate: `${name(router)}<br>%{y:.3f} at $%{x:.3g}<extra></extra>`,
  };
}

/** The headline decision with the interval of its difference to best single. */
function chosenTrace(
  { router, mean }: RouterReport,
  name: (id: string) => string,
  test: Pick<Comparison, "low" | "high"> | undefined,
  single: RouterReport | undefined,
): Trace {
  const { color, symbol } = lookOf(router);
  const base = single?.mean.quality ?? 0;
  return {
    type: "scatter",
    mode: "markers",
    name: name(router),
    legendgroup: router,
    showlegend: false,
    x: [mean.cost! * PER],
    y: [mean.quality],
    marker: { color, symbol, size: 10, line: { color: "#FFFFFF", width: 1 } },
    ...(test && test.low !== null && test.high !== null && {
      error_y: {
        type: "data",
        symmetric: false,
        array: [base + test.high - mean.quality!],
        arrayminus: [mean.quality! - base - test.low],
        color,
        thickness: 1,
        width: 3,
      },
    }),
    customdata: [{ router } satisfies Behind],
    hovertemplate: `${name(router)}, λ = 0<br>%{y:.3f} at $%{x:.3g}<extra></extra>`,
  };
}

function hullTrace({ router, seeds }: RouterReport): Trace {
  const line = improving(meanCurve(seeds));
  return {
    type: "scatter",
    mode: "lines",
    name: "zero router",
    line: { color: GREY, dash: "dot", width: 1.5 },
    x: line.map((p) => p.cost * PER),
    y: line.map((p) => p.quality),
    customdata: line.map((): Behind => ({ router })),
    hovertemplate: "zero router<br>%{y:.3f} at $%{x:.3g}<extra></extra>",
  };
}

type Panels = Evaluation["panels"];

/** Single models with their means over the seeds; those without a cost are left out. */
function singleModels(panels: Panels): (Point & { model: string })[] {
  return panels[0].models.flatMap(({ model, cost }, m) =>
    cost === null ? [] : [{
      model,
      x: PER * meanOf(panels, (p) => p.models[m].cost!),
      y: meanOf(panels, (p) => p.models[m].quality),
    }]
  );
}

function singlesTrace(singles: readonly (Point & { model: string })[]): Trace {
  return {
    type: "scatter",
    mode: "markers",
    name: "single models",
    x: singles.map((s) => s.x),
    y: singles.map((s) => s.y),
    text: singles.map((s) => s.model),
    marker: { symbol: "circle-open", size: 7, color: GREY },
    customdata: singles.map(({ model }): Behind => ({ model })),
    hovertemplate: "%{text} alone<br>%{y:.3f} at $%{x:.3g}<extra></extra>",
  };
}

function oraclePoints(panels: Panels): (Point & { text: string })[] {
  const quality = meanOf(panels, (p) => p.oracle.sample);
  return ([["oracleCost", "unsolved to the cheapest"], [
    "oracleCostZero",
    "unsolved free",
  ]] as const)
    .filter(([key]) => panels.every((p) => p[key] !== null))
    .map(([key, text]) => ({ x: PER * meanOf(panels, (p) => p[key]!), y: quality, text }));
}

function oracleTrace(points: readonly (Point & { text: string })[]): Trace {
  return {
    type: "scatter",
    mode: "markers",
    name: "oracle",
    x: points.map((p) => p.x),
    y: points.map((p) => p.y),
    text: points.map((p) => p.text),
    marker: { symbol: "x", size: 9, color: ["#000000", GREY] },
    hovertemplate: "oracle, %{text}<br>%{y:.3f} at $%{x:.3g}<extra></extra>",
  };
}

/** The upper half of what routers span, with room for intervals. */
function competingRegion(
  routers: readonly RouterReport[],
  tests: readonly Pick<Comparison, "low" | "high">[],
  single: RouterReport | undefined,
  zero: RouterReport | undefined,
  edge: Edge | undefined,
): { x: [number, number]; y: [number, number] } {
  const line = routers.flatMap((r) => improving(meanCurve(r.seeds)));
  const base = single?.mean.quality ?? 0;
  const top = Math.max(
    ...line.map((p) => p.quality),
    base,
    ...tests.flatMap((t) => t.high === null ? [] : [base + t.high]),
  );
  const bottom = Math.min(
    ...(zero ? improving(meanCurve(zero.seeds)) : line).map((p) => p.quality),
  );
  const floor = Math.min(
    top - (top - bottom) * 0.45,
    ...tests.flatMap((t) => t.low === null ? [] : [base + t.low]),
  );
  const shown = line.filter((p) => p.quality >= floor).map((p) => p.cost * PER);
  const costs = [...shown, ...(single ? [single.mean.cost! * PER] : [])]
    .flatMap((cost) => cost > 0 ? [cost] : edge ? [edge.at] : []);
  return {
    x: [Math.min(...costs) / 1.1, Math.max(...costs) * 1.15],
    y: [floor, top + (top - floor) * 0.04],
  };
}
