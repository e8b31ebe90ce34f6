/**
 * Where routers lose: regret by how many models solve a query.
 * @module
 */
import { overSeeds } from "../../metrics/mod.ts";
import type { RouterReport } from "../../evaluate/evaluate.ts";
import type { Result } from "../../results/result.ts";
import { percent } from "../tables/numbers.ts";
import type { Behind, Figure, Trace } from "./figure.ts";
import { forward, meanOf, origin, type Selection, short, splitOf } from "./rows.ts";
import { AXIS, GREY, layout, lookOf } from "./style.ts";

/** Most groups on the axis. */
const GROUPS = 10;

/** Neighbouring numbers of solvers, taken together. */
interface Group {
  readonly from: number;
  readonly to: number;
}

/**
 * Above, the regret of best single (the oracle's score less its own) by the number of models that solve the
 * query; below, what each router makes good of it. Queries that no model solves are out of everybody's reach
 * and left out.
 *
 * @param selection routers drawn; default: the five best
 * @throws {DataError} for a result of the new-model protocol
 */
export function regretFigure(result: Result, selection: Selection = {}): Figure {
  const { competing, references, name } = splitOf(result);
  const ahead = forward(competing.slice(0, 5).map((r) => r.router), selection);
  const single = references.find((r) => r.router === "best-single")!;
  const most = Math.max(...single.seeds.flatMap((s) => s.regret.map((g) => g.solvers)));
  const groups = groupsOf(most).filter((g) => perSeed(single, g).length > 0);
  const base = groups.map((g) => summed(single, g));
  const total = base.reduce((sum, b) => sum + b.queries, 0);
  const labels = groups.map(({ from, to }, i) =>
    `${from === to ? from : `${from}–${to}`}<br>${percent(base[i].queries / total)}`
  );
  const behind = (router: string): Behind[] =>
    groups.map((g) => ({ router, solvers: g.from, solversTo: g.to }));
  return {
    id: "regret",
    title: "Where routers lose: regret by how many models solve the query",
    caption:
      "Grey: regret of always asking the best single model, that is the oracle's score less its own, on " +
      "queries that so many models of the pool answer rightly (below the axis: their share of these queries). " +
      "Lines: how much of it each router makes good; below 0 it makes it worse. Means over seeds, bars ± " +
      "standard deviation over seeds.",
    data: [
      {
        type: "bar",
        name: "best single's regret",
        x: labels,
        y: base.map((b) => b.regret),
        yaxis: "y2",
        marker: { color: "#B4B4B4" },
        customdata: behind("best-single"),
        hovertemplate: "best single: regret %{y:.3f}<extra></extra>",
      },
      ...competing.filter((r) => ahead.has(r.router)).map((r) => ({
        ...lineTrace(r, single, groups, short(name(r.router))),
        x: labels,
        customdata: behind(r.router),
      })),
    ],
    layout: layout(`Regret · ${origin(result)}`, {
      height: 520,
      xaxis: { title: { text: "models that solve the query" }, type: "category", anchor: "y" },
      yaxis: {
        title: { text: "made good" },
        domain: [0, 0.56],
        zeroline: true,
        zerolinecolor: GREY,
      },
      yaxis2: {
        ...AXIS,
        title: { text: "best single's regret" },
        domain: [0.64, 1],
        rangemode: "tozero",
      },
      legend: { orientation: "h", y: -0.22, yanchor: "top" },
    }),
  };
}

/** Best single's regret less the router's, seed by seed on the same queries. */
function lineTrace(
  row: RouterReport,
  single: RouterReport,
  groups: readonly Group[],
  name: string,
): Trace {
  const { color, dash, symbol } = lookOf(row.router);
  const means = groups.map((g) => {
    const own = perSeed(row, g), other = perSeed(single, g);
    return overSeeds(Float64Array.from(own, (s, i) => other[i].regret - s.regret));
  });
  return {
    type: "scatter",
    mode: "lines+markers",
    name,
    y: means.map((m) => m.mean),
    line: { color, dash, width: 2 },
    marker: { color, symbol, size: 7 },
    error_y: { type: "data", array: means.map((m) => m.sd ?? 0), color, thickness: 1, width: 2 },
    hovertemplate: `${name}: %{y:+.3f}<extra></extra>`,
  };
}

/** 1, 2, 3, …, or ranges of equal width where there are many models. */
function groupsOf(most: number): Group[] {
  const width = Math.ceil(most / GROUPS);
  return Array.from({ length: Math.ceil(most / width) }, (_, i) => ({
    from: 1 + i * width,
    to: Math.min(most, (i + 1) * width),
  }));
}

/** Mean regret and queries of a group, seed by seed; seeds without such queries are left out. */
function perSeed(
  { seeds }: RouterReport,
  { from, to }: Group,
): { regret: number; queries: number }[] {
  return seeds.map(({ regret }) => {
    const own = regret.filter((g) => g.solvers >= from && g.solvers <= to);
    const queries = own.reduce((sum, g) => sum + g.queries, 0);
    return { queries, regret: own.reduce((sum, g) => sum + g.queries * g.regret, 0) / queries };
  }).filter((s) => s.queries > 0);
}

/** Mean regret over the seeds and queries of all of them. */
function summed(row: RouterReport, group: Group): { regret: number; queries: number } {
  const seeds = perSeed(row, group);
  return {
    regret: meanOf(seeds, (s) => s.regret),
    queries: seeds.reduce((sum, s) => sum + s.queries, 0),
  };
}
