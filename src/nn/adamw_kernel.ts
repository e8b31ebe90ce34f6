/**
 * AdamW's step in WebAssembly, two numbers at once: float64 throughout, every operation and its order as the formula in
 * `adamw.ts` has them, so that the results are those of a plain loop, bit for bit.
 * @module
 */
import {
  compileWasm,
  F64,
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
  V128,
} from "../linalg/wasm.ts";

/**
 * Steps on arrays of float32 in the memory, of a multiple of four numbers.
 *
 *     g = factor · gradient,  m = β₁ m + ρ₁ g,  v = β₂ v + ρ₂ g · g,  w = keep · w − scale · m / (√(unbias · v) + ε)
 *
 * The first four are addresses, `end` is the one behind the weights; ρ = 1 − β.
 */
export type AdamwKernel = (
  weights: number,
  gradient: number,
  first: number,
  second: number,
  end: number,
  factor: number,
  beta1: number,
  rest1: number,
  beta2: number,
  rest2: number,
  unbias: number,
  keep: number,
  scale: number,
  epsilon: number,
) => void;

let compiled: WebAssembly.Module | undefined;

/** The function, on a memory. */
export function adamwKernel(memory: WebAssembly.Memory): AdamwKernel {
  compiled ??= compileWasm({
    parameters: [...Array(5).fill(I32), ...Array(9).fill(F64)],
    locals: Array(NUMBERS.length + 11).fill(V128),
    body: body(),
  });
  return onMemory(compiled, memory);
}

// Local variables: the parameters; the numbers among them, twice in a register; what is computed with.
const [WEIGHTS, GRADIENT, FIRST, SECOND, END] = Array(5).keys(),
  NUMBERS = [5, 6, 7, 8, 9, 10, 11, 12, 13];
const [FACTOR, BETA1, REST1, BETA2, REST2, UNBIAS, KEEP, SCALE, EPSILON] = NUMBERS.map((n) =>
  n + 9
);
const [W, G, M, V, SLOPE, M0, V0, W0, M1, V1, W1] = Array.from({ length: 11 }, (_, i) => 23 + i);

const SPLAT = simd(20),
  PLUS = simd(0xf0),
  MINUS = simd(0xf1),
  TIMES = simd(0xf2),
  OVER = simd(0xf3);
const ROOT = simd(0xef), TO_FLOAT32 = simd(0x5e), TO_FLOAT64 = simd(0x5f);

const times = (a: number[], b: number[]): number[] => [...a, ...b, ...TIMES];
const plus = (a: number[], b: number[]): number[] => [...a, ...b, ...PLUS];

/** The lower or upper half of four float32 as two float64. */
const half = (local: number, upper: boolean): number[] => [
  ...(upper ? [...get(local), ...get(local), ...lanes(2, 3, 2, 3)] : get(local)),
  ...TO_FLOAT64,
];

/** The step of two of the four numbers. */
function step(upper: boolean, [m, v, w]: readonly number[]): number[] {
  const g = get(SLOPE), root = [...times(get(v), get(UNBIAS)), ...ROOT];
  const ratio = [...times(get(SCALE), get(m)), ...plus(root, get(EPSILON)), ...OVER];
  return [
    ...[...times(half(G, upper), get(FACTOR)), ...set(SLOPE)],
    ...[...plus(times(get(BETA1), half(M, upper)), times(get(REST1), g)), ...set(m)],
    ...[...plus(times(get(BETA2), half(V, upper)), times(times(get(REST2), g), g)), ...set(v)],
    ...[...times(half(W, upper), get(KEEP)), ...ratio, ...MINUS, ...set(w)],
  ];
}

/** Two times two float64 as four float32, to an address. */
const store = (address: number, lower: number, upper: number): number[] => [
  ...get(address),
  ...[...get(lower), ...TO_FLOAT32, ...get(upper), ...TO_FLOAT32, ...lanes(0, 1, 4, 5)],
  ...STORE,
];

function body(): number[] {
  return [
    ...NUMBERS.flatMap((n) => [...get(n), ...SPLAT, ...set(n + 9)]),
    ...loop(
      ...[[WEIGHTS, W], [GRADIENT, G], [FIRST, M], [SECOND, V]].map(([address, local]) => [
        ...[...get(address), ...load(0), ...set(local)],
      ]),
      step(false, [M0, V0, W0]),
      step(true, [M1, V1, W1]),
      store(FIRST, M0, M1),
      store(SECOND, V0, V1),
      store(WEIGHTS, W0, W1),
      ...[WEIGHTS, GRADIENT, FIRST, SECOND].map((address) => move(address, int(16))),
      [...get(WEIGHTS), ...get(END), ...LESS],
    ),
  ];
}
