/**
 * A result for a terminal: a sentence, a table that fits the window, how to read it, and the frontier.
 * @module
 */
import { COMPARED_WITH } from "../../evaluate/compare.ts";
import type { Evaluation } from "../../evaluate/evaluate.ts";
import { isNewModel, type Result } from "../../results/result.ts";
import { type Leaderboard, leaderboard, MARKS } from "./leaderboard.ts";
import { newModelLegend, newModelTable, rivalsTable } from "./new_model_table.ts";
import { closingNotes, foldedNotes } from "./notes.ts";
import {
  frontierOf,
  headline,
  type PrintOptions,
  SPEED_COLUMNS,
  speedRows,
  type SpeedSheet,
} from "./print.ts";
import { sentenceOf } from "./sentence.ts";
import { shortened, spans, type Table, textTable, widthOf, wrapped } from "./text_table.ts";

/** Columns of a text that is not for a window: a file, a pipe, a notebook. */
export const PAGE_WIDTH: number = 100;

/** Longer lines of prose are hard to follow. */
const PROSE = 100;

/** Names are cut to this before a column goes: one long name is not to cost every row its numbers. */
const LONG_NAME = 32;

/** Columns that go first where a window is too narrow; the others stay. */
const DISPENSABLE: readonly string[] = [
  ...["top", "Area", "QNC", "gap", "$/1k", "vs"],
  ...["heap MB", "parameters", "single p95", "single p50"],
];

/** Columns of the window, where standard output is one; {@link PAGE_WIDTH} elsewhere. */
export function windowWidth(): number {
  try {
    return Deno.stdout.isTerminal() ? Math.max(60, Deno.consoleSize().columns) : PAGE_WIDTH;
  } catch {
    return PAGE_WIDTH; // a terminal without a size
  }
}

/** A result with everything that is printed of it. */
export function terminalReport(
  result: Result,
  speed?: SpeedSheet,
  options: PrintOptions = {},
): string {
  const { evaluation } = result, { width = windowWidth() } = options;
  const blocks = [`\n${prose(headline(result), width)}`, boardText(result, options)];
  if (isNewModel(evaluation)) return blocks.join("\n\n");
  if (speed && Object.keys(speed).length > 0) {
    blocks.push(fitted({ columns: SPEED_COLUMNS, rows: speedRows(result, speed) }, width).text);
  }
  const drawing = frontierOf(result, evaluation, width);
  if (drawing) blocks.push(drawing);
  return blocks.join("\n\n");
}

/** The sentence, the table and how to read it. */
export function boardText(
  result: Result,
  { width = windowWidth(), statements = false }: PrintOptions = {},
): string {
  const { evaluation } = result;
  const sentence = sentenceOf(result);
  const closing = statements ? closingNotes(result) : foldedNotes(result);
  return [
    ...(sentence ? [prose(sentence, width)] : []),
    ...(isNewModel(evaluation)
      ? [
        ...[
          newModelTable(result, evaluation, "all"),
          newModelTable(result, evaluation, "new"),
          rivalsTable(result, evaluation),
        ].flatMap((table) => table ? [newModelText(table, width)] : []),
        notesText([...newModelLegend(result), ...closing], width),
      ]
      : [splitText(result, evaluation, closing, width)]),
  ].join("\n\n");
}

function newModelText(table: Leaderboard, width: number): string {
  const sizes = table.columns.map(({ title }) => title).filter((title) => title.startsWith("n="));
  const { text, left } = fitted(table, width, sizes.filter((_, i) => i % 2 === 1).toReversed());
  return `${text}\n${notesText([...table.notes, ...narrow(left)], width)}`;
}

/** Says which columns are missing. */
function narrow(left: readonly string[]): string[] {
  return left.length > 0 ? [`the window is too narrow for: ${left.join(", ")}`] : [];
}

function splitText(
  result: Result,
  evaluation: Evaluation,
  closing: readonly string[],
  width: number,
): string {
  const board = leaderboard(result, evaluation);
  const { text, shown, left } = fitted(board, width);
  const notes = [
    ...reading(result, evaluation, board.rows, new Set(shown)),
    ...closing,
    ...narrow(left),
  ];
  return `${text}\n${notesText(notes, width)}`;
}

/** How to read the columns that are shown. */
function reading(
  { protocol, dataset }: Result,
  { comparisons }: Evaluation,
  rows: Table["rows"],
  shown: ReadonlySet<string>,
): string[] {
  const seeds = protocol.seeds.length, units = comparisons[0]?.units;
  const ends: readonly (number | null)[] = comparisons.map(({ low }) => low);
  const tested = ends.some((low) => low !== null);
  const compared = COMPARED_WITH.filter((id) => comparisons.some((c) => c.reference === id));
  const someSeeds = rows.some((cells) => cells.some((cell) => /\(\d+\/\d+\)$/.test(cell)));
  const columns = [
    ["gap", "way from best single to oracle"],
    ["$/1k", "dollars per 1,000 queries"],
    [
      "QNC",
      `cost for best single's quality${
        someSeeds ? ", (4/5): in 4 of 5 seeds, never: in none" : ""
      }`,
    ],
    ["Area", "under the curve of score by cost"],
    ["top", "share of the most used model"],
  ].filter(([title]) => shown.has(title));
  const sizes = units === undefined
    ? ""
    : `, paired over ${units} ${units === dataset.queries ? "queries" : "independent queries"}` +
      (tested ? "" : ": too few for an interval");
  return [
    `quality: mean${
      seeds > 1 ? ` ± sd over ${seeds} seeds` : ", one seed"
    }; Δ single: to best single${sizes}`,
    ...(shown.has("vs") && tested
      ? [
        `vs: Holm p < .05 against ${
          compared.map((id) => MARKS[id].join(" ")).join(", ")
        }; + better, − worse`,
      ]
      : []),
    columns.map(([title, meaning]) => `${title}: ${meaning}`).join("; "),
  ].filter((line) => line !== "");
}

/** A table within `width` columns: long names are cut, then columns go, then names are cut further. */
function fitted(
  table: Table,
  width: number,
  dispensable = DISPENSABLE,
): { readonly text: string; readonly shown: string[]; readonly left: string[] } {
  const left: string[] = [];
  let own = table;
  if (excessOf(own, width) > 0) own = named(own, LONG_NAME);
  for (const title of dispensable) {
    if (excessOf(own, width) <= 0) break;
    const at = own.columns.findIndex((column) => column.title === title);
    if (at < 0) continue;
    left.push(title);
    own = {
      columns: own.columns.toSpliced(at, 1),
      rows: own.rows.map((row) => row.length === 0 ? row : row.toSpliced(at, 1)),
    };
  }
  const excess = excessOf(own, width);
  if (excess > 0) own = named(own, Math.max(4, firstWidth(own) - excess));
  return {
    text: textTable(own.columns, own.rows),
    shown: own.columns.map(({ title }) => title),
    left,
  };
}

function excessOf({ columns, rows }: Table, width: number): number {
  return Math.max(...textTable(columns, rows).split("\n").map(widthOf)) - width;
}

function firstWidth({ columns, rows }: Table): number {
  return Math.max(
    widthOf(columns[0].title),
    ...rows.filter((row) => !spans(row)).map(([name = ""]) => widthOf(name)),
  );
}

function named({ columns, rows }: Table, longest: number): Table {
  const cut = shortened(columns[0].title, longest);
  return {
    columns: [{ ...columns[0], title: cut }, ...columns.slice(1)],
    rows: rows.map((row) =>
      row.length === 0 || spans(row) ? row : [shortened(row[0], longest), ...row.slice(1)]
    ),
  };
}

function prose(text: string, width: number): string {
  return wrapped(text, Math.min(width, PROSE)).join("\n");
}

function notesText(notes: readonly string[], width: number): string {
  return notes.flatMap((note) => wrapped(`  ${note}`, Math.min(width, PROSE), "    ")).join("\n");
}
