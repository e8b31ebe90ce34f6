/**
 * A graph ready to run.
 * @module
 */
import type { Tensor as RuntimeTensor } from "onnxruntime-node";
import type { Device } from "../base/device.ts";
import { type Graph, type GraphInput, sizeOf } from "./graph.ts";
import {
  onnxruntime,
  openSession,
  type Runtime,
  type Session,
  type SessionOptions,
  sharedSession,
} from "../onnx/session.ts";

/**
 * Numbers in the memory of the device that computed them. They cannot be looked at there (the runtime ends
 * the process when asked to); they are fed to runs, also of other programs on the same device.
 */
export interface Resident {
  /** Dimensions. */
  readonly shape: readonly number[];
  /** Frees the memory; feeding it afterwards is an error. */
  release(): Promise<void>;
}

/** What a program is fed, by input name: arrays of the declared length and type, or residents. */
export type Feeds = Readonly<
  Record<string, Float32Array | BigInt64Array | Uint8Array | Resident>
>;

/** What a program computed, by output name. The arrays are the program's own: the next run overwrites them. */
export type Fetches = Readonly<Record<string, Float32Array>>;

/** Settings of a program. */
export interface ProgramOptions extends SessionOptions {
  /** Outputs that stay in the device's memory. */
  readonly keep?: readonly string[];
}

/** The runtime's tensor behind a resident, out of everybody's reach. */
const inside = new WeakMap<Resident, RuntimeTensor>();

/** Programs with residents: these end with the session that made them, so it must not be collected. */
const needed = new Set<Program>();

/** A compiled graph. */
export class Program {
  readonly #session: Session;
  readonly #ort: Runtime;
  readonly #device: Device;
  /** Whether other programs may run the session. */
  readonly #shared: boolean;
  readonly #inputs: readonly GraphInput[];
  readonly #kept: ReadonlyMap<string, readonly number[]>;
  readonly #fetches: Record<string, RuntimeTensor | null>;
  readonly #results: Record<string, Float32Array>;
  readonly #fed = new Map<string, { array: unknown; tensor: RuntimeTensor }>();
  #residents = 0;
  #released = false;

  private constructor(
    session: Session,
    ort: Runtime,
    graph: Graph,
    results: Record<string, Float32Array>,
    { keep, device, shared }: { keep: readonly string[]; device: Device; shared: boolean },
  ) {
    const shapes = graph.outputShapes;
    this.#session = session;
    this.#ort = ort;
    this.#device = device;
    this.#shared = shared;
    this.#inputs = graph.inputs;
    this.#results = results;
    this.#kept = new Map(keep.map((name) => [name, shapes.get(name)!]));
    // Where some outputs stay on a device, the runtime hands over new arrays instead of filling given ones.
    const given = (name: string): RuntimeTensor | null =>
      keep.length > 0 ? null : new ort.Tensor("float32", results[name], [...shapes.get(name)!]);
    this.#fetches = Object.fromEntries(graph.outputs.map((name) => [name, given(name)]));
  }

  /**
   * Compiles a graph.
   * @param buffers arrays that outputs are written into, by name; new ones where absent
   * @throws {RangeError} when an output to keep is not one of the graph
   */
  static async compile(
    graph: Graph,
    { keep = [], device = "cpu", ...options }: ProgramOptions = {},
    buffers: Readonly<Record<string, Float32Array>> = {},
  ): Promise<Program> {
    const shapes = graph.outputShapes;
    const unknown = keep.find((name) => !shapes.has(name));
    if (unknown !== undefined) throw new RangeError(`the graph has no output "${unknown}"`);
    const ort = await onnxruntime();
    const locations = locationsOf(graph, keep, device);
    const model = graph.encode(), shared = device === "cpu" && isSmall(graph, model);
    const session = shared
      ? await sharedSession(model, options)
      : await openSession(model, { ...options, device, ...locations });
    const results = Object.fromEntries(
      graph.outputs.filter((name) => !keep.includes(name)).map((name) => [
        name,
        buffers[name] ?? new Float32Array(sizeOf(shapes.get(name)!)),
      ]),
    );
    return new Program(session, ort, graph, results, { keep, device, shared });
  }

  /**
   * Runs the program once.
   * @throws {RangeError} when an input is missing or has the wrong length or type, or when the program
   *   keeps outputs on the device: those are lost here, and {@link keep} hands them over
   */
  async run(feeds: Feeds): Promise<Fetches> {
    if (this.#kept.size > 0) throw new RangeError("outputs are kept on the device: call keep()");
    return (await this.keep(feeds)).fetched;
  }

  /**
   * Runs the program once and hands over the outputs kept on the device, which the caller releases.
   * @throws {RangeError} when an input is missing or has the wrong length or type
   */
  async keep(
    feeds: Feeds,
  ): Promise<{ fetched: Fetches; kept: Readonly<Record<string, Resident>> }> {
    const tensors: Record<string, RuntimeTensor> = {};
    for (const input of this.#inputs) tensors[input.name] = this.#tensor(input, feeds[input.name]);
    const made = await this.#session.run(tensors, this.#fetches);
    if (this.#kept.size > 0) {
      for (const [name, array] of Object.entries(this.#results)) {
        array.set(made[name].data as Float32Array);
      }
    }
    const kept = Object.fromEntries(
      [...this.#kept].map(([name, shape]) => [name, this.#resident(made[name], shape)]),
    );
    return { fetched: this.#results, kept };
  }

  /** Frees the session, as soon as all residents it made are released too. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    if (this.#residents === 0) await this.#close();
  }

  async #close(): Promise<void> {
    if (!this.#shared) await this.#session.release();
  }

  #resident(tensor: RuntimeTensor, shape: readonly number[]): Resident {
    const release = async (): Promise<void> => {
      if (!inside.delete(resident)) return;
      tensor.dispose();
      if (--this.#residents > 0) return;
      needed.delete(this);
      if (this.#released) await this.#close();
    };
    const resident = { shape, release };
    inside.set(resident, tensor);
    needed.add(this);
    this.#residents++;
    return resident;
  }

  /** A tensor in WebGPU's memory ends the process of any other device that is fed it. */
  #reaches(tensor: RuntimeTensor): boolean {
    return tensor.location !== "gpu-buffer" || this.#device === "webgpu";
  }

  /** The runtime's view of an array; made once, since the runtime sees later changes of the numbers. */
  #tensor({ name, shape, type }: GraphInput, given: Feeds[string] | undefined): RuntimeTensor {
    const known = this.#fed.get(name);
    if (known && known.array === given) return known.tensor;
    const kept = inside.get(given as Resident);
    if (kept && this.#reaches(kept) && type === "float32" && kept.dims.join() === shape.join()) {
      return kept;
    }
    const array = kept ? undefined : given;
    const expected = type === "float32"
      ? Float32Array
      : type === "int64"
      ? BigInt64Array
      : Uint8Array;
    if (!(array instanceof expected) || array.length !== sizeOf(shape)) {
      throw new RangeError(
        `input "${name}": expected ${type} [${shape.join(" × ")}], got ${described(given)}`,
      );
    }
    // The runtime refuses memory that is shared between workers.
    const own = array.buffer instanceof SharedArrayBuffer ? array.slice() : array;
    const tensor = new this.#ort.Tensor(type, own as Float32Array, [...shape]);
    if (own === array) this.#fed.set(name, { array, tensor });
    return tensor;
  }
}

/** Whether a program is small enough to be kept when nobody uses it: a model and inputs of a megabyte at most. */
function isSmall(graph: Graph, model: Uint8Array): boolean {
  const fed = graph.inputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return model.length <= 2 ** 18 && fed <= 2 ** 18;
}

/** Only WebGPU has outputs in its own memory; elsewhere a kept output is one the runtime has made again. */
function locationsOf(graph: Graph, keep: readonly string[], device: Device): SessionOptions {
  if (device !== "webgpu" || keep.length === 0) return {};
  return {
    preferredOutputLocation: Object.fromEntries(
      graph.outputs.map((name) => [name, keep.includes(name) ? "gpu-buffer" : "cpu"]),
    ),
  };
}

function described(given: Feeds[string] | undefined): string {
  if (given === undefined) return "nothing";
  if (ArrayBuffer.isView(given)) return `${given.constructor.name} of ${given.length}`;
  const tensor = inside.get(given);
  return tensor
    ? `a resident [${given.shape.join(" × ")}] in ${tensor.location}`
    : "a released resident";
}
