/**
 * Files in, records out, streamed: `.jsonl`, `.jsonl.gz`, `.parquet`, or a folder of them; tables
 * (`table_file.ts`) are read whole.
 *
 * Strict like the parser behind it. Text must be UTF-8 without a byte-order mark; lines end in LF or
 * CRLF; the last one may lack its end; blank lines are allowed at the end only. Every message names the
 * file and the line, and torn or altered gzip data says how far it could be read.
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename, join } from "node:path";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { DataError } from "../base/errors.ts";
import { KeyTable } from "../base/key_table.ts";
import { progress } from "../base/progress.ts";
import { RecordColumns } from "./columns.ts";
import { parseRecord } from "./parse.ts";
import type { OutcomeRecord } from "./record.ts";

/** What was read. */
export interface ReadResult {
  /** SHA-256 over the bytes of all files in order; of gzip, the unpacked bytes. */
  readonly sha256: string;
  /** The files, in the order read. */
  readonly files: readonly string[];
  /** How many records they held; at least one. */
  readonly records: number;
}

/** What was read, and of a table how. */
export interface Loaded extends ReadResult {
  /** Of a table: what its columns were taken for, one line for a person. */
  readonly how?: string;
}

/** Records with what identifies them. */
export interface LoadedRecords extends Loaded {
  /** In file order. Length `records`. */
  readonly list: OutcomeRecord[];
}

/** Records as columns, with what identifies them. */
export interface LoadedColumns extends Loaded {
  /** In file order. */
  readonly columns: RecordColumns;
}

/**
 * Streams the records of a file or folder; the generator's return value says what was read. A folder
 * holds either `records.jsonl`, `.jsonl.gz` or `.parquet` (one of them; other files are then ignored),
 * or any number of such files, which are read in order of name. The layout of parquet files is
 * described in `parquet.ts`.
 * @throws {DataError} naming file and line: bad bytes, a bad record, an id seen before, no records
 */
export async function* readRecords(path: string): AsyncGenerator<OutcomeRecord, ReadResult, void> {
  const files = await recordFiles(path);
  const hash = createHash("sha256");
  const ids: string[] = [], before: number[] = []; // of the records so far; records before each file
  const known = new KeyTable((number) => ids[number]);
  for (const file of files) {
    before.push(ids.length);
    for await (const { record, line } of readFile(file, hash)) {
      const earlier = known.first(record.id, ids.length);
      if (earlier !== ids.length) {
        const of = before.findLastIndex((count) => count <= earlier);
        throw new DataError(
          `${file}:${line}: id: expected a new one, got ${JSON.stringify(record.id)}, ` +
            `which is already at ${basename(files[of])}:${earlier - before[of] + 1}`,
        );
      }
      ids.push(record.id);
      yield record;
    }
  }
  if (ids.length === 0) throw new DataError(`${path}: expected records, got none`);
  return { sha256: hash.digest("hex"), files, records: ids.length };
}

/**
 * All records of a file, a folder, or a table (`.csv`, `.tsv`, parquet with a column a model).
 * @throws {DataError} as {@link readRecords}; of a table whose columns leave a doubt, with the command
 * that says what they are
 */
export async function readAllRecords(path: string): Promise<LoadedRecords> {
  const list: OutcomeRecord[] = [];
  const { table, ...found } = await readEach(path, (record) => list.push(record));
  return { ...found, list: table ?? list };
}

/**
 * All records at a path as columns, which take a twentieth of the room; a table is read whole all the same.
 * @throws {DataError} as {@link readAllRecords}
 */
export async function readColumns(path: string): Promise<LoadedColumns> {
  const columns = new RecordColumns();
  const { table = [], ...found } = await readEach(path, (record) => columns.add(record));
  for (const record of table) columns.add(record);
  return { ...found, columns };
}

/** Calls `take` with every record; those of a table are returned instead. */
async function readEach(
  path: string,
  take: (record: OutcomeRecord) => void,
): Promise<Loaded & { readonly table?: OutcomeRecord[] }> {
  if (/\.(csv|tsv)(\.gz)?$|\.parquet$/.test(path)) {
    const { isTable, readTable } = await import("./table_file.ts");
    if (await isTable(path)) {
      const { list, log: _log, ...found } = await readTable(path);
      return { ...found, table: list };
    }
  }
  const records = readRecords(path), line = progress(`reading ${path}, records:`, 0);
  for (let count = 1;; count++) {
    const step = await records.next();
    if (step.done) {
      line.end();
      return step.value;
    }
    take(step.value);
    line.update(count);
  }
}

const EXTENSIONS = [".jsonl", ".jsonl.gz", ".parquet"];

/** The record files at a path, in the order to read them. */
async function recordFiles(path: string): Promise<string[]> {
  const expected = `expected ${EXTENSIONS.join(", ")} or a folder of such files`;
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new DataError(`${path}: ${expected}, but cannot be read (${(error as Error).message})`);
  }
  const known = (name: string): boolean => EXTENSIONS.some((end) => name.endsWith(end));
  if (!info.isDirectory) {
    if (known(path)) return [path];
    throw new DataError(`${path}: ${expected}, or a table (.csv, .tsv)`);
  }
  const names: string[] = [];
  for await (const entry of Deno.readDir(path)) if (known(entry.name)) names.push(entry.name);
  const named = names.filter((name) => EXTENSIONS.some((end) => name === `records${end}`));
  if (named.length > 1) {
    throw new DataError(`${path}: expected one records file, got ${named.sort().join(" and ")}`);
  }
  if (names.length === 0) throw new DataError(`${path}: ${expected}, got none`);
  return (named.length ? named : names.sort()).map((name) => join(path, name));
}

async function* readFile(
  file: string,
  hash: Hash,
): AsyncGenerator<{ record: OutcomeRecord; line: number }> {
  if (file.endsWith(".parquet")) {
    const { readParquet } = await import("./parquet.ts");
    for await (const chunk of createReadStream(file)) hash.update(chunk);
    yield* readParquet(file);
    return;
  }
  let blank = 0;
  for await (const { text, line } of readLines(file, hash)) {
    if (text.trim() === "") {
      blank ||= line;
      continue;
    }
    if (blank) throw new DataError(`${file}:${blank}: expected a record, got a blank line`);
    yield { record: parseRecord(text, { file, line }), line };
  }
}

const NEWLINE = 10;
const LONGEST_LINE = 2 ** 26;

/** How far a file has been read. */
interface Position {
  /** Complete lines. */
  line: number;
  /** Bytes, unpacked. */
  bytes: number;
}

/** The lines of a text file, checked to be UTF-8, without their ends; its unpacked bytes go into the hash. */
export async function* readLines(
  file: string,
  hash: Hash,
): AsyncGenerator<{ text: string; line: number }> {
  const at: Position = { line: 0, bytes: 0 };
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const decode = (bytes: Uint8Array): { text: string; line: number } => {
    const line = ++at.line;
    let text: string;
    try {
      text = decoder.decode(bytes);
    } catch {
      throw new DataError(`${file}:${line}: expected UTF-8 text, got other bytes`);
    }
    if (line === 1 && text.startsWith("\ufeff")) {
      throw new DataError(`${file}:1: expected UTF-8 without a byte-order mark, got one`);
    }
    return { text: text.endsWith("\r") ? text.slice(0, -1) : text, line };
  };

  let rest: Uint8Array = new Uint8Array(0);
  for await (const chunk of readBytes(file, at)) {
    hash.update(chunk);
    at.bytes += chunk.length;
    let start = 0;
    for (let end; (end = chunk.indexOf(NEWLINE, start)) >= 0; start = end + 1) {
      yield decode(Buffer.concat([rest, chunk.subarray(start, end)]));
      rest = chunk.subarray(0, 0);
    }
    rest = Buffer.concat([rest, chunk.subarray(start)]);
    if (rest.length > LONGEST_LINE) {
      throw new DataError(`${file}:${at.line + 1}: expected a line below 64 MiB, got a longer one`);
    }
  }
  if (rest.length > 0) yield decode(rest);
}

/** The bytes of a file, unpacked if its name ends in `.gz`. */
async function* readBytes(file: string, at: Position): AsyncGenerator<Uint8Array> {
  const source = createReadStream(file);
  // pipeline passes an error of one stream to the other, so it shows here while iterating.
  const stream = file.endsWith(".gz") ? pipeline(source, createGunzip(), () => {}) : source;
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    const what = stream === source ? "cannot be read" : "damaged gzip data";
    throw new DataError(
      `${file}: ${what} after line ${at.line} (${at.bytes} bytes): ${(error as Error).message}`,
    );
  }
}
