/**
 * What notebook cells end with, so that a figure or a table is shown: a picture for pages that run no scripts (GitHub),
 * the Plotly figure for those that can draw it, and words for all others.
 * @module
 */
import { png } from "../report/figures/draw.ts";
import type { Figure } from "../report/figures/figure.ts";
import { markdownTable, type TableColumn, textTable } from "../report/tables/text_table.ts";
import { PLOTLY } from "./notebook.ts";

/** Content by media type. */
export type Bundle = Readonly<Record<string, unknown>>;

/** What the kernel looks for in the value that a cell ends with. */
export const display: unique symbol = Symbol.for("Jupyter.display") as typeof display;

/** Something the kernel shows when a cell ends with it. */
export interface Shown {
  /** Asked by the kernel. */
  [display](): Promise<Bundle>;
}

/** A figure, with its caption. */
export function show(figure: Figure): Shown {
  const { title, caption, data, layout } = figure;
  return {
    [display]: async () => ({
      "image/png": (await png(figure, 1.5)).toBase64(),
      [PLOTLY]: slim({ data, layout }),
      "text/plain": `${title}\n${caption}`,
    }),
  };
}

/** Markdown in the place of a cell's output, for words with numbers that were computed. */
export function markdown(text: string): Shown {
  return {
    [display]: async () => ({ "text/markdown": text, "text/plain": text }),
  };
}

/**
 * A table. Numbers stand to the right.
 * @param rows one array a row, in the order of the columns; null and NaN are missing and shown as a dash
 * @param digits decimals of numbers that are not whole
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
