/**
 * The file of a static embedding: one vector per word piece, in int8 with a scale per row.
 *
 * A gzip file of: one line of JSON (format, rows, width, length of the vocabulary, facts), the vocabulary
 * (UTF-8, one piece a line), the scales (float32, little-endian) and the codes (int8, row-major).
 * @module
 */
import { Buffer } from "node:buffer";
import { pack, unpack } from "../base/files.ts";
import { sha256 } from "../base/hash.ts";
import { DataError } from "../base/errors.ts";

const FORMAT = "icl-router-bench/token-table/1";

/** Vectors of word pieces; row `r` is `scales[r] * codes[r * width …]`. */
export interface TokenTable {
  /** Length of a vector. */
  readonly width: number;
  /** Word pieces, by row. */
  readonly vocabulary: readonly string[];
  /** One scale a row. */
  readonly scales: Float32Array;
  /** Row-major [rows × width], −127…127. */
  readonly codes: Int8Array;
  /** Where the table comes from: teacher, its sha256, licence. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/** Quantises vectors [vocabulary × width] to int8, each row to its own largest entry. */
export function quantise(
  vocabulary: readonly string[],
  width: number,
  vectors: ArrayLike<number>,
  facts: TokenTable["facts"],
): TokenTable {
  const rows = vocabulary.length;
  const scales = new Float32Array(rows);
  const codes = new Int8Array(rows * width);
  for (let r = 0; r < rows; r++) {
    let largest = 0;
    for (let j = r * width; j < (r + 1) * width; j++) {
      largest = Math.max(largest, Math.abs(vectors[j]));
    }
    if (largest === 0) continue;
    scales[r] = largest / 127;
    for (let j = r * width; j < (r + 1) * width; j++) {
      codes[j] = Math.round((vectors[j] / largest) * 127);
    }
  }
  return { width, vocabulary, scales, codes, facts };
}

/** The bytes of a table file. */
export function encodeTable(table: TokenTable): Uint8Array {
  const text = new TextEncoder();
  const vocabulary = text.encode(table.vocabulary.join("\n"));
  const { width, facts } = table;
  const head = { format: FORMAT, rows: table.vocabulary.length, width, text: vocabulary.length };
  return pack(Buffer.concat([
    text.encode(JSON.stringify({ ...head, facts }) + "\n"),
    vocabulary,
    bytesOf(table.scales),
    bytesOf(table.codes),
  ]));
}

/**
 * Reads a table file. Its hash is that of the uncompressed bytes, so that it does not depend on the
 * version of gzip that packed them.
 * @throws {DataError} naming `where`, when the bytes are damaged or not a table
 */
export function decodeTable(file: Uint8Array, where: string): TokenTable & { sha256: string } {
  const bytes = unpack(file, where);
  const line = bytes.indexOf(10);
  const head = parseHead(bytes.subarray(0, Math.max(line, 0)), where);
  const { rows, width } = head;
  const textStart = line + 1;
  const scaleStart = textStart + head.text;
  const codeStart = scaleStart + 4 * rows;
  const end = codeStart + rows * width;
  const vocabulary = new TextDecoder().decode(bytes.subarray(textStart, scaleStart)).split("\n");
  if (bytes.length !== end || vocabulary.length !== rows) {
    throw new DataError(
      `${where}: expected ${end} bytes and ${rows} pieces, got ${bytes.length} and ${vocabulary.length}`,
    );
  }
  return {
    width,
    vocabulary,
    // Copies: a view of a file's bytes need not be aligned for float32.
    scales: new Float32Array(new Uint8Array(bytes.subarray(scaleStart, codeStart)).buffer),
    codes: new Int8Array(new Uint8Array(bytes.subarray(codeStart, end)).buffer),
    facts: head.facts,
    sha256: sha256(bytes),
  };
}

interface Head {
  format: string;
  rows: number;
  width: number;
  text: number;
  facts: Record<string, string | number>;
}

function parseHead(line: Uint8Array, where: string): Head {
  try {
    const head = JSON.parse(new TextDecoder().decode(line)) as Head;
    if (head.format === FORMAT) return head;
  } catch {
    // Not JSON: reported below like any other wrong start.
  }
  throw new DataError(`${where}: not a token table, expected a first line with "${FORMAT}"`);
}

function bytesOf(array: Float32Array | Int8Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
