/**
 * What costs nothing on a logarithmic axis of costs: a marked place at its left edge, where zero cannot be.
 * @module
 */
import type { Layout, Trace } from "./figure.ts";
import { GREY } from "./style.ts";

/** Where on the axis free things stand, and the least cost that is paid. */
export interface Edge {
  /** Their place, in the unit of the axis. */
  readonly at: number;
  /** The least positive cost. */
  readonly least: number;
  /** The greatest cost. */
  readonly most: number;
}

/** The edge that these traces need; undefined where nothing is free, or all of it. */
export function edgeOf(traces: readonly Trace[]): Edge | undefined {
  const costs = traces.flatMap(({ x }) => x as readonly number[]);
  const paid = costs.filter((cost) => cost > 0);
  if (paid.length === 0 || paid.length === costs.length) return undefined;
  const least = Math.min(...paid), most = Math.max(...paid);
  return { at: least / Math.max(2, (most / least) ** 0.15), least, most };
}

/** The trace with its free points at the edge; what the mouse sees says that they cost nothing. */
export function atEdge(trace: Trace, { at }: Edge): Trace {
  const x = trace.x as readonly number[];
  if (x.every((cost) => cost > 0)) return trace;
  const template = String(trace.hovertemplate);
  return {
    ...trace,
    x: x.map((cost) => cost > 0 ? cost : at),
    hovertemplate: x.map((cost) => cost > 0 ? template : template.replace("$%{x:.3g}", "no cost")),
  };
}

/** Ticks of an axis with an edge: `free`, then 1, 2 and 5 times powers of ten; these alone where there are many. */
export function edgeTicks({ at, least, most }: Edge, fine: boolean): Layout {
  const decades = Math.ceil(Math.log10(most)) - Math.floor(Math.log10(least));
  const steps = fine || decades < 3 ? [1, 2, 5] : [1];
  const ticks = Array.from(
    { length: decades + 1 },
    (_, d) => steps.map((step) => step * 10 ** (Math.floor(Math.log10(least)) + d)),
  ).flat().map((tick) => Number(tick.toPrecision(3))).filter((tick) => tick >= least * 0.999);
  return { tickmode: "array", tickvals: [at, ...ticks], ticktext: ["free", ...ticks.map(String)] };
}

/** The line between what is free and what is not, on the given axis. */
export function edgeLine({ at, least }: Edge, axis: string): Layout {
  const x = Math.sqrt(at * least);
  return {
    type: "line",
    xref: axis,
    yref: "paper",
    x0: x,
    x1: x,
    y0: 0,
    y1: 1,
    line: { color: GREY, dash: "dash", width: 1 },
  };
}
