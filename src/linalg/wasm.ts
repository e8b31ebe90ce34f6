/**
 * Functions in WebAssembly, for what JavaScript cannot do: compute with several numbers at once. Written out instruction
 * by instruction, so that there is no binary to trust. Here are the instructions; a piece of code is a list of bytes.
 * @module
 */

/** Types of parameters and local variables: whole numbers, float64, and registers of 128 bits. */
export const I32 = 0x7f, F64 = 0x7c, V128 = 0x7b;

/** Pushes a local variable. */
export const get = (local: number): number[] => [0x20, local];
/** Pops into a local variable. */
export const set = (local: number): number[] => [0x21, local];
/** A number below 64, which takes one byte. */
export const int = (value: number): number[] => [0x41, value];
/** Of whole numbers; the comparison is without signs. */
export const ADD = [0x6a], SUBTRACT = [0x6b], LESS = [0x49];

/** Repeats its body as long as the number left at the end is not 0. */
export const loop = (...body: number[][]): number[] => [0x03, 0x40, ...body.flat(), 0x0d, 0, 0x0b];

/** Adds to a local variable. */
export const move = (local: number, by: number[]): number[] => [
  ...get(local),
  ...by,
  ...ADD,
  ...set(local),
];

/** 128 bits from the address on the stack and an offset; alignment is not promised. */
export const load = (offset: number): number[] => simd(0, 0, offset);
/** 128 bits to the address below them on the stack. */
export const STORE: readonly number[] = simd(11, 0, 0);

/** Four of the eight 32-bit lanes of two registers. */
export const lanes = (...of: number[]): number[] =>
  simd(13, ...of.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)));

/** An instruction on registers of 128 bits. */
export function simd(code: number, ...immediate: number[]): number[] {
  return [0xfd, ...leb(code), ...immediate];
}

/** A function to compile. */
export interface WasmFunction {
  /** Types of its parameters, which are its first local variables. It returns nothing. */
  readonly parameters: readonly number[];
  /** Types of its other local variables. */
  readonly locals: readonly number[];
  /** Its code. */
  readonly body: readonly number[];
}

/** Compiles a function that works on a memory, which {@link onMemory} gives it. */
export function compileWasm({ parameters, locals, body }: WasmFunction): WebAssembly.Module {
  const text = (of: string): number[] => [of.length, ...new TextEncoder().encode(of)];
  const code = [...leb(locals.length), ...locals.flatMap((type) => [1, type]), ...body, 0x0b];
  const section = (id: number, content: number[]): number[] => [
    id,
    ...leb(content.length),
    ...content,
  ];
  const bytes = [
    ...[0, ...new TextEncoder().encode("asm"), 1, 0, 0, 0],
    ...section(1, [1, 0x60, parameters.length, ...parameters, 0]), // types: of the function
    ...section(2, [1, ...text("js"), ...text("memory"), 2, 0, 1]), // imports: a memory of a page or more
    ...section(3, [1, 0]), // functions: one of the first type
    ...section(7, [1, ...text("run"), 0, 0]), // exports
    ...section(10, [1, ...leb(code.length), ...code]),
  ];
  return new WebAssembly.Module(Uint8Array.from(bytes));
}

/** The function, on a memory. */
export function onMemory<F>(module: WebAssembly.Module, memory: WebAssembly.Memory): F {
  return new WebAssembly.Instance(module, { js: { memory } }).exports.run as F;
}

/** A whole number in groups of seven bits, the lowest first. */
function leb(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...leb(Math.floor(value / 128))];
}
