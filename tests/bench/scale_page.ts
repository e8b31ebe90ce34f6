/**
 * What `scale.ts` measured, as tables with fitted exponents and a figure: growth with queries and with models.
 *
 *     deno run -A --frozen tests/bench/scale_page.ts FOLDER [FIGURE.svg]
 *
 * Sizes of which most were measured with the same number of models are growth with queries, and the other way round.
 * An exponent is the slope of the least-squares line through the logarithms of all sizes of a stage.
 * @module
 */
import type { Stage } from "./scale.ts";

/** One stage at growing sizes. */
export interface Growth {
  readonly stage: string;
  /** Ascending sizes, CPU seconds and MiB. */
  readonly points: readonly {
    readonly size: number;
    readonly seconds: number;
    readonly mib: number;
  }[];
}

/** Slope of the line through log(size), log(value); NaN with fewer than two points. */
export function exponent(points: readonly (readonly [size: number, value: number])[]): number {
  const logs = points.map(([size, value]) => [Math.log(size), Math.log(value)]);
  const mean = (i: number): number => logs.reduce((sum, log) => sum + log[i], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  return logs.reduce((sum, log) => sum + (log[0] - x) * (log[1] - y), 0) /
    logs.reduce((sum, log) => sum + (log[0] - x) ** 2, 0);
}

/** Stages of all lines with one size fixed, in the order met; of lines that were measured again the last counts. */
export function growthOf(
  lines: readonly Stage[],
  along: "queries" | "models",
  fixed: number,
): Growth[] {
  const across = along === "queries" ? "models" : "queries";
  const own = lines.filter((line) => line[across] === fixed);
  return [...Map.groupBy(own, ({ stage }) => stage)].map(([stage, all]) => ({
    stage: stage.replace("fit and decide: ", ""),
    points: [...new Map(all.map((line) => [line[along], line])).values()]
      .sort((a, b) => a[along] - b[along])
      .map((line) => ({ size: line[along], seconds: line.seconds, mib: line.peakMiB })),
  })).filter(({ points }) => points.length > 1);
}

/** A Markdown table: a row a stage, seconds and MiB at every size, exponents of both. */
export function growthTable(growth: readonly Growth[], along: string): string {
  const sizes = [...new Set(growth.flatMap(({ points }) => points.map(({ size }) => size)))]
    .sort((a, b) => a - b);
  const rows = growth.map(({ stage, points }) => {
    const at = new Map(points.map((point) => [point.size, point]));
    const cells = sizes.map((size) => {
      const point = at.get(size);
      return point ? `${point.seconds.toFixed(1)} s, ${count(point.mib)} MiB` : "–";
    });
    const slope = exponent(points.map(({ size, seconds }) => [size, seconds]));
    return [stage, ...cells, slope.toFixed(2)];
  });
  const head = [along, ...sizes.map(count), "exponent"];
  return [head, head.map((_, c) => c === 0 ? "---" : "---:"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function count(n: number): string {
  return n.toLocaleString("en");
}

const COLORS = [
  "#0072B2",
  "#D55E00",
  "#009E73",
  "#CC79A7",
  "#56B4E9",
  "#8A6D00",
  "#555555",
  "#000000",
];

/** Log-log panels side by side, seconds against size; a dotted line where time grows as the size does. */
export function growthFigure(
  panels: readonly { title: string; growth: readonly Growth[] }[],
): string {
  const width = 430, height = 400, left = 60, top = 40, right = 130, bottom = 50;
  const drawn = panels.map(({ title, growth }, p) => {
    const points = growth.flatMap((g) => g.points);
    const span = (values: number[]): [number, number] => [
      Math.floor(Math.log10(Math.min(...values))),
      Math.ceil(Math.log10(Math.max(...values))),
    ];
    const [x0, x1] = span(points.map(({ size }) => size));
    const [y0, y1] = span(points.map(({ seconds }) => Math.max(0.01, seconds)));
    const x = (size: number): number =>
      p * (left + width + right) + left + width * (Math.log10(size) - x0) / (x1 - x0);
    const y = (seconds: number): number =>
      top + height * (1 - (Math.log10(Math.max(0.01, seconds)) - y0) / (y1 - y0));
    const decades = (from: number, to: number): number[] =>
      Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i));
    const grid = [
      ...decades(x0, x1).map((v) =>
        `<path d="M${x(v)} ${top}V${top + height}" class="grid"/>` +
        `<text x="${x(v)}" y="${top + height + 18}" text-anchor="middle">${count(v)}</text>`
      ),
      ...decades(y0, y1).map((v) =>
        `<path d="M${x(10 ** x0)} ${y(v)}h${width}" class="grid"/>` +
        `<text x="${x(10 ** x0) - 8}" y="${y(v) + 4}" text-anchor="end">${v}</text>`
      ),
    ];
    const ends = spread(growth.map(({ points }) => y(points.at(-1)!.seconds)));
    const lines = growth.map(({ stage, points }, g) => {
      const color = COLORS[g % COLORS.length], last = points.at(-1)!;
      const slope = exponent(points.map(({ size, seconds }) => [size, seconds]));
      return `<path d="M${
        points.map((at) => `${x(at.size).toFixed(1)} ${y(at.seconds).toFixed(1)}`).join("L")
      }" ` +
        `fill="none" stroke="${color}" stroke-width="2"/>` +
        points.map((at) =>
          `<circle cx="${x(at.size).toFixed(1)}" cy="${
            y(at.seconds).toFixed(1)
          }" r="3" fill="${color}"/>`
        )
          .join("") +
        `<text x="${(x(last.size) + 8).toFixed(1)}" y="${
          (ends[g] + 4).toFixed(1)
        }" fill="${color}">` +
        `${stage} ${slope.toFixed(2)}</text>`;
    });
    const one = Math.min(x1 - x0, y1 - y0);
    const even = `<path d="M${x(10 ** x0)} ${y(10 ** y0)}L${x(10 ** (x0 + one))} ${
      y(10 ** (y0 + one))
    }" class="even"/>`;
    return `<text x="${x(10 ** x0)}" y="20" class="title">${title}</text>${grid.join("")}${even}${
      lines.join("")
    }`;
  });
  const w = panels.length * (left + width + right), h = top + height + bottom;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" font-family="sans-serif" font-size="12">
<style>.grid{stroke:#ddd}.even{stroke:#999;stroke-dasharray:2 4;fill:none}.title{font-size:14px;font-weight:bold}</style>
<rect width="${w}" height="${h}" fill="#fff"/>
${drawn.join("\n")}
</svg>
`;
}

/** Heights of labels, moved apart where they would touch. */
function spread(heights: readonly number[]): number[] {
  const order = [...heights.keys()].sort((a, b) => heights[a] - heights[b]);
  const placed = [...heights];
  order.forEach((at, i) => {
    if (i > 0) placed[at] = Math.max(placed[at], placed[order[i - 1]] + 14);
  });
  return placed;
}

if (import.meta.main) {
  const [folder, figure] = Deno.args;
  const lines = Deno.readTextFileSync(`${folder}/scale.jsonl`).trim().split("\n")
    .map((line): Stage => JSON.parse(line));
  const usual = (of: "queries" | "models"): number => {
    const other = of === "queries" ? "models" : "queries";
    const partners = Map.groupBy(lines, (line) => line[of]);
    return [...partners].toSorted((a, b) =>
      new Set(b[1].map((l) => l[other])).size - new Set(a[1].map((l) => l[other])).size
    )[0][0];
  };
  const models = usual("models"), queries = usual("queries");
  // Two sizes are no growth, and these rows only frame a table.
  const shown = (growth: readonly Growth[]): Growth[] =>
    growth.filter(({ stage, points }) =>
      points.length > 2 && !["random", "best-single"].includes(stage)
    );
  const panels = [
    {
      title: `CPU seconds by queries, ${count(models)} models`,
      growth: shown(growthOf(lines, "queries", models)),
    },
    {
      title: `CPU seconds by models, ${count(queries)} queries`,
      growth: shown(growthOf(lines, "models", queries)),
    },
  ];
  console.log(growthTable(panels[0].growth, "queries"));
  console.log("\n" + growthTable(panels[1].growth, "models"));
  if (figure) Deno.writeTextFileSync(figure, growthFigure(panels));
}
