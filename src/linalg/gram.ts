/**
 * Gram matrices in float64. For rows on the grid of `matrix.ts` they are exact.
 * @module
 */
import type { Matrix } from "./matrix.ts";
import { type Dense, dense, isSmall } from "./runtime.ts";

/** Rows taken at a time, which bounds the float64 copy of the data. */
const ROWS = 2048;
/** Columns of a tile; tiles above the diagonal are not computed but mirrored. */
const TILE = 128;

/** XᵀX of `x` [n × d], row-major [d × d]. */
export async function gram(x: Matrix): Promise<Float64Array> {
  const { data, rows, width } = x;
  const out = new Float64Array(width * width);
  if (isSmall(rows * width * width)) {
    for (let r = 0; r < rows * width; r += width) {
      for (let i = 0; i < width; i++) {
        for (let j = 0; j <= i; j++) out[i * width + j] += data[r + i] * data[r + j];
      }
    }
  } else {
    const buffer = new Float64Array(Math.min(rows, ROWS) * width);
    for (let start = 0; start < rows; start += ROWS) {
      const tiles = columnTiles(x, start, Math.min(ROWS, rows - start), buffer);
      for (let i = 0; i < tiles.length; i++) {
        for (let j = 0; j <= i; j++) {
          await addProduct(tiles[i], tiles[j], out, i * TILE * width + j * TILE, width);
        }
      }
    }
  }
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < i; j++) out[j * width + i] = out[i * width + j];
  }
  return out;
}

/**
 * XᵀY of `x` [n × d] and `y`, row-major [n × columns]: [d × columns].
 * @throws {RangeError} when `y` does not have n · columns values
 */
export async function crossGram(
  x: Matrix,
  y: Float64Array,
  columns: number,
): Promise<Float64Array> {
  const { data, rows, width } = x;
  if (y.length !== rows * columns) {
    throw new RangeError(`${rows} × ${columns} targets: got ${y.length} values`);
  }
  const out = new Float64Array(width * columns);
  if (isSmall(rows * width * columns)) {
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < width; i++) {
        const value = data[r * width + i], to = i * columns, from = r * columns;
        for (let j = 0; j < columns; j++) out[to + j] += value * y[from + j];
      }
    }
    return out;
  }
  const buffer = new Float64Array(Math.min(rows, ROWS) * width);
  for (let start = 0; start < rows; start += ROWS) {
    const count = Math.min(ROWS, rows - start);
    const left = buffer.subarray(0, count * width);
    left.set(data.subarray(start * width, (start + count) * width));
    const right = y.subarray(start * columns, (start + count) * columns);
    await addProduct(
      { data: left, rows: count, columns: width },
      { data: right, rows: count, columns },
      out,
      0,
      columns,
    );
  }
  return out;
}

/** Some rows of a matrix, copied into float64 tiles of {@link TILE} columns that lie in `buffer`. */
function columnTiles(
  { data, width }: Matrix,
  start: number,
  rows: number,
  buffer: Float64Array,
): Dense<Float64Array>[] {
  const tiles: Dense<Float64Array>[] = [];
  for (let left = 0; left < width; left += TILE) {
    const columns = Math.min(TILE, width - left);
    const tile = buffer.subarray(rows * left, rows * (left + columns));
    for (let r = 0; r < rows; r++) {
      const from = (start + r) * width + left, to = r * columns;
      for (let j = 0; j < columns; j++) tile[to + j] = data[from + j];
    }
    tiles.push({ data: tile, rows, columns });
  }
  return tiles;
}

/** Adds leftᵀ·right to the part of `out` that starts at `offset`; a row of `out` has `stride` values. */
async function addProduct(
  left: Dense<Float64Array>,
  right: Dense<Float64Array>,
  out: Float64Array,
  offset: number,
  stride: number,
): Promise<void> {
  const { columns } = right;
  const part = await dense(left, right, "left", new Float64Array(left.columns * columns));
  for (let i = 0; i < left.columns; i++) {
    for (let j = 0; j < columns; j++) out[offset + i * stride + j] += part[i * columns + j];
  }
}
