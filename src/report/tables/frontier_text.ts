/**
 * The accuracy-cost frontier drawn in text: at every cost, which router is best, and what a coin flip
 * between single models would reach.
 * @module
 */
import { type CurvePoint, improving, qualityAt } from "../../metrics/mod.ts";
import { meanCurve, type RouterReport } from "../../evaluate/evaluate.ts";
import { digits, money } from "./numbers.ts";
import { wrapped } from "./text_table.ts";

const HEIGHT = 14;

/** Columns before the drawing. */
const MARGIN = 8;

/** Columns of the drawing where there is room, and with its margin. */
const WIDEST = 84, FULL = 100;

/** Columns that models without a cost take at the left end, where a logarithmic axis has no zero. */
const FREE = 4;

/** Routers that never lead are named up to this many. */
const NAMED = 6;

/** Differences up to this size are ties: the earlier router leads. */
const TIE = 1e-9;

/**
 * Draws the upper envelope of the routers' curves (means over seeds) on a logarithmic cost axis. Each
 * column of the drawing is a budget; its letter is the router with the best quality for that money, `·`
 * the zero router, `o` a single model. What is free stands in the first column. Routers that never lead are
 * named or counted below.
 *
 * @param routers in the order that ties and letters follow; the zero router among them
 * @param models single models on the test rows
 * @param names printed names by router id
 * @param full columns of the window
 * @returns at most `full` and at most 100 columns wide; undefined when there is nothing to draw
 */
export function frontierText(
  routers: readonly RouterReport[],
  models: readonly { readonly cost: number | null; readonly quality: number }[],
  names: ReadonlyMap<string, string>,
  full = FULL,
): string | undefined {
  const room = Math.min(full, FULL) - MARGIN;
  const WIDTH = Math.min(room, WIDEST);
  const curves = routers.filter((r) => r.seeds[0].curve.length > 1)
    .map((r): Curve => ({ id: r.router, line: improving(meanCurve(r.seeds)) }));
  const singles = models.filter((m): m is CurvePoint => m.cost !== null);
  const everything = [...curves.flatMap((c) => c.line), ...singles];
  const paid = everything.map((p) => p.cost).filter((cost) => cost > 0);
  if (paid.length === 0) return undefined;

  const start = paid.length < everything.length ? FREE : 0;
  const left = Math.log(Math.min(...paid)), right = Math.log(Math.max(...paid));
  const qualities = everything.map((p) => p.quality);
  const bottom = Math.min(...qualities), top = Math.max(...qualities);
  const step = (right - left) / (WIDTH - 1 - start) || 1;
  const place = (cost: number): number =>
    cost > 0 ? start + Math.round((Math.log(cost) - left) / step) : 0;
  const grid = Array.from({ length: HEIGHT }, () => new Array<string>(WIDTH).fill(" "));
  const plot = (x: number, quality: number, mark: string): void => {
    const share = top > bottom ? (top - quality) / (top - bottom) : 0;
    grid[Math.round((HEIGHT - 1) * share)][x] = mark;
  };

  const coin = curves.find((c) => c.id === "zero-router");
  const rivals = curves.filter((c) => c !== coin);
  const leads = Array.from({ length: WIDTH }, (_, x) => {
    if (x > 0 && x < start) return undefined;
    const budget = x < start ? 0 : Math.exp(left + (x - start) * step) * (1 + TIE);
    if (coin && budget >= coin.line[0].cost) plot(x, qualityAt(coin.line, budget), "·");
    return leader(rivals, budget);
  });
  const leaders = rivals.filter((r) => leads.some((lead) => lead?.curve === r));
  const letter = (i: number): string => String.fromCharCode(i < 26 ? 65 + i : 71 + i);
  leads.forEach((lead, x) => {
    if (lead) plot(x, lead.quality, letter(leaders.indexOf(lead.curve)));
  });
  for (const { cost, quality } of singles) {
    plot(place(cost), quality, "o");
  }

  const label = (y: number): string =>
    y === 0 || y === HEIGHT - 1 ? digits(y === 0 ? top : bottom) : "";
  const low = (start > 0 ? "$0".padEnd(FREE) : "") + `$${money(Math.exp(left))}`;
  const high = `$${money(Math.exp(right))} per 1,000 queries`;
  const name = ({ id }: Curve): string => names.get(id) ?? id;
  const behind = rivals.filter((r) => !leaders.includes(r)).map(name);
  const legend = [
    ...leaders.map((r, i) => `${letter(i)} ${name(r)}`),
    ...(coin ? ["· zero router"] : []),
    "o single model",
  ].map((entry) => entry.replaceAll(" ", "\u00a0"));
  return [
    ...grid.map((row, y) => `${label(y).padStart(6)} │${row.join("").trimEnd()}`),
    `       └${start > 0 ? "─┄┄┄" : ""}${"─".repeat(WIDTH - start)}`,
    `        ${low}${high.padStart(WIDTH - low.length)}`,
    ...[
      ...wrapped(legend.join("   "), room).map((line) => line.trim()),
      ...(leaders.length > 0 ? ["a letter: the router that is best for that money"] : []),
      ...(behind.length > NAMED
        ? [`never best: ${behind.length} other routers`]
        : behind.length > 0
        ? wrapped(`never best: ${behind.join(", ")}`, room)
        : []),
    ].map((line) => `        ${line.replaceAll("\u00a0", " ")}`),
  ].join("\n");
}

/** A router's curve: points that improve on everything cheaper. */
interface Curve {
  readonly id: string;
  readonly line: readonly CurvePoint[];
}

/** The curve with the best quality for a budget; undefined where none is that cheap. */
function leader(
  curves: readonly Curve[],
  budget: number,
): { curve: Curve; quality: number } | undefined {
  let best: { curve: Curve; quality: number } | undefined;
  for (const curve of curves) {
    if (curve.line[0].cost > budget) continue;
    const quality = qualityAt(curve.line, budget);
    if (!best || quality > best.quality + TIE) best = { curve, quality };
  }
  return best;
}
