/**
 * Applying a trained network to any number of rows, in blocks of fixed shape.
 * @module
 */
import type { Matrix } from "../linalg/matrix.ts";
import { Graph, sizeOf, type Tensor } from "./graph.ts";
import { bind, type Bound, type Parameters } from "./parameters.ts";
import { Program } from "./program.ts";

/** Rows of a block; the last one of several is filled up with zeros. */
const BLOCK = 256;

/** A network from rows to rows: x [rows × in] → y [rows × out], every row on its own. */
export type RowNetwork = (graph: Graph, parameter: Bound, x: Tensor) => Tensor;

/** Applies a network with fixed weights; compiled when it is first used, once for one row and once for many. */
export class Blocks {
  readonly #compiled = new Map<
    number,
    Promise<{ program: Program; bound: Bound; width: number }>
  >();

  /** Nothing is compiled yet; the parameters' values count when they are used, not now. */
  constructor(private readonly parameters: Parameters, private readonly network: RowNetwork) {}

  /**
   * y of every row, row-major [rows × out].
   * @throws {RangeError} when the rows do not have the width the network was first used with
   */
  async apply({ data, rows, width }: Matrix): Promise<Float64Array> {
    const block = rows === 1 ? 1 : BLOCK;
    const { program, bound, width: outputs } = await this.#program(block, width);
    const out = new Float64Array(rows * outputs), x = new Float32Array(block * width);
    for (let start = 0; start < rows; start += block) {
      const end = Math.min(start + block, rows);
      x.fill(0);
      x.set(data.subarray(start * width, end * width));
      const { y } = await program.run({ ...bound.feeds, x });
      out.set(y.subarray(0, (end - start) * outputs), start * outputs);
    }
    return out;
  }

  #program(
    block: number,
    width: number,
  ): Promise<{ program: Program; bound: Bound; width: number }> {
    const known = this.#compiled.get(block);
    if (known) return known;
    const made = this.#compile(block, width);
    this.#compiled.set(block, made);
    made.catch(() => this.#compiled.delete(block)); // the caller gets the error
    return made;
  }

  async #compile(
    block: number,
    width: number,
  ): Promise<{ program: Program; bound: Bound; width: number }> {
    const graph = new Graph();
    const bound = bind(graph, this.parameters, () => true);
    const y = this.network(graph, bound, graph.input("x", [block, width]));
    graph.output("y", y);
    return { program: await Program.compile(graph), bound, width: sizeOf(y.shape) / block };
  }
}
