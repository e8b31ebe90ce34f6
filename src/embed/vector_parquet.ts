/**
 * Vectors in a parquet file: a column `id`, and one list column `vector` (or `embedding`) or the columns
 * `v0` … `vN`.
 * @module
 */
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { DataError } from "../base/errors.ts";
import { readBytes } from "../base/files.ts";
import { sha256 } from "../base/hash.ts";
import { matrix } from "../linalg/matrix.ts";
import type { VectorTable } from "./vector_file.ts";

/**
 * Reads the file.
 * @throws {DataError} for damaged data, other columns, values that are no numbers, vectors of two lengths
 */
export async function readVectorParquet(file: string): Promise<VectorTable> {
  const bytes = await readBytes(file);
  const rows = await parquetReadObjects({ file: bytes.buffer, compressors }).catch((error) => {
    throw new DataError(`${file}: damaged parquet data: ${(error as Error).message}`);
  });
  if (rows.length === 0) throw new DataError(`${file}: expected vectors, got none`);
  const names = Object.keys(rows[0]);
  const list = ["vector", "embedding"].find((name) => names.includes(name));
  const places = names.filter((name) => /^v\d+$/.test(name))
    .sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  if (!names.includes("id") || (list === undefined) === (places.length === 0)) {
    throw new DataError(
      `${file}: expected a column id, and either a list column vector or columns v0 … vN, ` +
        `got ${names.join(", ")}`,
    );
  }
  const gap = places.findIndex((name, i) => name !== `v${i}`);
  if (gap >= 0) throw new DataError(`${file}: expected a column v${gap}, got ${places[gap]}`);
  const ids: string[] = [];
  let width = places.length, data = new Float32Array(0);
  rows.forEach((row, i) => {
    const { id } = row;
    if (typeof id !== "string" && typeof id !== "bigint" && typeof id !== "number" || id === "") {
      throw new DataError(`${file}: row ${i + 1}: expected an id, got ${show(id)}`);
    }
    ids.push(String(id));
    const vector = list === undefined ? places.map((name) => row[name]) : row[list];
    const values = vector === null || vector === undefined || typeof vector !== "object"
      ? undefined
      : Array.from(vector as ArrayLike<unknown>);
    const wrong = values?.find((value) => typeof value !== "number");
    if (values === undefined || wrong !== undefined || values.includes(undefined)) {
      throw new DataError(
        `${file}: row ${i + 1} (id ${show(String(id))}): expected float numbers, got ` +
          show(values ? wrong : vector),
      );
    }
    if (i === 0) {
      width = values.length;
      data = new Float32Array(rows.length * width);
    }
    if (values.length !== width || width === 0) {
      throw new DataError(
        `${file}: row ${i + 1} (id ${
          show(String(id))
        }): expected ${width} numbers, as in the first ` +
          `row, got ${values.length}`,
      );
    }
    data.set(values as number[], i * width);
  });
  return {
    ids,
    vectors: matrix(rows.length, width, data),
    precision: "as in parquet",
    sha256: sha256(bytes),
  };
}

function show(value: unknown): string {
  return typeof value === "bigint"
    ? `${value} (a whole number)`
    : JSON.stringify(value) ?? "nothing";
}
