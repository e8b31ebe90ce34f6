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
  return (await normalEquations(x, new Float64Array(), 0)).gram;
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
  return (await products(x, y, columns, false)).cross;
}

/**
 * {@link gram} XᵀX [d × d] and {@link crossGram} XᵀY [d × columns] in one pass over the data.
 * @param known XᵀX, where it has been computed before
 * @throws {RangeError} when `y` does not have n · columns values
 */
export async function normalEquations(
  x: Matrix,
  y: Float64Array,
  columns: number,
  known?: Float64Array,
): Promise<{ gram: Float64Array; cross: Float64Array }> {
  const { gram, cross } = await products(x, y, columns, true, known);
  for (let i = 0; i < x.width && !known; i++) {
    for (let j = 0; j < i; j++) gram[j * x.width + i] = gram[i * x.width + j];
  }
  return { gram, cross };
}

/**
 * XᵀY and, if asked, the tiles of XᵀX on and below the diagonal. A known XᵀX is spared, but XᵀY is computed as beside
 * an unknown one, to the same bits.
 */
async function products(
  x: Matrix,
  y: Float64Array,
  columns: number,
  withGram: boolean,
  known?: Float64Array,
): Promise<{ gram: Float64Array; cross: Float64Array }> {
  const { rows, width } = x;
  if (y.length !== rows * columns) {
    throw new RangeError(`${rows} × ${columns} targets: got ${y.length} values`);
  }
  const computed = new Float64Array(withGram && !known ? width * width : 0);
  const cross = new Float64Array(width * columns), gram = known ?? computed;
  if (isSmall(rows * width * (columns + (withGram ? width : 0)))) {
    plainLoops(x, y, columns, computed, cross);
    return { gram, cross };
  }
  const buffer = new Float64Array(Math.min(rows, ROWS) * width);
  for (let start = 0; start < rows; start += ROWS) {
    const count = Math.min(ROWS, rows - start);
    const tiles = columnTiles(x, start, count, buffer);
    const right = {
      data: y.subarray(start * columns, (start + count) * columns),
      rows: count,
      columns,
    };
    for (let i = 0; i < tiles.length; i++) {
      if (columns > 0) await addProduct(tiles[i], right, cross, i * TILE * columns, columns);
      for (let j = 0; computed.length > 0 && j <= i; j++) {
        await addProduct(tiles[i], tiles[j], computed, i * TILE * width + j * TILE, width);
      }
    }
  }
  return { gram, cross };
}

function plainLoops(
  { data, rows, width }: Matrix,
  y: Float64Array,
  columns: number,
  gram: Float64Array,
  cross: Float64Array,
): void {
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < width; i++) {
      const value = data[r * width + i];
      for (let j = 0; j < columns; j++) cross[i * columns + j] += value * y[r * columns + j];
      if (gram.length === 0) continue;
      for (let j = 0; j <= i; j++) gram[i * width + j] += value * data[r * width + j];
    }
  }
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
