/**
 * Vectors computed elsewhere, in a file, each with the id of its query.
 *
 * `vectors.npy` holds [queries × width] numbers as numpy writes them (float32 or float64, C order), and
 * `vectors.ids.txt` beside it one id a line, in the same order: rows without ids would be right only as
 * long as nobody sorts. `vectors.parquet` has the ids in a column of its own (`vector_parquet.ts`).
 * @module
 */
import { basename } from "node:path";
import { DataError } from "../base/errors.ts";
import { readBytes } from "../base/files.ts";
import { hashJson, sha256 } from "../base/hash.ts";
import { type Matrix, matrix } from "../linalg/matrix.ts";
import type { EmbeddingProvider, Preparation } from "./provider.ts";

/** What a file holds. */
export interface VectorTable {
  /** One a row. */
  readonly ids: readonly string[];
  /** Rows in the order of the ids. */
  readonly vectors: Matrix;
  /** Number type in the file, for the record. */
  readonly precision: string;
  /** Names the bytes that were read. */
  readonly sha256: string;
}

/** Raised when the same file would give other vectors. */
const VERSION = 1;

/**
 * The provider of vectors that are in a file.
 * @param name as on the command line
 * @throws {DataError} for an id twice, or a row with a value that is not finite
 */
export function vectorProvider(
  name: string,
  file: string,
  table: VectorTable,
  preparation: Preparation,
): EmbeddingProvider {
  const { ids, vectors, precision, sha256: hash } = table;
  const { width, data } = vectors;
  const rows = new Map<string, number>();
  ids.forEach((id, i) => {
    const before = rows.get(id);
    if (before !== undefined) {
      throw new DataError(
        `${file}: rows ${before + 1} and ${i + 1} have the same id, ${quoted(id)}`,
      );
    }
    rows.set(id, i);
  });
  const broken = ids.filter((_, i) =>
    !data.subarray(i * width, (i + 1) * width).every(Number.isFinite)
  );
  if (broken.length > 0) {
    throw new DataError(
      `${file}: expected finite numbers, got NaN or infinity in ${some(broken, "vector")}`,
    );
  }
  return {
    name,
    key: hashJson({ provider: "file", version: VERSION, sha256: hash, preparation }),
    width,
    preparation,
    facts: { file: basename(file), sha256: hash, precision, vectors: ids.length },
    cheap: true,
    embed: () => Promise.reject(new DataError(`${file}: holds vectors by query id, not by text`)),
    vectorsOf: (wanted) => {
      const missing = wanted.filter((id) => !rows.has(id));
      const known = new Set(wanted);
      const left = ids.filter((id) => !known.has(id));
      const surplus = `${some(left, "vector")} of no query here`;
      if (missing.length > 0) {
        throw new DataError(
          `${file}: expected a vector for every query, got none for ` +
            some(missing, "query", "queries") + (left.length > 0 ? `, and ${surplus}` : ""),
        );
      }
      if (left.length > 0) {
        console.error(`note: ${file}: ${surplus} (other views, merged duplicates)`);
      }
      const out = matrix(wanted.length, width);
      wanted.forEach((id, i) => {
        const at = rows.get(id)! * width;
        out.data.set(data.subarray(at, at + width), i * width);
      });
      return out;
    },
  };
}

/**
 * Reads `….npy` and the ids beside it.
 * @throws {DataError} for another number type, order or shape, a torn file, or ids that do not fit
 */
export async function readNpy(file: string): Promise<VectorTable> {
  const bytes = await readBytes(file);
  const { vectors, precision } = parseNpy(bytes, file);
  const idFile = file.replace(/\.npy$/, ".ids.txt");
  const idBytes = await readBytes(idFile).catch((error) => {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(
      `${error.message}; it holds the ids of the rows of ${basename(file)}, one a line`,
    );
  });
  const ids = linesOf(idBytes, idFile);
  if (ids.length !== vectors.rows) {
    throw new DataError(
      `${idFile}: expected ${vectors.rows} ids, one for each row of ${
        basename(file)
      }, got ${ids.length}`,
    );
  }
  return { ids, vectors, precision, sha256: hashJson([sha256(bytes), sha256(idBytes)]) };
}

function linesOf(bytes: Uint8Array, file: string): string[] {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new DataError(`${file}: expected UTF-8 text, got other bytes`);
  }
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const empty = lines.indexOf("");
  if (empty >= 0) throw new DataError(`${file}:${empty + 1}: expected an id, got an empty line`);
  return lines;
}

const MAGIC = "\x93NUMPY";
const SIZES: Readonly<Record<string, number>> = { "<f4": 4, "<f8": 8 };

/** The array of an `.npy` file, format versions 1 to 3. */
function parseNpy(
  bytes: Uint8Array<ArrayBuffer>,
  file: string,
): { vectors: Matrix; precision: string } {
  const fail = (expected: string, got: string): never => {
    throw new DataError(`${file}: expected ${expected}, got ${got}`);
  };
  if (bytes.length < 12 || String.fromCharCode(...bytes.subarray(0, 6)) !== MAGIC) {
    fail("a file that numpy.save wrote", "other bytes");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [start, length] = bytes[6] === 1
    ? [10, view.getUint16(8, true)]
    : [12, view.getUint32(8, true)];
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const type = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? "another type";
  const size = SIZES[type];
  if (size === undefined) {
    fail(
      "float32 or float64 (numpy types <f4, <f8)",
      `${type}; array.astype("float32") makes it one`,
    );
  }
  if (!/'fortran_order':\s*False/.test(header)) {
    fail("rows one after the other (C order)", "columns; numpy.ascontiguousarray puts them right");
  }
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1].split(",")
    .filter((part) => part.trim() !== "").map(Number) ?? [];
  if (shape.length !== 2 || shape[1] === 0) {
    fail("a shape (queries, width)", `(${shape.join(", ")})`);
  }
  const [rows, width] = shape, body = start + length;
  if (bytes.length - body !== rows * width * size) {
    fail(`${rows * width * size} bytes of numbers`, String(bytes.length - body));
  }
  const numbers = bytes.slice(body).buffer;
  const data = size === 4
    ? new Float32Array(numbers)
    : Float32Array.from(new Float64Array(numbers));
  return { vectors: matrix(rows, width, data), precision: size === 4 ? "float32" : "float64" };
}

function some(names: readonly string[], one: string, many = `${one}s`): string {
  const first = names.slice(0, 3).map(quoted).join(", ");
  return `${names.length} ${names.length === 1 ? one : many} (${first}${
    names.length > 3 ? ", …" : ""
  })`;
}

function quoted(id: string): string {
  return JSON.stringify(id);
}
