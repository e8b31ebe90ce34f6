/**
 * Products of float64 matrices too small for the runtime, in WebAssembly, two columns at once: every sum in the order
 * of a plain loop, so that the results are the same bits.
 * @module
 */
import {
  ADD,
  compileWasm,
  get,
  I32,
  int,
  LESS,
  load,
  loop,
  move,
  onMemory,
  set,
  simd,
  STORE,
  V128,
  type WasmFunction,
} from "./wasm.ts";

/** A row at `a`, up to `end`, times columns of the matrix whose rows begin at `b`, `stride` bytes apart; to `out`. */
type RowProduct = (a: number, end: number, b: number, stride: number, out: number) => void;

/** Columns that a row is multiplied with at a time: eight, and two of those left. */
const WIDE = 8, NARROW = 2;
/** Rows that are taken at a time, which bounds the copy. */
const ROWS = 64;
const PAGE = 2 ** 16, BYTES = 8;
let memory: WebAssembly.Memory | undefined;
let kernels: { readonly wide: RowProduct; readonly narrow: RowProduct } | undefined;

/** The product of `a` [n × k] and `b` [k × m], [n × m]: Σ_t a_it · b_tj, from t = 0 on. */
export function plainProduct(
  a: Float64Array | Float32Array,
  b: Float64Array,
  n: number,
  k: number,
  m: number,
): Float64Array {
  const out = new Float64Array(n * m), width = m + m % 2, many = Math.min(ROWS, n);
  if (k === 0) return out;
  const own = memory ??= new WebAssembly.Memory({ initial: 1 });
  const { wide, narrow } = kernels ??= {
    wide: onMemory<RowProduct>(compileWasm(kernelOf(WIDE)), own),
    narrow: onMemory<RowProduct>(compileWasm(kernelOf(NARROW)), own),
  };
  const stride = BYTES * width, outAt = stride * k, rowsAt = outAt + stride * many;
  const missing = Math.ceil((rowsAt + BYTES * k * many) / PAGE) - own.buffer.byteLength / PAGE;
  if (missing > 0) own.grow(missing);
  const right = new Float64Array(own.buffer, 0, k * width);
  for (let t = 0; t < k; t++) right.set(b.subarray(t * m, (t + 1) * m), t * width);
  const left = new Float64Array(own.buffer, rowsAt, k * many);
  const found = new Float64Array(own.buffer, outAt, width * many);
  for (let start = 0; start < n; start += many) {
    const rows = Math.min(many, n - start);
    left.set(a.subarray(start * k, (start + rows) * k));
    for (let i = 0; i < rows; i++) {
      const at = rowsAt + BYTES * k * i, end = at + BYTES * k, to = outAt + stride * i;
      let j = 0;
      for (; j + WIDE <= width; j += WIDE) wide(at, end, BYTES * j, stride, to + BYTES * j);
      for (; j < width; j += NARROW) narrow(at, end, BYTES * j, stride, to + BYTES * j);
      out.set(found.subarray(width * i, width * i + m), (start + i) * m);
    }
  }
  return out;
}

const TWICE = simd(10, 0, 0), PLUS = simd(0xf0), TIMES = simd(0xf2);
const [A, END, B, STRIDE, OUT, VALUE] = Array(6).keys();

function kernelOf(columns: number): WasmFunction {
  const sums = Array.from({ length: columns / 2 }, (_, pair) => VALUE + 1 + pair);
  return {
    parameters: Array(5).fill(I32),
    locals: Array(1 + sums.length).fill(V128),
    body: [
      ...loop(
        [...get(A), ...TWICE, ...set(VALUE)],
        sums.flatMap((sum, pair) => [
          ...[...get(sum), ...get(VALUE), ...get(B), ...load(16 * pair), ...TIMES],
          ...[...PLUS, ...set(sum)],
        ]),
        [...move(A, int(BYTES)), ...get(B), ...get(STRIDE), ...ADD, ...set(B)],
        [...get(A), ...get(END), ...LESS],
      ),
      ...sums.flatMap((sum) => [...get(OUT), ...get(sum), ...STORE, ...move(OUT, int(16))]),
    ],
  };
}
