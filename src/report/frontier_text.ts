/**
 * The accuracy-cost frontier drawn in text.
 * @module
 */
import { meanCurve, type RouterReport } from "../results/evaluate.ts";
import { digits, money } from "./leaderboard.ts";

const WIDTH = 84, HEIGHT = 15;

/**
 * Draws curves (mean over seeds) on a logarithmic cost axis: `·` along the zero router's hull, `o` single
 * models, a letter per router. Later routers cover earlier ones.
 *
 * @returns undefined when there is nothing to draw
 */
export function frontierText(
  routers: readonly RouterReport[],
  models: readonly { readonly cost: number | null; readonly quality: number }[],
  names: ReadonlyMap<string, string>,
): string | undefined {
  const curves = routers.filter((r) => r.seeds[0].curve.length > 0)
    .map((r) => ({ id: r.router, points: meanCurve(r.seeds) }));
  const singles = models.filter((m): m is { cost: number; quality: number } =>
    m.cost !== null && m.cost > 0
  );
  const everything = [...curves.flatMap((c) => c.points), ...singles].filter((p) => p.cost > 0);
  if (everything.length === 0) return undefined;
  const range = (values: number[]): [number, number] => [Math.min(...values), Math.max(...values)];
  const [left, right] = range(everything.map((p) => Math.log(p.cost)));
  const [bottom, top] = range(everything.map((p) => p.quality));
  const grid = Array.from({ length: HEIGHT }, () => new Array<string>(WIDTH).fill(" "));
  const plot = (p: { cost: number; quality: number }, mark: string): void => {
    if (!(p.cost > 0)) return;
    const x = Math.round(
      (WIDTH - 1) * (right > left ? (Math.log(p.cost) - left) / (right - left) : 0),
    );
    const y = Math.round((HEIGHT - 1) * (top > bottom ? (top - p.quality) / (top - bottom) : 0));
    grid[y][x] = mark;
  };
  const drawn = curves.filter((c) => c.points.length > 2 && c.id !== "zero-router");
  const legend: string[] = [];
  curves.find((c) => c.id === "zero-router")?.points.forEach((p) => plot(p, "·"));
  drawn.forEach(({ id, points }, i) => {
    const mark = String.fromCharCode(65 + i);
    legend.push(`${mark} ${names.get(id) ?? id}`);
    points.forEach((p) => plot(p, mark));
  });
  singles.forEach((p) => plot(p, "o"));
  const label = (y: number): string =>
    y === 0 ? digits(top) : y === HEIGHT - 1 ? digits(bottom) : "";
  const low = `$${money(Math.exp(left))}`, high = `$${money(Math.exp(right))} per 1,000 queries`;
  return [
    ...grid.map((row, y) => `${label(y).padStart(6)} │${row.join("").trimEnd()}`),
    `       └${"─".repeat(WIDTH)}`,
    `        ${low}${high.padStart(WIDTH - low.length)}`,
    ...wrap(["· zero router", "o single model", ...legend], 92).map((line) => `        ${line}`),
  ].join("\n");
}

/** Joins words with three spaces into lines of at most `width` characters. */
function wrap(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 3 + word.length <= width) {
      lines[lines.length - 1] = `${last}   ${word}`;
    } else lines.push(word);
  }
  return lines;
}
