/**
 * A small function in WebAssembly, since JavaScript cannot multiply eight numbers at once: inner products of one vector
 * or two of 16-bit integers with many rows. Of two, each row is read only once.
 *
 *     for every four rows:  out[0…3] = 2⁻²² · Σ_j vector[j] · row[0…3][j]
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
 * All but `groups` are addresses in the memory, or bytes. The vectors lie one after the other, of `bytes` bytes, a
 * multiple of 32; so do the rows, four in each group. `out` gets a float32 for every row, and for a second vector
 * `stride` bytes further on. Sums must stay within 32 bits.
 */
export type DotKernel = (
  vectors: number,
  rows: number,
  groups: number,
  bytes: number,
  out: number,
  stride: number,
) => void;

const compiled = new Map<number, WebAssembly.Module>();

/** The function for one vector or two, on a memory. */
export function dotKernel(memory: WebAssembly.Memory, vectors: 1 | 2): DotKernel {
  const module = compiled.get(vectors) ?? compileWasm(kernelOf(vectors));
  compiled.set(vectors, module);
  return onMemory(module, memory);
}

// Local variables: the parameters, where each of four rows, the vectors' end and the output are.
const [VECTORS, ROW0, GROUPS, BYTES, OUT, STRIDE, ROW1, ROW2, ROW3, END, TO] = Array(11).keys();
const ROWS = [ROW0, ROW1, ROW2, ROW3], ZERO = simd(12, ...Array(16).fill(0));
const ADD_LANES = simd(0xae), TO_FLOATS = simd(0xfa);
/** Products of eight integers, neighbours added. */
const PRODUCTS = simd(0xba);
/** Every lane times 2⁻²²: a float32 of exponent 127 − 22. */
const SCALE = [...[0x43, 0, 0, 0x80, 0x34], ...simd(19), ...simd(0xe6)];

/** What belongs to a vector: where it is read, eight numbers of it, and sums for four rows (local variables). */
interface Place {
  readonly at: number;
  readonly x: number;
  readonly sums: readonly number[];
}

function kernelOf(vectors: number): Parameters<typeof compileWasm>[0] {
  const places = Array.from({ length: vectors }, (_, v): Place => {
    const x = TO + 1 + vectors + 5 * v;
    return { at: TO + 1 + v, x, sums: [x + 1, x + 2, x + 3, x + 4] };
  });
  const row = TO + 1 + 6 * vectors; // eight numbers of a row
  return {
    parameters: Array(6).fill(I32),
    locals: [...Array(5 + vectors).fill(I32), ...Array(5 * vectors + 1).fill(V128)],
    body: body(places, row),
  };
}

/** Adds eight products of every vector with every row to its sums. */
function addProducts(places: readonly Place[], row: number, offset: number): number[] {
  return [
    ...places.flatMap(({ at, x }) => [...get(at), ...load(offset), ...set(x)]),
    ...ROWS.flatMap((from, r) => [
      ...[...get(from), ...load(offset), ...set(row)],
      ...places.flatMap(({ x, sums }) => [
        ...[...get(row), ...get(x), ...PRODUCTS],
        ...[...get(sums[r]), ...ADD_LANES, ...set(sums[r])],
      ]),
    ]),
  ];
}

/** Two registers of partial sums [a b c d], [e f g h] into [a+c e+g b+d f+h]. */
const halved = (one: number, two: number): number[] => [
  ...[...get(one), ...get(two), ...lanes(0, 4, 1, 5)],
  ...[...get(one), ...get(two), ...lanes(2, 6, 3, 7), ...ADD_LANES],
];

/** Writes the sums for four rows. */
const write = ({ sums: [a, b, c, d] }: Place): number[] => [
  ...get(TO),
  ...[...halved(a, b), ...set(a), ...halved(c, d), ...set(c)],
  ...[...get(a), ...get(c), ...lanes(0, 1, 4, 5)],
  ...[...get(a), ...get(c), ...lanes(2, 3, 6, 7), ...ADD_LANES],
  ...[...TO_FLOATS, ...SCALE, ...STORE],
  ...move(TO, get(STRIDE)),
];

function body(places: readonly Place[], row: number): number[] {
  const next = (
    of: number,
    to: number,
  ): number[] => [...get(of), ...get(BYTES), ...ADD, ...set(to)];
  return [
    ...next(VECTORS, END),
    ...loop(
      [...next(ROW0, ROW1), ...next(ROW1, ROW2), ...next(ROW2, ROW3)],
      places.flatMap(({ at }, v) => v === 0 ? [...get(VECTORS), ...set(at)] : next(at - 1, at)),
      places.flatMap(({ sums }) => sums.flatMap((sum) => [...ZERO, ...set(sum)])),
      loop(
        [...addProducts(places, row, 0), ...addProducts(places, row, 16)],
        [...places.map(({ at }) => at), ...ROWS].flatMap((at) => move(at, int(32))),
        [...get(places[0].at), ...get(END), ...LESS],
      ),
      [...get(ROW3), ...set(ROW0)], // the end of this group is the start of the next
      [...get(OUT), ...set(TO), ...places.flatMap(write)],
      move(OUT, int(16)),
      [...get(GROUPS), ...int(1), ...SUBTRACT, ...set(GROUPS), ...get(GROUPS)],
    ),
  ];
}
