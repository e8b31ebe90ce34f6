/**
 * Who was asked, in which order, and what it cost: the paths of routers that read replies.
 * @module
 */
import type { TakenPath } from "../../evaluate/episodes.ts";
import type { EpisodeReport } from "../../results/episode_file.ts";
import type { Result } from "../../results/result.ts";
import { readersOf } from "../tables/episode_table.ts";
import type { Behind, Figure, Trace } from "./figure.ts";
import { meanOf, origin, short, splitOf } from "./rows.ts";
import { AXIS, layout, rowAxis, scaleColor } from "./style.ts";

/** Share of the width of the left panel. */
const LEFT = 0.62;

/** Steps in words; the last line of a router is whose reply it answers with. */
const STEPS = ["asked first", "second", "third"];

/** A stretch of a line. */
interface Stretch {
  readonly model: string;
  readonly from: number;
  readonly width: number;
}

/**
 * Draws a line for each call of each router, queries side by side in the same order on all lines of a router, so that
 * below a model stand those who were asked after it. Right: what the calls of the line cost.
 *
 * @returns undefined where no router visits models
 * @throws {DataError} for a result of the new-model protocol
 */
export function episodesFigure(result: Result, episodes: EpisodeReport): Figure | undefined {
  const { evaluation } = splitOf(result);
  const drawn = readersOf(result).flatMap(({ entry }) => {
    const own = episodes.routers.find(({ router }) => router === entry.id);
    return own ? [{ id: entry.id, name: short(entry.name), paths: sideBySide(own.paths) }] : [];
  });
  if (drawn.length === 0) return undefined;
  const models = evaluation.panels[0].models.map(({ model }, m) => ({
    model,
    cost: meanOf(evaluation.panels, (p) => p.models[m].cost!),
  })).sort((a, b) => a.cost - b.cost).map(({ model }) => model);
  const lines = drawn.flatMap(({ id, name, paths }) => {
    const all = paths.reduce((sum, { queries }) => sum + queries, 0);
    const calls = STEPS.slice(0, Math.max(...paths.map(({ asked }) => asked.length)));
    return [
      ...calls.map((step, at) => ({
        id,
        label: `${name}: ${step}`,
        queries: stretches(paths, (path) => path.asked[at], ({ queries }) => queries / all),
        dollars: paidAt(paths, at, models, all),
      })),
      {
        id,
        label: `${name}: answers`,
        queries: stretches(paths, ({ answer }) => answer, ({ queries }) => queries / all),
        dollars: [],
      },
    ];
  });
  const labels = lines.map(({ label }) => label);
  const bars = (of: "queries" | "dollars", model: string, color: string): Trace => {
    const own = lines.flatMap((line) =>
      line[of].filter((s) => s.model === model).map((s) => ({ ...s, ...line }))
    );
    const unit = of === "queries" ? "%{x:.1%} of queries" : "$%{x:.3g} per 1,000 queries";
    return {
      type: "bar",
      orientation: "h",
      name: short(model.split("/").at(-1)!, 24),
      legendgroup: model,
      showlegend: of === "queries",
      x: own.map(({ width }) => width),
      base: own.map(({ from }) => from),
      y: own.map(({ label }) => label),
      marker: { color, line: { color: "#FFFFFF", width: 0.5 } },
      customdata: own.map(({ id }): Behind => ({ router: id })),
      hovertemplate: `%{y}: ${model}<br>${unit}<extra></extra>`,
      ...(of === "dollars" && { xaxis: "x2" }),
    };
  };
  return {
    id: "episodes",
    title: "Who was asked, in which order, and what it cost",
    caption:
      "Routers that read replies, headline setting, all seeds. Left: each line is a call, the queries stand in the " +
      "same order on all lines of a router: below a model are those asked after it, white where it went no further. " +
      "The last line is whose reply became the answer. Right: what the calls of a line cost, over all queries. " +
      "Models from dark to light: cheap to dear.",
    data: (["queries", "dollars"] as const).flatMap((of) =>
      models.map((model, i) => bars(of, model, scaleColor(i, models.length)))
    ),
    layout: layout(`Episodes · ${origin(result)}`, {
      height: 210 + 24 * Math.max(labels.length, 4),
      barmode: "overlay",
      bargap: 0.15,
      margin: { l: 230, r: 20, t: 50, b: 150 },
      legend: {
        orientation: "h",
        y: -75 / (24 * Math.max(labels.length, 4)),
        yanchor: "top",
        traceorder: "normal",
        font: { size: 11 },
      },
      xaxis: {
        title: { text: "queries" },
        tickformat: ".0%",
        range: [0, 1],
        domain: [0, LEFT],
      },
      yaxis: { ...rowAxis(labels), ticks: "" },
      xaxis2: {
        ...AXIS,
        title: { text: "$ per 1,000 queries" },
        domain: [LEFT + 0.05, 1],
        rangemode: "tozero",
      },
    }),
  };
}

/** Paths with the same first calls next to each other, the more frequent first; those that stop come last. */
function sideBySide(paths: readonly TakenPath[]): TakenPath[] {
  const total = new Map<string, number>();
  const prefix = ({ asked }: TakenPath, to: number): string => asked.slice(0, to).join("\n");
  for (const path of paths) {
    for (let to = 1; to <= path.asked.length; to++) {
      const key = prefix(path, to);
      total.set(key, (total.get(key) ?? 0) + path.queries);
    }
  }
  return paths.toSorted((a, b) => {
    for (let to = 1; to <= Math.max(a.asked.length, b.asked.length); to++) {
      const [x, y] = [prefix(a, to), prefix(b, to)];
      if (to > a.asked.length || to > b.asked.length) return b.asked.length - a.asked.length;
      if (x !== y) return total.get(y)! - total.get(x)! || (x < y ? -1 : 1);
    }
    return b.queries - a.queries || (a.answer < b.answer ? -1 : 1);
  });
}

/** Neighbours of the same model as one stretch. */
function stretches(
  paths: readonly TakenPath[],
  model: (path: TakenPath) => string | undefined,
  width: (path: TakenPath) => number,
): Stretch[] {
  const out: Stretch[] = [];
  let from = 0;
  for (const path of paths) {
    const own = model(path), last = out.at(-1), wide = width(path);
    if (own !== undefined) {
      const touches = last?.model === own && Math.abs(last.from + last.width - from) < 1e-9;
      if (touches) out[out.length - 1] = { ...last, width: last.width + wide };
      else out.push({ model: own, from, width: wide });
    }
    from += wide;
  }
  return out;
}

/** Dollars per 1,000 queries that the calls of one step cost, model by model. */
function paidAt(
  paths: readonly TakenPath[],
  step: number,
  models: readonly string[],
  all: number,
): Stretch[] {
  let from = 0;
  return models.flatMap((model) => {
    const own = paths.filter(({ asked }) => asked[step] === model);
    const width = own.reduce((sum, { queries, paid }) => sum + queries * paid[step], 0) * 1000 /
      all;
    if (width === 0) return [];
    const stretch = { model, from, width };
    from += width;
    return [stretch];
  });
}
