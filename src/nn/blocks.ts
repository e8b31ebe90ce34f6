/**
 * Applying a trained network to any number of rows, in blocks of fixed shape.
 * @module
 */
import type { Matrix } from "../linalg/matrix.ts";
import type { Graph, Tensor } from "./graph.ts";
import type { Bound, Parameters } from "./parameters.ts";
import { Programs } from "./programs.ts";

/** Rows of a block. */
const BLOCK = 256;

/** A network from rows to rows: x [rows × in] → y [rows × out], every row on its own. */
export type RowNetwork = (graph: Graph, parameter: Bound, x: Tensor) => Tensor;

/** Applies a network with fixed weights; compiled when it is first used, once for one row and once for many. */
export class Blocks {
  readonly #programs: Programs;

  /** Nothing is compiled yet; the parameters' values count when they are used, not now. */
  constructor(parameters: Parameters, private readonly network: RowNetwork) {
    this.#programs = new Programs(parameters);
  }

  /**
   * y of every row, row-major [rows × out].
   * @throws {RangeError} when the rows do not have the width the network was first used with
   */
  async apply(rows: Matrix): Promise<Float64Array> {
    const size = rows.rows === 1 ? 1 : BLOCK;
    const made = await inBlocks(rows, size, async (x) => {
      const { y } = await this.#programs.run(`${size} rows`, (graph, parameter) => {
        const input = graph.input("x", [size, rows.width]);
        graph.output("y", this.network(graph, parameter, input));
      }, { x });
      return y;
    });
    return Float64Array.from(made);
  }
}

/**
 * Takes the rows of a matrix in blocks of `size`, the last of which is filled up with zeros.
 *
 * @param run answers a block [size × width], in memory that is used again, by `size` rows of numbers
 * @returns the answers to all rows, row-major
 */
export async function inBlocks(
  { data, rows, width }: Matrix,
  size: number,
  run: (block: Float32Array) => Promise<Float32Array>,
): Promise<Float32Array> {
  const block = new Float32Array(size * width);
  let out = new Float32Array();
  for (let start = 0; start < rows; start += size) {
    const end = Math.min(start + size, rows);
    block.fill(0);
    block.set(data.subarray(start * width, end * width));
    const made = await run(block), columns = made.length / size;
    if (start === 0) out = new Float32Array(rows * columns);
    out.set(made.subarray(0, (end - start) * columns), start * columns);
  }
  return out;
}
