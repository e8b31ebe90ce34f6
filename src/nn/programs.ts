/**
 * Inference with fixed weights, by graphs of a few shapes that are compiled when they are first needed.
 * @module
 */
import type { SessionOptions } from "../onnx/session.ts";
import { Graph } from "./graph.ts";
import { bind, type Bound, type Parameters } from "./parameters.ts";
import { toDevice } from "./on_device/transfer.ts";
import { type Feeds, type Fetches, Program, type Resident } from "./program.ts";

/** Declares inputs and outputs of a graph; parameters are bound to it. */
export type GraphBuilder = (graph: Graph, parameter: Bound) => void;

interface Compiled {
  readonly program: Program;
  readonly bound: Bound;
}

/** Settings of programs. */
export interface ProgramsOptions extends SessionOptions {
  /** Most programs that are kept compiled; the one not used for longest goes. Any number if absent. */
  readonly most?: number;
  /** Whether the parameters do not change any more: on a device they then stay there, moved once. Default false. */
  readonly fixed?: boolean;
}

/** Compiled graphs by name, all with the same parameters. */
export class Programs {
  readonly #compiled: ProgramCache<Compiled>;
  /** Parameters in the device's memory. */
  readonly #moved: Record<string, Resident> = {};

  /** Nothing is compiled yet; the parameters' values count when a program runs (`fixed`: first), not now. */
  constructor(
    private readonly parameters: Parameters,
    private readonly options: ProgramsOptions = {},
  ) {
    this.#compiled = new ProgramCache(options.most);
  }

  /**
   * Runs the graph of a name, which is built and compiled the first time.
   * @param feeds inputs other than parameters
   * @throws {RangeError} when an input is missing or has the wrong length or type
   */
  async run(name: string, build: GraphBuilder, feeds: Feeds): Promise<Fetches> {
    const { program, bound } = await this.#compiled.get(name, () => this.#compile(build));
    return await program.run({ ...feeds, ...bound.feeds, ...this.#moved });
  }

  /** Frees all programs; those that are run again are compiled again. */
  async release(): Promise<void> {
    await this.#compiled.release();
    for (const [name, resident] of Object.entries(this.#moved)) {
      delete this.#moved[name];
      await resident.release();
    }
  }

  async #compile(build: GraphBuilder): Promise<Compiled> {
    const { most: _, fixed, ...options } = this.options;
    const graph = new Graph({ fused: (options.device ?? "cpu") === "cpu" });
    const bound = bind(graph, this.parameters, () => true);
    build(graph, bound);
    if (fixed && !graph.fused) {
      const missing = graph.inputs.filter(({ name }) => !Object.hasOwn(this.#moved, name));
      Object.assign(this.#moved, await toDevice(missing, bound.feeds, options));
    }
    return { program: await Program.compile(graph, options), bound };
  }
}

/** What was computed, safe from the program's next run, which overwrites its outputs. */
export function copied(fetched: Fetches): Fetches {
  return Object.fromEntries(Object.entries(fetched).map(([name, data]) => [name, data.slice()]));
}

/**
 * Compiled programs by name; what could not be compiled is tried again next time. A program may take gigabytes,
 * so at most some are kept: the one not used for longest goes. Then one run at a time.
 */
export class ProgramCache<V extends { readonly program: Program }> {
  readonly #known = new Map<string, Promise<V>>();

  /** Nothing is kept yet. */
  constructor(private readonly most = Infinity) {}

  /** The program of a name, or made and kept. */
  async get(name: string, make: () => Promise<V>): Promise<V> {
    let found = this.#known.get(name);
    if (!found) {
      await this.#makeRoom();
      found = make();
      found.catch(() => this.#known.delete(name)); // the caller gets the error
    }
    this.#known.delete(name); // to the end: the first is the one that was not used for longest
    this.#known.set(name, found);
    return await found;
  }

  /** Frees all programs. */
  async release(): Promise<void> {
    const all = await Promise.all(this.#known.values());
    this.#known.clear();
    for (const { program } of all) await program.release();
  }

  async #makeRoom(): Promise<void> {
    for (const [name, kept] of this.#known) {
      if (this.#known.size < this.most) return;
      this.#known.delete(name);
      await (await kept).program.release();
    }
  }
}
