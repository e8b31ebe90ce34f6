/**
 * Rows of float64 less multiples of other rows, in WebAssembly, two numbers at once: every operation and its order as
 * in a plain loop, so that the results are the same bits.
 * @module
 */
import {
  ADD,
  compileWasm,
  F64,
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
} from "./wasm.ts";

/**
 * Takes `a` times a row, or multiples of four, from the row at `out`, which ends before `end`. The others begin at
 * `rows`, `stride` bytes apart. Addresses in the memory; two numbers are worked on at least, and always an even number.
 */
export type RowKernel = (
  out: number,
  end: number,
  rows: number,
  stride: number,
  a: number,
  b: number,
  c: number,
  d: number,
) => void;

/**
 * Ways of taking them away: `one` row, x − a·y; `four` one after the other, (((x − a·y) − b·z) − …; or four `together`,
 * x − ((a·y + b·z) + (…)).
 */
export type Way = "one" | "four" | "together";

const compiled = new Map<Way, WebAssembly.Module>();

/** The function, on a memory. */
function rowKernel(memory: WebAssembly.Memory, way: Way): RowKernel {
  const module = compiled.get(way) ?? compileWasm(kernelOf(way));
  compiled.set(way, module);
  return onMemory(module, memory);
}

const SPLAT = simd(20), PLUS = simd(0xf0), MINUS = simd(0xf1), TIMES = simd(0xf2);
const [OUT, END, ROWS, STRIDE, FACTOR] = Array(5).keys();

function kernelOf(way: Way): Parameters<typeof compileWasm>[0] {
  const many = way === "one" ? 1 : 4, numbers = [...Array(many).keys()];
  // Where the rows after the first are read, and every factor, twice in a register.
  const at = [ROWS, ...numbers.slice(1).map((r) => FACTOR + many + r - 1)];
  const factor = numbers.map((r) => FACTOR + 2 * many - 1 + r);
  const share = (r: number): number[] => [
    ...[...get(factor[r]), ...get(at[r]), ...load(0), ...TIMES],
  ];
  const less = way === "together"
    ? [...share(0), ...share(1), ...PLUS, ...share(2), ...share(3), ...PLUS, ...PLUS, ...MINUS]
    : numbers.flatMap((r) => [...share(r), ...MINUS]);
  return {
    parameters: [...Array(4).fill(I32), ...Array(many).fill(F64)],
    locals: [...Array(many - 1).fill(I32), ...Array(many).fill(V128)],
    body: [
      ...numbers.flatMap((r) => [...get(FACTOR + r), ...SPLAT, ...set(factor[r])]),
      ...numbers.slice(1).flatMap((
        r,
      ) => [...get(at[r - 1]), ...get(STRIDE), ...ADD, ...set(at[r])]),
      ...loop(
        [...get(OUT), ...get(OUT), ...load(0), ...less, ...STORE],
        [OUT, ...at].flatMap((row) => move(row, int(16))),
        [...get(OUT), ...get(END), ...LESS],
      ),
    ],
  };
}

/** Rows in a memory, and what works on them there. */
export interface RowSpace extends Readonly<Record<Way, RowKernel>> {
  /** The rows, with what was left there. They begin at address 0. */
  readonly cells: Float64Array;
  /** Numbers from a row to the next, even. */
  readonly stride: number;
}

const PAGE = 2 ** 16, BYTES = 8;
let memory: WebAssembly.Memory | undefined;
let kernels: Record<Way, RowKernel> | undefined;

/** Room for rows, which the next call gives to somebody else: nothing may be awaited before they are read. */
export function rowSpace(rows: number, width: number): RowSpace {
  const own = memory ??= new WebAssembly.Memory({ initial: 1 });
  const { one, four, together } = kernels ??= {
    one: rowKernel(own, "one"),
    four: rowKernel(own, "four"),
    together: rowKernel(own, "together"),
  };
  // Rows a multiple of 4 kB apart would all want the same lines of the cache.
  const even = width + width % 2, stride = even % 64 === 0 ? even + 2 : even;
  const missing = Math.ceil(rows * stride * BYTES / PAGE) - own.buffer.byteLength / PAGE;
  if (missing > 0) own.grow(missing);
  return { cells: new Float64Array(own.buffer, 0, rows * stride), stride, one, four, together };
}
