/**
 * What notebook cells end with, so that a figure or a table is shown: a picture for pages that run no scripts (GitHub),
 * the Plotly figure for those that can draw it, and words for all others.
 * @module
 */
import type { Figure, Layout, Trace } from "../report/figures/figure.ts";
import { layout } from "../report/figures/style.ts";
import { markdownTable, type TableColumn, textTable } from "../report/tables/text_table.ts";
import { CapabilityError, UsageError } from "../base/errors.ts";
import { writeAtomic } from "../base/files.ts";
import { PLOTLY } from "../jupyter/notebook.ts";

export { percent, signed } from "../report/tables/numbers.ts";

/** Content by media type. */
export type Bundle = Readonly<Record<string, unknown>>;

/** What the kernel looks for in the value that a cell ends with. */
export const display: unique symbol = Symbol.for("Jupyter.display") as typeof display;

/** Something the kernel shows when a cell ends with it. */
export interface Shown {
  /** Asked by the kernel. */
  [display](): Promise<Bundle>;
}

/** What `console.log` asks a value for its text. */
const inspect: unique symbol = Symbol.for("Deno.customInspect") as typeof inspect;

/** Something with a text of its own, in Markdown and for a terminal. */
export abstract class ShownText implements Shown {
  /** For pages. */
  abstract toMarkdown(): string;
  /** For terminals; what `console.log` prints. */
  abstract toString(): string;
  /** Asked by the Jupyter kernel. */
  async [display](): Promise<Bundle> {
    return { "text/markdown": this.toMarkdown(), "text/plain": this.toString() };
  }
  /** Asked by `console.log`. */
  [inspect](): string {
    return this.toString();
  }
}

/**
 * A figure that a notebook cell can end with, and a script can write.
 *
 * @example
 * ```ts ignore
 * await frontier(run).save("frontier.svg"); // or .png, or .html
 * ```
 */
export class ShownFigure implements Shown, Figure {
  /** File stem, stable. */
  readonly id: string;
  /** The question it answers or the thing it shows. */
  readonly title: string;
  /** How to read it. */
  readonly caption: string;
  /** Plotly traces. */
  readonly data: readonly Trace[];
  /** Plotly layout. */
  readonly layout: Layout;

  /** Takes a figure as it is. */
  constructor({ id, title, caption, data, layout }: Figure) {
    this.id = id;
    this.title = title;
    this.caption = caption;
    this.data = data;
    this.layout = layout;
  }

  /** As SVG text, drawn without a browser. */
  async svg(): Promise<string> {
    return await (await drawing()).svg(this);
  }

  /** As PNG bytes, with so many device pixels a pixel. */
  async png(scale = 2): Promise<Uint8Array> {
    return await (await drawing()).png(this, scale);
  }

  /** As a page of its own, interactive and without a network. */
  async html(): Promise<string> {
    const { PLOTLY } = await import("../report/html/client.ts");
    const text = (value: string): string => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    const json = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");
    return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${text(this.title)}</title>
<body style="font-family: sans-serif; max-width: 60rem; margin: 1rem auto">
<div id="figure"></div><p>${text(this.caption)}</p>
<script>${PLOTLY}</script>
<script>Plotly.newPlot("figure", ${json(this.data)}, ${json(this.layout)})</script>
</body></html>
`;
  }

  /**
   * Writes the figure, as the ending of the path says: `.svg`, `.png` or `.html`.
   * @throws {UsageError} for another ending
   */
  async save(path: string): Promise<void> {
    const ending = /\.\w+$/.exec(path)?.[0] ?? "";
    const content = ending === ".svg"
      ? await this.svg()
      : ending === ".html"
      ? await this.html()
      : ending === ".png"
      ? await this.png()
      : undefined;
    if (content === undefined) {
      throw new UsageError(`${path}: a figure is written as .svg, .png or .html, not "${ending}"`);
    }
    await writeAtomic(
      path,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  }

  /** Asked by the Jupyter kernel: a picture for pages that run no scripts, and the Plotly figure. */
  async [display](): Promise<Bundle> {
    return {
      "image/png": (await this.png(1.5)).toBase64(),
      [PLOTLY]: slim({ data: this.data, layout: this.layout }),
      "text/plain": `${this.title}\n${this.caption}`,
    };
  }
}

/**
 * A figure of your own in the look of the others.
 * @param own Plotly layout on top of the common one; `height` in pixels. An axis, or its `title`, may be just the
 * words of the title
 *
 * @example
 * ```ts
 * import { plot } from "icl-router-bench";
 * plot("Squares", "y = x²", [{ type: "scatter", x: [1, 2, 3], y: [1, 4, 9] }], {
 *   height: 300,
 *   xaxis: "x",
 *   yaxis: { title: "its square", type: "log" },
 * });
 * ```
 */
export function plot(
  title: string,
  caption: string,
  data: readonly Trace[],
  own: Layout & { readonly height?: number } = {},
): ShownFigure {
  const id = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
  const axes = Object.fromEntries(
    (["xaxis", "yaxis"] as const).filter((name) => name in own)
      .map((name) => [name, axisOf(own[name] as string | Layout)]),
  );
  return new ShownFigure({ id, title, caption, data, layout: layout(title, { ...own, ...axes }) });
}

/** An axis as Plotly wants it, whose titles are objects. */
function axisOf(own: string | Layout): Layout {
  if (typeof own === "string") return axisOf({ title: own });
  return typeof own.title === "string" ? { ...own, title: { text: own.title } } : own;
}

/** What draws figures. */
interface Drawing {
  svg(figure: Figure): Promise<string>;
  png(figure: Figure, scale: number): Promise<Uint8Array>;
}

/** Opened by a name that is made here, since its packages (40 MB) are not to be installed for a bench. */
async function drawing(): Promise<Drawing> {
  try {
    return await import(new URL("../report/figures/draw.ts", import.meta.url).href);
  } catch (error) {
    const [reason] = (error as Error).message.split("\n");
    throw new CapabilityError(
      `the packages that draw figures cannot be loaded; deno run --lock=full.lock has them: ${reason}`,
    );
  }
}

/**
 * Markdown as a cell's output, for words with numbers that were computed.
 *
 * @example
 * ```ts
 * import { markdown } from "icl-router-bench";
 * markdown(`Of ${3} models **${1}** is free.`);
 * ```
 */
export function markdown(text: string): Shown {
  return {
    [display]: async () => ({ "text/markdown": text, "text/plain": text }),
  };
}

/**
 * A table. Numbers are aligned to the right.
 * @param rows one array a row, in the order of the columns; null and NaN are missing and shown as a dash
 * @param digits decimals of numbers that are not whole
 *
 * @example
 * ```ts
 * import { table } from "icl-router-bench";
 * table(["model", "score"], [["small", 0.5], ["large", null]]);
 * ```
 */
export function table(
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
  digits = 3,
): Shown {
  const titled = columns.map((title, i): TableColumn => ({
    title,
    align: rows.some((row) => typeof row[i] === "number") ? "right" : "left",
  }));
  const cells = rows.map((row) => row.map((value) => cellText(value, digits)));
  return {
    [display]: async () => ({
      "text/markdown": markdownTable(titled, cells),
      "text/plain": textTable(titled, cells),
    }),
  };
}

/**
 * A figure's JSON for a committed file: numbers to six digits, and without what only the HTML report uses.
 */
function slim(value: unknown): unknown {
  if (typeof value === "number") {
    return Number.isFinite(value) ? Number(value.toPrecision(6)) : null;
  }
  if (Array.isArray(value)) return value.map(slim);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).filter(([key]) => key !== "customdata").map(([k, v]) => [k, slim(v)]),
  );
}

function cellText(value: unknown, digits: number): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (typeof value !== "number") return String(value);
  return Number.isInteger(value) ? String(value) : value.toFixed(digits).replace("-", "−");
}
