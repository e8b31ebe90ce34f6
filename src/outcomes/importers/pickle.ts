/**
 * Python's pickle as data: a reader that can build lists, tuples, dicts, texts, bytes and numbers, and the
 * arrays and frames of `pickle_types.ts`. Nothing is imported or called: a pickle names functions to run when it
 * is opened, and any that is not in that short list is refused by name before anything else is read.
 *
 * Protocols 2 to 5. Read are the opcodes that Python writes for such values; persistent ids, extension codes,
 * sets and out-of-band buffers are errors.
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { type Constructor, Shell } from "./pickle_arrays.ts";
import { CONSTRUCTORS } from "./pickle_types.ts";

/** A value of a pickle: dicts are maps, tuples {@link Tuple}s, integers beyond 2^53 bigints. */
export type PickleValue = unknown;

/** A Python tuple. */
export class Tuple extends Array<PickleValue> {}

const KNOWN: ReadonlySet<Constructor> = new Set(CONSTRUCTORS.values());
/** Stands on the stack where a list of values begins. */
const MARK = Symbol("mark");

/**
 * Reads a pickle.
 * @throws {DataError} naming `where`: damaged, of an unknown opcode, or with anything beyond plain data
 */
export function readPickle(bytes: Uint8Array, where: string): PickleValue {
  const machine = new Machine(bytes, where);
  try {
    return machine.run();
  } catch (error) {
    if (error instanceof DataError) throw error;
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new DataError(`${where}: damaged pickle at byte ${machine.at} (${error.message})`);
  }
}

class Machine {
  at = 0;
  readonly #stack: PickleValue[] = [];
  readonly #memo = new Map<number, PickleValue>();
  readonly #view: DataView;
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  constructor(private readonly bytes: Uint8Array, private readonly where: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): PickleValue {
    for (;;) {
      const opcode = this.bytes[this.at++];
      if (opcode === 0x2e) { // STOP
        const value = this.#pop();
        if (this.#stack.length > 0) this.#fail("more than one value");
        return value;
      }
      const step = opcode === undefined ? undefined : STEPS[opcode];
      if (!step) {
        this.#fail(`opcode ${opcode === undefined ? "missing" : `0x${opcode.toString(16)}`}`);
      }
      step!(this);
    }
  }

  #fail(what: string): never {
    throw new DataError(
      `${this.where}: expected a pickle of plain data, got ${what} at byte ${this.at}`,
    );
  }

  #take(length: number): Uint8Array {
    if (length < 0 || this.at + length > this.bytes.length) this.#fail("a torn end");
    return this.bytes.subarray(this.at, this.at += length);
  }

  #count(width: 1 | 2 | 4 | 8): number {
    const at = this.at;
    this.#take(width);
    if (width === 1) return this.#view.getUint8(at);
    if (width === 2) return this.#view.getUint16(at, true);
    if (width === 4) return this.#view.getUint32(at, true);
    return Number(this.#view.getBigUint64(at, true));
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #pop(): PickleValue {
    if (this.#stack.length === 0 || this.#stack.at(-1) === MARK) this.#fail("an empty stack");
    return this.#stack.pop();
  }

  #sinceMark(): PickleValue[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at < 0) this.#fail("no mark");
    const values = this.#stack.splice(at);
    values.shift();
    return values;
  }

  #text(width: 1 | 4 | 8): string {
    return this.#utf8.decode(this.#take(this.#count(width)));
  }

  #line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0) this.#fail("a torn end");
    const line = new TextDecoder().decode(this.bytes.subarray(this.at, end));
    this.at = end + 1;
    return line;
  }

  /** Two's complement, little end first. */
  #long(length: number): number | bigint {
    const digits = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = value << 8n | BigInt(digits[i]);
    if (length > 0 && digits[length - 1] & 0x80) value -= 1n << BigInt(8 * length);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  #global(module: PickleValue, name: PickleValue): void {
    const found = CONSTRUCTORS.get(`${module}.${name}`);
    if (!found) {
      throw new DataError(
        `${this.where}: expected lists, dicts, texts, numbers, arrays and frames; refused ` +
          JSON.stringify(`${module}.${name}`),
      );
    }
    this.#push(found);
  }

  #call(constructor: PickleValue, args: PickleValue): void {
    if (!KNOWN.has(constructor as Constructor) || !(args instanceof Tuple)) {
      this.#fail("a call of something else");
    }
    this.#push((constructor as Constructor).make([...args as Tuple], this.where));
  }

  #fill(map: PickleValue, pairs: PickleValue[]): void {
    if (!(map instanceof Map) || pairs.length % 2 !== 0) this.#fail("a dict of another kind");
    for (let i = 0; i < pairs.length; i += 2) {
      const key = pairs[i];
      const plain = typeof key === "string" || typeof key === "number" || typeof key === "boolean";
      if (!plain) this.#fail("a key that is no text or number");
      (map as Map<PickleValue, PickleValue>).set(key, pairs[i + 1]);
    }
  }

  #append(list: PickleValue, values: PickleValue[]): void {
    if (!Array.isArray(list) || list instanceof Tuple) this.#fail("a list of another kind");
    for (const value of values) (list as PickleValue[]).push(value);
  }

  #get(index: number): void {
    if (!this.#memo.has(index)) this.#fail("an unknown memo");
    this.#push(this.#memo.get(index));
  }

  #put(index: number): void {
    this.#memo.set(index, this.#stack.at(-1));
  }

  #tuple(length: number): void {
    const values = Array.from({ length }, () => this.#pop()).reverse();
    this.#push(Tuple.from(values));
  }

  static steps(): Record<number, (m: Machine) => unknown> {
    return {
      0x80: (m) => { // PROTO
        const version = m.#count(1);
        if (version < 2 || version > 5) m.#fail(`protocol ${version}`);
      },
      0x95: (m) => m.#count(8), // FRAME
      0x28: (m) => m.#push(MARK), // MARK
      0x30: (m) => m.#stack.at(-1) === MARK ? m.#stack.pop() : m.#pop(), // POP
      0x31: (m) => m.#sinceMark(), // POP_MARK
      0x4e: (m) => m.#push(null), // NONE
      0x88: (m) => m.#push(true), // NEWTRUE
      0x89: (m) => m.#push(false), // NEWFALSE
      0x4a: (m) => { // BININT
        const at = m.at;
        m.#take(4);
        m.#push(m.#view.getInt32(at, true));
      },
      0x4b: (m) => m.#push(m.#count(1)), // BININT1
      0x4d: (m) => m.#push(m.#count(2)), // BININT2
      0x8a: (m) => m.#push(m.#long(m.#count(1))), // LONG1
      0x47: (m) => { // BINFLOAT
        const at = m.at;
        m.#take(8);
        m.#push(m.#view.getFloat64(at, false));
      },
      0x58: (m) => m.#push(m.#text(4)), // BINUNICODE
      0x8c: (m) => m.#push(m.#text(1)), // SHORT_BINUNICODE
      0x8d: (m) => m.#push(m.#text(8)), // BINUNICODE8
      0x42: (m) => m.#push(m.#take(m.#count(4))), // BINBYTES
      0x43: (m) => m.#push(m.#take(m.#count(1))), // SHORT_BINBYTES
      0x8e: (m) => m.#push(m.#take(m.#count(8))), // BINBYTES8
      0x96: (m) => m.#push(m.#take(m.#count(8))), // BYTEARRAY8
      0x5d: (m) => m.#push([]), // EMPTY_LIST
      0x61: (m) => { // APPEND
        const value = m.#pop();
        m.#append(m.#stack.at(-1), [value]);
      },
      0x65: (m) => { // APPENDS
        const values = m.#sinceMark();
        m.#append(m.#stack.at(-1), values);
      },
      0x29: (m) => m.#push(new Tuple()), // EMPTY_TUPLE
      0x74: (m) => m.#push(Tuple.from(m.#sinceMark())), // TUPLE
      0x85: (m) => m.#tuple(1), // TUPLE1
      0x86: (m) => m.#tuple(2), // TUPLE2
      0x87: (m) => m.#tuple(3), // TUPLE3
      0x7d: (m) => m.#push(new Map()), // EMPTY_DICT
      0x73: (m) => { // SETITEM
        const value = m.#pop(), key = m.#pop();
        m.#fill(m.#stack.at(-1), [key, value]);
      },
      0x75: (m) => { // SETITEMS
        const pairs = m.#sinceMark();
        m.#fill(m.#stack.at(-1), pairs);
      },
      0x71: (m) => m.#put(m.#count(1)), // BINPUT
      0x72: (m) => m.#put(m.#count(4)), // LONG_BINPUT
      0x94: (m) => m.#put(m.#memo.size), // MEMOIZE
      0x68: (m) => m.#get(m.#count(1)), // BINGET
      0x6a: (m) => m.#get(m.#count(4)), // LONG_BINGET
      0x63: (m) => { // GLOBAL
        const module = m.#line();
        m.#global(module, m.#line());
      },
      0x93: (m) => { // STACK_GLOBAL
        const name = m.#pop(), module = m.#pop();
        m.#global(module, name);
      },
      0x52: (m) => { // REDUCE
        const args = m.#pop(), constructor = m.#pop();
        m.#call(constructor, args);
      },
      0x81: (m) => { // NEWOBJ
        const args = m.#pop(), constructor = m.#pop();
        m.#call(constructor, args);
      },
      0x62: (m) => { // BUILD
        const state = m.#pop(), shell = m.#stack.at(-1);
        if (!(shell instanceof Shell)) m.#fail("a state of something else");
        (shell as Shell).fill(state, m.where);
      },
    };
  }
}

const STEPS = Machine.steps();
