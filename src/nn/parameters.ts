/**
 * The numbers a model learns, by name.
 * @module
 */
import type { Random } from "../base/random.ts";
import { type Graph, sizeOf, type Tensor } from "./graph.ts";
import type { Feeds } from "./program.ts";

/** One learned tensor. */
export interface Parameter {
  /** Dimensions. */
  readonly shape: readonly number[];
  /** Row-major values, changed in place by training. */
  readonly data: Float32Array;
}

/** Shape and values to put in a parameter's place. */
export interface GivenValues {
  /** Dimensions. */
  readonly shape: readonly number[];
  /** Row-major, as many as the shape has. */
  readonly data: ArrayLike<number>;
}

/** How a parameter starts: fills its array, drawing from a stream that is named like the parameter. */
export type Initialiser = (data: Float32Array, random: Random) => void;

/** All zeros. */
export function zeros(): void {}

/** All ones. */
export function ones(data: Float32Array): void {
  data.fill(1);
}

/** Independent normal numbers. */
export function normal(deviation: number): Initialiser {
  return (data, random) => {
    for (let i = 0; i < data.length; i++) data[i] = deviation * random.normal();
  };
}

/** Given values, as many as the shape has. */
export function values(given: ArrayLike<number>): Initialiser {
  return (data) => fill(data, given);
}

/** Unlike `set`, it refuses too few values. */
function fill(data: Float32Array, given: ArrayLike<number>): void {
  if (given.length !== data.length) {
    throw new RangeError(`${given.length} values for a parameter of ${data.length}`);
  }
  data.set(given);
}

/** Named parameters. The same seed and names give the same start, in whatever order they are added. */
export class Parameters implements Iterable<[string, Parameter]> {
  readonly #byName = new Map<string, Parameter>();

  /** No parameters yet; `random` names the streams they start from. */
  constructor(private readonly random: Random) {}

  /** Adds a parameter. @throws {RangeError} when the name is taken */
  add(name: string, shape: readonly number[], start: Initialiser): void {
    if (this.#byName.has(name)) throw new RangeError(`parameter "${name}" is added twice`);
    const data = new Float32Array(sizeOf(shape));
    start(data, this.random.fork(name));
    this.#byName.set(name, { shape, data });
  }

  /** The parameter of a name. @throws {RangeError} when there is none */
  get(name: string): Parameter {
    const found = this.#byName.get(name);
    if (!found) throw new RangeError(`no parameter "${name}"`);
    return found;
  }

  /** Whether there is a parameter of that name. */
  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** Number of learned numbers. */
  get count(): number {
    return [...this.#byName.values()].reduce((n, { data }) => n + data.length, 0);
  }

  /** Names and parameters, in order of addition. */
  [Symbol.iterator](): IterableIterator<[string, Parameter]> {
    return this.#byName.entries();
  }

  /** Parameters of the same names with the same values, or with others in place of some. */
  copy(others: Readonly<Record<string, GivenValues>> = {}): Parameters {
    const copy = new Parameters(this.random);
    for (const [name, own] of this) {
      const { shape, data } = others[name] ?? own;
      copy.add(name, shape, values(data));
    }
    return copy;
  }

  /** A deep copy of the values, to come back to. */
  snapshot(): Map<string, Float32Array> {
    return new Map([...this.#byName].map(([name, { data }]) => [name, data.slice()]));
  }

  /** Puts values back, in place. @throws {RangeError} when they are of another parameter */
  restore(snapshot: ReadonlyMap<string, Float32Array>): void {
    for (const [name, data] of snapshot) fill(this.get(name).data, data);
  }
}

/** Parameters as tensors of one graph: each becomes an input when it is first asked for. */
export interface Bound {
  /** The tensor of a parameter. */
  (name: string): Tensor;
  /** Whether there is a parameter of that name. */
  has(name: string): boolean;
  /** Those asked for so far, with their names. */
  readonly used: ReadonlyMap<string, Tensor>;
  /** Their values, to feed to a program. */
  readonly feeds: Feeds;
}

/** Binds parameters to a graph; those that are `frozen` get no gradient. */
export function bind(
  graph: Graph,
  parameters: Parameters,
  frozen: (name: string) => boolean = () => false,
): Bound {
  const used = new Map<string, Tensor>(), feeds: Record<string, Float32Array> = {};
  const tensor = (name: string): Tensor => {
    const known = used.get(name);
    if (known) return known;
    const { shape, data } = parameters.get(name);
    const made = graph.input(name, shape, { differentiable: !frozen(name) });
    used.set(name, made);
    feeds[name] = data;
    return made;
  };
  return Object.assign(tensor, { used, feeds, has: (name: string) => parameters.has(name) });
}
