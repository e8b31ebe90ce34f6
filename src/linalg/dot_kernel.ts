/**
 * One small function in WebAssembly, since JavaScript cannot multiply eight numbers at once: inner products of one vector
 * of 16-bit integers with many. Written out instruction by instruction, so that there is no binary to trust.
 *
 *     for every four rows:  out[0…3] = 2⁻²² · Σ_j query[j] · row[0…3][j]
 * @module
 */

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
  compiled ??= new WebAssembly.Module(Uint8Array.from(moduleBytes()));
  return new WebAssembly.Instance(compiled, { js: { memory } }).exports.dot as DotKernel;
}

// Local variables: the parameters, where each of four rows and the query is read, and registers of 128 bits.
const [QUERY, ROW0, GROUPS, BYTES, OUT, ROW1, ROW2, ROW3, AT, X, SUM0, SUM1, SUM2, SUM3] = Array(14)
  .keys();
const ROWS = [[ROW0, SUM0], [ROW1, SUM1], [ROW2, SUM2], [ROW3, SUM3]];
const I32 = 0x7f, V128 = 0x7b;

const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
/** A number below 64, which takes one byte. */
const int = (value: number): number[] => [0x41, value];
const ADD = [0x6a], SUBTRACT = [0x6b], LESS = [0x49];
/** Repeats its body as long as the number left at the end is not 0. */
const loop = (...body: number[][]): number[] => [0x03, 0x40, ...body.flat(), 0x0d, 0, 0x0b];
const move = (
  local: number,
  by: number[],
): number[] => [...get(local), ...by, ...ADD, ...set(local)];
/** 128 bits from the address on the stack and an offset; alignment is not promised. */
const load = (offset: number): number[] => [0xfd, 0, 0, offset];
const STORE = [0xfd, 11, 0, 0], ZERO = [0xfd, 12, ...Array(16).fill(0)];
/** Four of the eight 32-bit lanes of two registers. */
const lanes = (...of: number[]): number[] => [
  ...[0xfd, 13],
  ...of.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)),
];
const ADD_LANES = [0xfd, 0xae, 1], TO_FLOATS = [0xfd, 0xfa, 1];
/** Products of eight integers, neighbours added. */
const PRODUCTS = [0xfd, 0xba, 1];
/** Every lane times 2⁻²²: a float32 of exponent 127 − 22. */
const SCALE = [...[0x43, 0, 0, 0x80, 0x34], ...[0xfd, 19], ...[0xfd, 0xe6, 1]];

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
    0x0b,
  ];
}

/** The module: one memory in, one function out. */
function moduleBytes(): number[] {
  const text = (of: string): number[] => [of.length, ...new TextEncoder().encode(of)];
  const locals = [2, 4, I32, 5, V128], code = [...locals, ...body()];
  const section = (id: number, content: number[]): number[] => [
    id,
    ...leb(content.length),
    ...content,
  ];
  return [
    ...[0, ...new TextEncoder().encode("asm"), 1, 0, 0, 0],
    ...section(1, [1, 0x60, 5, I32, I32, I32, I32, I32, 0]), // types: five integers in, nothing out
    ...section(2, [1, ...text("js"), ...text("memory"), 2, 0, 1]), // imports: a memory of a page or more
    ...section(3, [1, 0]), // functions: one of the first type
    ...section(7, [1, ...text("dot"), 0, 0]), // exports
    ...section(10, [1, ...leb(code.length), ...code]),
  ];
}

/** A whole number in groups of seven bits, the lowest first. */
function leb(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...leb(Math.floor(value / 128))];
}
