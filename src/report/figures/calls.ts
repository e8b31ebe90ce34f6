/**
 * Frontiers by what records say of single calls: seconds, and dollars with a prompt cache.
 * @module
 */
import {
  cachedCostOf,
  type CallFacts,
  type Price,
  pricedPoints,
  secondsOf,
} from "../../evaluate/calls.ts";
import { decidedIn, seedRows } from "../../evaluate/decisions.ts";
import { earnedBy } from "../../evaluate/earn.ts";
import { type CurvePoint, improving } from "../../metrics/mod.ts";
import type { OutcomeTable } from "../../outcomes/table.ts";
import { isNewModel, type OpenedResult } from "../../results/result.ts";
import type { Behind, Figure, Trace } from "./figure.ts";
import { forward, origin, type Selection, short, splitOf } from "./rows.ts";
import { layout, lookOf, PALE } from "./style.ts";

/** A router by some price. */
interface Priced {
  readonly id: string;
  /** Headline first. */
  readonly points: readonly CurvePoint[];
}

/** The figures that the facts allow: by seconds, and with and without a prompt cache. */
export function callFigures(
  opened: OpenedResult,
  table: OutcomeTable,
  { seconds, cache }: CallFacts,
  selection: Selection = {},
): Figure[] {
  const { result } = opened;
  if (isNewModel(result.evaluation)) return [];
  const draw = drawing(opened, table, selection);
  const dollars: Price = (decisions, column, seed) => earnedBy(decisions, column, seed).cost!;
  const bySeconds: Price = (decisions, column, seed) =>
    secondsOf(decisions, column, seed, seconds!);
  const cached: Price = (decisions, column, seed) => cachedCostOf(decisions, column, seed, cache!);
  return [
    ...(seconds
      ? [{
        id: "frontier-seconds",
        title: "What a second buys: score against latency",
        caption:
          "Mean seconds from the call to the whole reply, as recorded; of a router that asks several models, the sum " +
          "of its calls. Each line is a router as λ (the price of dollars, not of seconds) grows, without points " +
          "that a faster one beats; the mark is λ = 0. Pale: other routers.",
        data: draw(bySeconds, 1, "solid", "%{x:.3g} s"),
        layout: layout(`Score and seconds · ${origin(result)}`, {
          xaxis: { type: "log", title: { text: "seconds a query" } },
          yaxis: { title: { text: "mean score" } },
        }),
      }]
      : []),
    ...(cache && result.dataset.priced
      ? [{
        id: "frontier-cached",
        title: "What a dollar buys with a prompt cache, and without",
        caption:
          "Solid: a call finds in the cache the whole prompt of the latest earlier call to the same model in the " +
          "same conversation, as far as that turn is a test query, and pays the cached price for it; other models " +
          "share nothing. Dotted: every token at full price, as in all other figures. The mark is λ = 0.",
        data: [
          ...draw(dollars, 1000, "dot", "$%{x:.3g} without a cache"),
          ...draw(cached, 1000, "solid", "$%{x:.3g}"),
        ],
        layout: layout(`Score and dollars, prompts cached · ${origin(result)}`, {
          xaxis: { type: "log", title: { text: "$ per 1,000 queries" } },
          yaxis: { title: { text: "mean score" } },
        }),
      }]
      : []),
  ];
}

/** Draws all competing rows by a price: the best few in colour. */
function drawing(
  { result, entries, splits }: OpenedResult,
  table: OutcomeTable,
  selection: Selection,
): (price: Price, per: number, dash: string, unit: string) => Trace[] {
  const { competing, name } = splitOf(result), seeds = seedRows(table, splits);
  const leading = forward(competing.map(({ router }) => router), selection);
  const decided = competing.map(({ router }) => ({
    id: router,
    own: seeds.map((seed) => decidedIn(entries, router, seed)),
  }));
  return (price, per, dash, unit) =>
    decided.map(({ id, own }): Priced => ({ id, points: pricedPoints(own, seeds, price) }))
      .filter(({ points }) => points.length > 0)
      .toSorted((a, b) => Number(leading.has(a.id)) - Number(leading.has(b.id)))
      .map(({ id, points }) => {
        const [headline] = points, line = improving(points);
        const ahead = leading.has(id), { color, symbol } = lookOf(id);
        return {
          type: "scatter",
          mode: "lines+markers",
          name: short(name(id)),
          legendgroup: id,
          showlegend: ahead && dash === "solid",
          line: { color: ahead ? color : PALE, dash, width: ahead ? 2 : 1 },
          x: [...line, headline].map(({ cost }) => per * cost).toSpliced(line.length, 0, NaN),
          y: [...line, headline].map(({ quality }) => quality).toSpliced(line.length, 0, NaN),
          marker: {
            color: ahead ? color : PALE,
            symbol,
            size: [...line.map(() => 0), 0, ahead ? 10 : 5],
          },
          customdata: [...line, headline, headline].map((): Behind => ({ router: id })),
          hovertemplate: `${name(id)}<br>%{y:.3f} at ${unit}<extra></extra>`,
        };
      });
}
