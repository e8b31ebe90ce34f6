/**
 * Inference with fixed weights, by graphs of a few shapes that are compiled when they are first needed.
 * @module
 */
import type { SessionOptions } from "../onnx/session.ts";
import { Graph } from "./graph.ts";
import { bind, type Bound, type Parameters } from "./parameters.ts";
import { type Feeds, type Fetches, Program } from "./program.ts";

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
}

/** Compiled graphs by name, all with the same parameters. One run at a time where their number is bounded. */
export class Programs {
  readonly #compiled = new Map<string, Promise<Compiled>>();

  /** Nothing is compiled yet; the parameters' values count when a program runs, not now. */
  constructor(
    private readonly parameters: Parameters,
    private readonly options: ProgramsOptions = {},
  ) {}

  /**
   * Runs the graph of a name, which is built and compiled the first time.
   * @param feeds inputs other than parameters
   * @throws {RangeError} when an input is missing or has the wrong length or type
   */
  async run(name: string, build: GraphBuilder, feeds: Feeds): Promise<Fetches> {
    const known = this.#compiled.get(name);
    if (known) {
      this.#compiled.delete(name); // to the end: the first is the one that was not used for longest
      this.#compiled.set(name, known);
    } else await this.#makeRoom();
    const { program, bound } = await remembered(this.#compiled, name, () => this.#compile(build));
    return await program.run({ ...feeds, ...bound.feeds });
  }

  /** Frees all programs; those that are run again are compiled again. */
  async release(): Promise<void> {
    const all = await Promise.all(this.#compiled.values());
    this.#compiled.clear();
    for (const { program } of all) await program.release();
  }

  async #makeRoom(): Promise<void> {
    const { most = Infinity } = this.options;
    for (const [name, compiled] of this.#compiled) {
      if (this.#compiled.size < most) return;
      this.#compiled.delete(name);
      await (await compiled).program.release();
    }
  }

  async #compile(build: GraphBuilder): Promise<Compiled> {
    const { most: _, ...options } = this.options;
    const graph = new Graph({ fused: (options.device ?? "cpu") === "cpu" });
    const bound = bind(graph, this.parameters, () => true);
    build(graph, bound);
    return { program: await Program.compile(graph, options), bound };
  }
}

/** What was computed, safe from the program's next run, which overwrites its outputs. */
export function copied(fetched: Fetches): Fetches {
  return Object.fromEntries(Object.entries(fetched).map(([name, data]) => [name, data.slice()]));
}

/** What is kept under a key, or made and kept; what could not be made is tried again next time. */
export function remembered<K, V>(
  known: Map<K, Promise<V>>,
  key: K,
  make: () => Promise<V>,
): Promise<V> {
  const found = known.get(key);
  if (found) return found;
  const made = make();
  known.set(key, made);
  made.catch(() => known.delete(key)); // the caller gets the error
  return made;
}
