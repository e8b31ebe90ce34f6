/**
 * CSV as Python's `csv` module reads it (dialect "excel"), streamed: quoted fields may hold commas,
 * doubled quotes and line ends; rows end in LF or CRLF; blank lines are skipped.
 *
 * Stricter in three points: a quote left open at the end of the file, a row with more or fewer fields
 * than the header and a lone CR in an unquoted field are errors, because each is what a torn file shows.
 *
 * By hand because the CSV reader of deno-std changes line ends inside quoted fields (docs/engine.md).
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { NativeFiles } from "./native.ts";

/** A CSV file opened: its header and its rows, which can be read once. */
export interface CsvTable {
  /** Column names. */
  readonly header: readonly string[];
  /** Position of a column. @throws {DataError} when there is none of that name */
  column(name: string): number;
  /** Data rows in file order, each as long as the header. */
  readonly rows: AsyncIterable<string[]>;
}

/**
 * Opens a CSV file.
 * @throws {DataError} naming path and row, now or while rows are read
 */
export async function openCsv(files: NativeFiles, path: string): Promise<CsvTable> {
  const rows = parseCsv(files.chunks(path), path);
  const first = await rows.next();
  if (first.done) throw new DataError(`${path}: expected a header row, got an empty file`);
  const header = first.value;
  return {
    header,
    column(name) {
      const at = header.indexOf(name);
      if (at >= 0) return at;
      throw new DataError(`${path}: expected a column "${name}", got ${header.join(", ")}`);
    },
    rows: sameLength(rows, header.length, path),
  };
}

async function* sameLength(
  rows: AsyncIterable<string[]>,
  length: number,
  path: string,
): AsyncGenerator<string[]> {
  let number = 1;
  for await (const row of rows) {
    number++;
    if (row.length !== length) {
      throw new DataError(`${path}: row ${number}: expected ${length} fields, got ${row.length}`);
    }
    yield row;
  }
}

const QUOTE = 34, LF = 10, CR = 13;

/** Where the reader stands inside a row. */
enum At {
  RowStart,
  FieldStart,
  Plain,
  Quoted,
  /** After a quote in a quoted field: its end, or the first half of a doubled quote. */
  Closing,
  /** After a CR outside quotes: only LF may follow. */
  LineEnd,
}

/** Rows of a CSV text in pieces, blank lines left out. */
export async function* parseCsv(
  pieces: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<string[], void> {
  for await (const { row } of parseCsvLines(pieces, path)) yield row;
}

/** A row and the line it begins on, from 1. */
export interface CsvRow {
  /** Its fields. */
  readonly row: string[];
  /** Differs from the row's number where fields hold line ends, or lines are blank. */
  readonly line: number;
}

/**
 * Rows of a CSV text in pieces with their lines, blank lines left out.
 * @param separator between fields, one character
 */
export async function* parseCsvLines(
  pieces: AsyncIterable<Uint8Array>,
  path: string,
  separator = ",",
): AsyncGenerator<CsvRow, void> {
  const comma = separator.charCodeAt(0);
  let row: string[] = [], field = "", state = At.RowStart;
  let number = 1, line = 1, began = 1;
  for await (const piece of decoded(pieces, path)) {
    const done: CsvRow[] = [];
    let start = 0; // of the text not yet moved into `field`
    let counted = 0; // of the text whose line ends are in `line`
    const lineAt = (end: number): number => {
      for (let at; (at = piece.indexOf("\n", counted)) >= 0 && at < end; counted = at + 1) line++;
      counted = Math.max(counted, end);
      return line;
    };
    const endField = (end: number): void => {
      row.push(field + piece.slice(start, end));
      field = "";
    };
    const endRow = (end: number): void => {
      endField(end);
      done.push({ row, line: began });
      row = [];
      number++;
    };
    for (let i = 0; i < piece.length; i++) {
      const code = piece.charCodeAt(i);
      if (state === At.RowStart) began = lineAt(i);
      if (state === At.Quoted) {
        i = piece.indexOf('"', i);
        if (i < 0) break;
        field += piece.slice(start, i);
        [start, state] = [i + 1, At.Closing];
        continue;
      }
      if (state === At.LineEnd) {
        if (code !== LF && code !== CR) {
          throw new DataError(`${path}: row ${number}: expected LF after CR outside quotes`);
        }
        [start, state] = [i + 1, code === LF ? At.RowStart : At.LineEnd];
        continue;
      }
      if (state === At.Closing && code === QUOTE) {
        [start, state] = [i, At.Quoted]; // the second of two quotes is kept
        continue;
      }
      if (state === At.RowStart && (code === LF || code === CR)) {
        [start, state] = [i + 1, code === CR ? At.LineEnd : At.RowStart];
      } else if (code === comma) {
        endField(i);
        [start, state] = [i + 1, At.FieldStart];
      } else if (code === LF || code === CR) {
        endRow(i);
        [start, state] = [i + 1, code === CR ? At.LineEnd : At.RowStart];
      } else if (code === QUOTE && (state === At.RowStart || state === At.FieldStart)) {
        [start, state] = [i + 1, At.Quoted];
      } else {
        state = At.Plain; // text after a closing quote joins the field, as in Python
      }
    }
    field += piece.slice(start);
    lineAt(piece.length);
    yield* done;
  }
  if (state === At.Quoted) {
    throw new DataError(
      `${path}: row ${number}: expected a closing quote, got the end of the file`,
    );
  }
  if (state !== At.RowStart && state !== At.LineEnd) yield { row: [...row, field], line: began };
}

async function* decoded(
  pieces: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const piece of pieces) yield decoder.decode(piece, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new DataError(`${path}: expected UTF-8 text, got other bytes`);
  }
}
