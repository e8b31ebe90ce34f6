/**
 * One small function in WebAssembly, since JavaScript cannot multiply eight numbers at once: inner products of one vector
 * of 16-bit integers with many.
 *
 *     for every four rows:  out[0…3] = 2⁻²² · Σ_j query[j] · row[0…3][j]
 * @module
 */
import {
  ADD,
  compileWasm,
  get,
  I32,
  int,
  lanes,
  LESS,
  load,
  loop,
  move,
  onMemory,
  set,
  simd,
  STORE,
  SUBTRACT,
  V128,
} from "./wasm.ts";

/**
 * All but `groups` are addresses in the memory, or bytes. Rows of `bytes` bytes, a multiple of 32, lie one after the
 * other, four in each group; `out` gets a float32 for every row. Sums must stay within 32 bits.
 */
export type DotKernel = (
  query: number,
  rows: number,
  groups: number,
  bytes: number,
  out: number,
) => void;

let compiled: WebAssembly.Module | undefined;

/** The function, on a memory. */
export function dotKernel(memory: WebAssembly.Memory): DotKernel {
  compiled ??= compileWasm({
    parameters: [I32, I32, I32, I32, I32],
    locals: [I32, I32, I32, I32, V128, V128, V128, V128, V128],
    body: body(),
  });
  return onMemory(compiled, memory);
}

// Local variables: the parameters, where each of four rows and the query is read, and registers of 128 bits.
const [QUERY, ROW0, GROUPS, BYTES, OUT, ROW1, ROW2, ROW3, AT, X, SUM0, SUM1, SUM2, SUM3] = Array(14)
  .keys();
const ROWS = [[ROW0, SUM0], [ROW1, SUM1], [ROW2, SUM2], [ROW3, SUM3]];
const ZERO = simd(12, ...Array(16).fill(0));
const ADD_LANES = simd(0xae), TO_FLOATS = simd(0xfa);
/** Products of eight integers, neighbours added. */
const PRODUCTS = simd(0xba);
/** Every lane times 2⁻²²: a float32 of exponent 127 − 22. */
const SCALE = [...[0x43, 0, 0, 0x80, 0x34], ...simd(19), ...simd(0xe6)];

/** Adds eight products of every row to its sums. */
function addProducts(offset: number): number[] {
  return [
    ...[...get(AT), ...load(offset), ...set(X)],
    ...ROWS.flatMap(([row, sum]) => [
      ...[...get(X), ...get(row), ...load(offset), ...PRODUCTS],
      ...[...get(sum), ...ADD_LANES, ...set(sum)],
    ]),
  ];
}

/** Two registers of partial sums [a b c d], [e f g h] into [a+c e+g b+d f+h]. */
const halved = (one: number, two: number): number[] => [
  ...[...get(one), ...get(two), ...lanes(0, 4, 1, 5)],
  ...[...get(one), ...get(two), ...lanes(2, 6, 3, 7), ...ADD_LANES],
];

function body(): number[] {
  return [
    ...loop(
      [...get(ROW0), ...get(BYTES), ...ADD, ...set(ROW1)],
      [...get(ROW1), ...get(BYTES), ...ADD, ...set(ROW2)],
      [...get(ROW2), ...get(BYTES), ...ADD, ...set(ROW3)],
      [...get(QUERY), ...set(AT)],
      ROWS.flatMap(([, sum]) => [...ZERO, ...set(sum)]),
      loop(
        ...[addProducts(0), addProducts(16), move(AT, int(32))],
        ROWS.flatMap(([row]) => move(row, int(32))),
        [...get(AT), ...get(QUERY), ...get(BYTES), ...ADD, ...LESS],
      ),
      [...get(ROW3), ...set(ROW0)], // the end of this group is the start of the next
      [...get(OUT)],
      [...halved(SUM0, SUM1), ...set(X), ...halved(SUM2, SUM3), ...set(SUM0)],
      [...get(X), ...get(SUM0), ...lanes(0, 1, 4, 5)],
      [...get(X), ...get(SUM0), ...lanes(2, 3, 6, 7), ...ADD_LANES],
      [...TO_FLOATS, ...SCALE, ...STORE],
      move(OUT, int(16)),
      [...get(GROUPS), ...int(1), ...SUBTRACT, ...set(GROUPS), ...get(GROUPS)],
    ),
  ];
}
