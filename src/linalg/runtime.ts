/**
 * One dense product, computed by ONNX Runtime's CPU kernels, which reach about 100 GFLOP/s a core in
 * float32 and half that in float64, some fifty times a loop in JavaScript.
 *
 * The runtime is loaded by the first call and not before: its module name is kept out of the static import
 * graph, so that work on small data neither downloads nor starts it.
 * @module
 */
import type { Tensor } from "onnxruntime-node";
import { encodeModel } from "../onnx/onnx.ts";
import { onnxruntime, openSession, type Session } from "../onnx/session.ts";

/** A dense row-major array with its shape, [rows × columns]. */
export interface Dense<T extends Float32Array | Float64Array> {
  /** The values, rows · columns of them. */
  readonly data: T;
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly columns: number;
}

/** Which operands of a product are transposed. */
export type Transpose = "none" | "left" | "right";

/**
 * Whether a product of this many multiplications is small enough for a plain loop: that takes a millisecond at
 * most and spares the runtime's start, the first time even its download. The choice depends on the size alone,
 * never on what ran before.
 */
export function isSmall(multiplications: number): boolean {
  return multiplications <= 1e6;
}

let threads = 1;
const sessions = new Map<string, Promise<Session>>();

/**
 * Sets the number of threads of all products of this thread of execution (a worker has its own). The
 * default is one, because the harness runs its jobs side by side on workers.
 */
export function setProductThreads(count: number): void {
  if (!(Number.isInteger(count) && count >= 1)) {
    throw new RangeError(`threads: expected a whole number ≥ 1, got ${count}`);
  }
  if (count === threads) return;
  threads = count;
  sessions.clear();
}

/**
 * The product of two dense matrices, after transposing one of them if asked, written into `out`
 * [rows × columns of the product] and returned.
 * @throws {RangeError} when the shapes do not fit
 */
export async function dense<T extends Float32Array | Float64Array>(
  left: Dense<T>,
  right: Dense<T>,
  transpose: Transpose,
  out: T,
): Promise<T> {
  const [rows, inner] = transpose === "left"
    ? [left.columns, left.rows]
    : [left.rows, left.columns];
  const [inner2, columns] = transpose === "right"
    ? [right.columns, right.rows]
    : [right.rows, right.columns];
  if (inner !== inner2 || out.length !== rows * columns) {
    throw new RangeError(
      `cannot multiply ${left.rows} × ${left.columns} with ${right.rows} × ${right.columns} ` +
        `(transposed: ${transpose}) into ${out.length} values`,
    );
  }
  if (out.length === 0 || inner === 0) {
    out.fill(0);
    return out;
  }
  const type = out instanceof Float32Array ? "float32" : "float64";
  const { Tensor } = await onnxruntime();
  const tensor = (data: T, rows: number, columns: number): Tensor =>
    new Tensor(type, data as Float32Array, [rows, columns]);
  await (await session(type, transpose)).run(
    {
      left: tensor(ownMemory(left.data), left.rows, left.columns),
      right: tensor(ownMemory(right.data), right.rows, right.columns),
    },
    { out: tensor(out, rows, columns) }, // the kernel writes straight into `out`
  );
  return out;
}

/** The runtime refuses memory that is shared between workers. */
function ownMemory<T extends Float32Array | Float64Array>(data: T): T {
  return data.buffer instanceof SharedArrayBuffer ? data.slice() as T : data;
}

function session(type: "float32" | "float64", transpose: Transpose): Promise<Session> {
  const key = `${type} ${transpose}`;
  const known = sessions.get(key);
  if (known) return known;
  const made = openProduct(type, transpose);
  sessions.set(key, made);
  return made;
}

function openProduct(
  type: "float32" | "float64",
  transpose: Transpose,
): Promise<Session> {
  const model = encodeModel({
    name: "product",
    inputs: [
      { name: "left", type, shape: ["left rows", "left columns"] },
      { name: "right", type, shape: ["right rows", "right columns"] },
    ],
    outputs: [{ name: "out", type, shape: ["rows", "columns"] }],
    nodes: [{
      op: "Gemm",
      inputs: ["left", "right"],
      outputs: ["out"],
      attributes: {
        transA: { int: transpose === "left" ? 1 : 0 },
        transB: { int: transpose === "right" ? 1 : 0 },
      },
    }],
  });
  return openSession(model, { threads });
}
