/**
 * Tables as files: CSV (commas, semicolons or tabs), TSV, or parquet that is not laid out as records.
 * @module
 */
import { asyncBufferFromFile, parquetMetadataAsync, parquetSchema } from "hyparquet";
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { DataError } from "../base/errors.ts";
import { readBytes, unpack } from "../base/files.ts";
import { parseCsvLines } from "./importers/csv.ts";
import type { ImportLog } from "./importers/importer.ts";
import { recordLine } from "./importers/python.ts";
import {
  type Cell,
  describeColumns,
  importCommand,
  readColumns,
  type Sheet,
  tableRecords,
  type ToldColumns,
} from "./importers/table.ts";
import { parquetRows } from "./parquet.ts";
import type { OutcomeRecord } from "./record.ts";

const TEXT = /\.(csv|tsv)(\.gz)?$/;

/** Whether a file is a table: by its name, or as parquet without the columns of records. */
export async function isTable(path: string): Promise<boolean> {
  if (TEXT.test(path)) return true;
  if (!path.endsWith(".parquet")) return false;
  try {
    const schema = parquetSchema(await parquetMetadataAsync(await asyncBufferFromFile(path)));
    const columns = schema.children.map(({ element }) => element.name);
    return !columns.some((name) => name === "scores" || name.startsWith("scores:"));
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false; // damaged: the reader of records says how
  }
}

/** Records of a table, and how its columns were taken. */
export interface TableRecords {
  /** In row order. */
  readonly list: OutcomeRecord[];
  /** Length of the list. */
  readonly records: number;
  /** The one file. */
  readonly files: readonly string[];
  /** Of the records as lines, so that a table and the records written from it are the same data. */
  readonly sha256: string;
  /** What the columns were taken for, one line for a person. */
  readonly how: string;
  /** What was read and left out. */
  readonly log: ImportLog;
}

/**
 * Reads a table. Its hash is that of the records it makes, so that a table and the records written from
 * it are the same data.
 * @throws {DataError} naming file and line; where it cannot be told which columns are what, with the
 * command that tells
 * @throws {UsageError} for a column told that is not there
 */
export async function readTable(path: string, told: ToldColumns = {}): Promise<TableRecords> {
  const sheet = path.endsWith(".parquet") ? await openParquet(path) : await openText(path);
  const columns = readColumns(sheet, told);
  const stem = basename(path).replace(TEXT, "").replace(/\.parquet$/, "");
  if (columns.doubt !== undefined) {
    throw new DataError(
      `${path}: ${columns.doubt}; say which columns are what: ` +
        importCommand(path, columns, `${stem}.jsonl`),
    );
  }
  const log: ImportLog = { steps: [], dropped: {}, notes: [] };
  const list = tableRecords(sheet, columns, stem, log), hash = createHash("sha256");
  if (list.length === 0) throw new DataError(`${path}: expected rows with a score, got none`);
  for (const record of list) hash.update(recordLine(record) + "\n");
  const dropped = Object.entries(log.dropped).map(([why, rows]) =>
    `; ${rows} rows left out: ${why}`
  );
  return {
    list,
    records: list.length,
    files: [path],
    sha256: hash.digest("hex"),
    how: `${path}: ${describeColumns(columns, stem)}${dropped.join("")}`,
    log,
  };
}

async function openText(path: string): Promise<Sheet> {
  const read = await readBytes(path);
  const bytes = path.endsWith(".gz") ? unpack(read, path) : read;
  const rows: { line: number; cells: string[] }[] = [];
  let columns: string[] | undefined;
  for await (const { row, line } of parseCsvLines(pieces(bytes), path, separatorOf(bytes, path))) {
    if (columns === undefined) columns = row;
    else if (row.length === columns.length) rows.push({ line, cells: row });
    else {
      throw new DataError(
        `${path}:${line}: expected ${columns.length} fields, as the header has, got ${row.length}`,
      );
    }
  }
  if (columns === undefined) {
    throw new DataError(`${path}: expected a header row, got an empty file`);
  }
  return { file: path, columns, rows };
}

/** What separates the fields: tabs in `.tsv`, else the most frequent candidate of the header. */
function separatorOf(bytes: Uint8Array, path: string): string {
  if (/\.tsv(\.gz)?$/.test(path)) return "\t";
  const end = bytes.indexOf(10);
  const header = new TextDecoder().decode(bytes.subarray(0, end < 0 ? undefined : end))
    .replace(/"[^"]*"/g, "");
  const times = (mark: string): number => header.split(mark).length - 1;
  return [",", ";", "\t"].reduce((best, mark) => times(mark) > times(best) ? mark : best);
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 2 ** 20) yield bytes.subarray(at, at + 2 ** 20);
}

async function openParquet(path: string): Promise<Sheet> {
  let columns: string[] | undefined;
  const rows: { line: number; cells: Cell[] }[] = [];
  for await (const group of parquetRows(path)) {
    for (const row of group) {
      columns ??= Object.keys(row);
      rows.push({ line: rows.length + 1, cells: columns.map((name) => cellOf(row[name])) });
    }
  }
  return { file: path, columns: columns ?? [], rows };
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number" || typeof value === "boolean") return value;
  return typeof value === "string" ? value : JSON.stringify(value);
}
