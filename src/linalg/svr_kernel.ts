/**
 * The two loops of `svr.ts` in WebAssembly, two rows at once: every operation as in a plain loop, and of equals the
 * first, so that the moves are the same.
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
  type WasmFunction,
} from "./wasm.ts";

/** A regression on a kernel matrix K [n × n], in a memory that the next one is given. */
export interface SvrSpace {
  /** Length n. */
  readonly f: Float64Array;
  /** What is added to f for its slope going up, length n. */
  readonly rise: Float64Array;
  /** The same going down, length n. */
  readonly fall: Float64Array;
  /** f + t · (row `up` − row `down` of K). Then the least slope up and whose it is, and the most down. */
  shift(t: number, up: number, down: number): { least: number; at: number; most: number };
  /** The partner that promises the largest gain to `up`, whose slope is `least`, and the length of the step. */
  partner(least: number, up: number): { at: number; step: number };
}

/** Words of 128 bits at the start of the memory: results, a number for each lane, and constants. */
const [VALUE, INDEX, OTHER, FIRST, TWO, TINY] = [0, 16, 32, 48, 64, 80], HEAD = 96;
const PAGE = 2 ** 16;

type Kernel = (...numbers: number[]) => void;
let memory: WebAssembly.Memory | undefined;
let kernels: { readonly shift: Kernel; readonly partner: Kernel } | undefined;

/** Room for the regressions on a kernel. */
export function svrSpace(kernel: Float32Array, n: number): SvrSpace {
  const length = n + n % 2, column = 8 * length, rows = HEAD + 4 * column;
  const own = memory ??= new WebAssembly.Memory({ initial: 1 });
  kernels ??= {
    shift: onMemory(compileWasm(SHIFT), own),
    partner: onMemory(compileWasm(PARTNER), own),
  };
  const { shift, partner } = kernels, rowAt = (i: number): number => rows + 4 * n * i;
  const missing = Math.ceil((rowAt(n) + 4) / PAGE) - own.buffer.byteLength / PAGE;
  if (missing > 0) own.grow(missing);
  new Float32Array(own.buffer, rows, kernel.length).set(kernel);
  const words = (at: number, count = 2) => new Float64Array(own.buffer, at, count);
  const [f, rise, fall, diagonal] = [0, 1, 2, 3].map((c) => words(HEAD + c * column, length));
  const value = words(VALUE), index = words(INDEX), other = words(OTHER), end = HEAD + column;
  words(FIRST).set([0, 1]), words(TWO).fill(2), words(TINY).fill(1e-12);
  for (let i = 0; i < n; i++) diagonal[i] = kernel[i * n + i];
  rise.fill(Infinity), fall.fill(-Infinity); // where n is odd, a row too many takes no part
  // The lane with the better value, or with the first of equals.
  const lane = (isFirst: boolean): 0 | 1 =>
    isFirst || (value[0] === value[1] && index[0] < index[1]) ? 0 : 1;
  return {
    f: f.subarray(0, n),
    rise: rise.subarray(0, n),
    fall: fall.subarray(0, n),
    shift(t, up, down) {
      shift(HEAD, end, column, rowAt(up), rowAt(down), t, Infinity, -Infinity);
      const best = lane(value[0] < value[1]);
      return { least: value[best], at: index[best], most: Math.max(other[0], other[1]) };
    },
    partner(least, up) {
      partner(HEAD, end, column, rowAt(up), least, diagonal[up], 0, -1);
      const best = lane(value[0] > value[1]);
      return { at: index[best], step: other[best] };
    },
  };
}

const SPLAT = simd(20), PLUS = simd(0xf0), MINUS = simd(0xf1), TIMES = simd(0xf2);
const OVER = simd(0xf3), LEAST_OF = simd(0xf6), MOST_OF = simd(0xf7);
const BELOW = simd(0x49), ABOVE = simd(0x4a), BOTH = simd(0x4e), CHOOSE = simd(0x52);
/** Two float32 from an address as float64. */
const pair = (address: number): number[] => [...get(address), ...simd(0x5d, 0, 0), ...simd(0x5f)];
/** Two float64 from an address. */
const read = (address: number): number[] => [...get(address), ...load(0)];
const constant = (word: number): number[] => [...int(0), ...load(word)];
const splat = (number: number, to: number): number[] => [...get(number), ...SPLAT, ...set(to)];
const sum = (to: number, one: number, other: number): number[] => [
  ...[...get(one), ...get(other), ...ADD, ...set(to)],
];
const write = (word: number, from: number): number[] => [...int(word), ...get(from), ...STORE];
/** One local variable where a mask says so, else what it has. */
const replace = (old: number, by: number, mask: number): number[] => [
  ...[...get(by), ...get(old), ...get(mask), ...CHOOSE, ...set(old)],
];

// Local variables: the parameters, the other columns, then registers.
const SHIFT = ((): WasmFunction => {
  const [F, END, COLUMN, UP, DOWN, T, INFINITE, LOWEST, RISE, FALL] = Array(10).keys();
  const [STEP, LEAST, MOST, AT, NOW, X, SLOPE, MASK] = Array.from({ length: 8 }, (_, i) => 10 + i);
  return {
    parameters: [I32, I32, I32, I32, I32, F64, F64, F64],
    locals: [I32, I32, ...Array(8).fill(V128)],
    body: [
      ...[...sum(RISE, F, COLUMN), ...sum(FALL, RISE, COLUMN), ...splat(T, STEP)],
      ...[...splat(INFINITE, LEAST), ...splat(LOWEST, MOST), ...constant(FIRST), ...set(NOW)],
      ...loop(
        [...read(F), ...get(STEP), ...pair(UP), ...pair(DOWN), ...MINUS, ...TIMES, ...PLUS],
        [...set(X), ...get(F), ...get(X), ...STORE],
        [...get(X), ...read(RISE), ...PLUS, ...set(SLOPE)],
        [...get(SLOPE), ...get(LEAST), ...BELOW, ...set(MASK), ...replace(AT, NOW, MASK)],
        [...get(LEAST), ...get(SLOPE), ...LEAST_OF, ...set(LEAST)],
        [...get(MOST), ...get(X), ...read(FALL), ...PLUS, ...MOST_OF, ...set(MOST)],
        [F, RISE, FALL].flatMap((column) => move(column, int(16))),
        [...move(UP, int(8)), ...move(DOWN, int(8))],
        [...get(NOW), ...constant(TWO), ...PLUS, ...set(NOW)],
        [...get(F), ...get(END), ...LESS],
      ),
      ...[...write(VALUE, LEAST), ...write(INDEX, AT), ...write(OTHER, MOST)],
    ],
  };
})();

const PARTNER = ((): WasmFunction => {
  const [F, END, COLUMN, UP, LEAST, OWN, NOTHING, NONE, FALL, DIAGONAL] = Array(10).keys();
  const [SLOPE, CORNER, ZERO, GAIN, AT, STEP, NOW, GAP, LENGTH, GAINED, MASK] = Array.from(
    { length: 11 },
    (_, i) => 10 + i,
  );
  return {
    parameters: [I32, I32, I32, I32, F64, F64, F64, F64],
    locals: [I32, I32, ...Array(11).fill(V128)],
    body: [
      ...[...sum(FALL, F, COLUMN), ...sum(FALL, FALL, COLUMN), ...sum(DIAGONAL, FALL, COLUMN)],
      ...[...splat(LEAST, SLOPE), ...splat(OWN, CORNER), ...splat(NONE, AT)],
      ...[ZERO, GAIN, STEP].flatMap((register) => splat(NOTHING, register)),
      ...[...constant(FIRST), ...set(NOW)],
      ...loop(
        [...read(F), ...read(FALL), ...PLUS, ...get(SLOPE), ...MINUS, ...set(GAP)],
        [...get(GAP), ...get(CORNER), ...read(DIAGONAL), ...PLUS],
        [...pair(UP), ...pair(UP), ...PLUS, ...MINUS, ...constant(TINY), ...MOST_OF],
        [...OVER, ...set(LENGTH), ...get(GAP), ...get(LENGTH), ...TIMES, ...set(GAINED)],
        [...get(GAP), ...get(ZERO), ...ABOVE, ...get(GAINED), ...get(GAIN), ...ABOVE, ...BOTH],
        [...set(MASK), ...replace(GAIN, GAINED, MASK), ...replace(AT, NOW, MASK)],
        replace(STEP, LENGTH, MASK),
        [F, FALL, DIAGONAL].flatMap((column) => move(column, int(16))),
        move(UP, int(8)),
        [...get(NOW), ...constant(TWO), ...PLUS, ...set(NOW)],
        [...get(F), ...get(END), ...LESS],
      ),
      ...[...write(VALUE, GAIN), ...write(INDEX, AT), ...write(OTHER, STEP)],
    ],
  };
})();
