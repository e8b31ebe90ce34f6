/**
 * Parquet in: rows of a table become common records, one row group in memory at a time.
 *
 * Two layouts; a field has one or the other. *As the record*: a column for each field of `record.ts`, where an
 * object (`scores`, `tokens`, `costs`, …) is a JSON string, a struct or a map. *Wide*: one column for
 * each model and number, named `scores:MODEL`, `target:MODEL`, `costs:MODEL`, `tokens_in:MODEL`, `tokens_out:MODEL`.
 * Null means absent; NaN is an error. Rows are checked as strictly as lines, under their row number.
 * @module
 */
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetReadObjects,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { DataError } from "../base/errors.ts";
import { checkRecord } from "./parse.ts";
import type { OutcomeRecord } from "./record.ts";

/**
 * Streams the rows of a parquet file as records, with their row numbers from 1.
 * @throws {DataError} naming file and row
 */
export async function* readParquet(
  file: string,
): AsyncGenerator<{ record: OutcomeRecord; line: number }> {
  let line = 0;
  for await (const rows of parquetRows(file)) {
    for (const row of rows) {
      const where = { file, line: ++line };
      yield { record: checkRecord(recordFromRow(row, `${file}:${line}`), where), line };
    }
  }
}

type Row = Record<string, unknown>;

/**
 * Rows of a parquet file, one row group at a time.
 * @throws {DataError} for damaged data
 */
export async function* parquetRows(path: string): AsyncGenerator<Record<string, unknown>[]> {
  yield* rowGroups(() => asyncBufferFromFile(path), path);
}

/**
 * Rows of a parquet file in memory, one row group at a time, with values as JSON has them: 64-bit integers are
 * numbers, nulls are left out.
 * @param columns to read; all unless told
 * @throws {DataError} for damaged data
 */
export async function* parquetValues(
  bytes: Uint8Array,
  where: string,
  columns?: string[],
): AsyncGenerator<Record<string, unknown>[]> {
  const { buffer, byteOffset, byteLength } = bytes;
  const file = {
    byteLength,
    slice: (from: number, to = byteLength) =>
      buffer.slice(byteOffset + from, byteOffset + to) as ArrayBuffer,
  };
  for await (const rows of rowGroups(() => Promise.resolve(file), where, columns)) {
    yield rows.map((row) => plain(row) as Record<string, unknown>);
  }
}

async function* rowGroups(
  open: () => Promise<AsyncBuffer>,
  path: string,
  columns?: string[],
): AsyncGenerator<Record<string, unknown>[]> {
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const parsers = { stringFromBytes: (bytes: Uint8Array) => bytes && utf8.decode(bytes) };
  let rowStart = 0;
  try {
    const file = await open();
    const metadata = await parquetMetadataAsync(file);
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      const rows = await parquetReadObjects({
        file,
        metadata,
        compressors,
        parsers,
        columns,
        rowStart,
        rowEnd,
      });
      if (rows.length !== rowEnd - rowStart) throw new Error(`${rows.length} rows were read`);
      yield rows;
      rowStart = rowEnd;
    }
  } catch (error) {
    throw new DataError(
      `${path}: damaged parquet data after row ${rowStart}: ${(error as Error).message}`,
    );
  }
}

const WIDE = /^(scores|target|costs|tokens_in|tokens_out):(.+)$/s;

/** Fields whose JSON form is an object or a list, so that a string in their column is JSON. */
const NESTED = new Set([
  "scores",
  "target",
  "tokens",
  "costs",
  "repeats",
  "prices",
  "latency_ms",
  "responses",
  "documents",
  "scores_rag",
  "tokens_rag",
  "costs_rag",
  "messages",
]);

function recordFromRow(row: Row, where: string): Row {
  const record: Row = {};
  const wide = new Map<string, Row>();
  for (const [column, raw] of Object.entries(row)) {
    const value = plain(raw);
    if (value === undefined) continue;
    const [, kind, model] = WIDE.exec(column) ?? [];
    if (kind) setCell(wide, kind, model, value);
    else record[column] = NESTED.has(column) ? parsed(value, `${where}: ${column}`) : value;
  }
  for (const [field, cells] of wide) {
    if (Object.hasOwn(record, field)) {
      throw new DataError(`${where}: ${field}: expected one column or one a model, got both`);
    }
    record[field] = cells;
  }
  return record;
}

function setCell(wide: Map<string, Row>, kind: string, model: string, value: unknown): void {
  const field = kind.startsWith("tokens") ? "tokens" : kind;
  const cells = wide.get(field) ?? Object.create(null) as Row;
  wide.set(field, cells);
  if (field !== "tokens") cells[model] = value;
  else {
    const pair = (cells[model] ??= [undefined, undefined]) as unknown[];
    pair[kind === "tokens_in" ? 0 : 1] = value;
  }
}

function parsed(value: unknown, where: string): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch (error) {
    throw new DataError(`${where}: expected JSON (${(error as Error).message})`);
  }
}

/** Parquet's values as JSON's: 64-bit integers as numbers, nulls of structs and maps left out. */
function plain(value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "bigint") return Number(value);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object") return value;
  const entries = Object.entries(value).map(([key, item]) => [key, plain(item)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}
