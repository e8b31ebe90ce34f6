/**
 * Mini-batch training of small networks: the one loop behind every router with learned weights.
 *
 * Batches go through seeded permutations of the examples, so the result depends on the order in which
 * examples are named and on nothing else; name them in an order that is a property of the data (by id).
 * @module
 */
import type { Random } from "../base/random.ts";
import { warmupCosine } from "./adamw.ts";
import type { Graph, Tensor } from "./graph.ts";
import { lookup } from "./ops.ts";
import { loop, type LoopOptions, meanOfLast, Trainer } from "./trainer.ts";
import type { Bound, Parameters } from "./parameters.ts";
import type { Feeds } from "./program.ts";

/** What is learned, from what, and how long. */
export interface TrainOptions {
  /** Changed in place. */
  readonly parameters: Parameters;
  /** Examples, by any number the feeder understands (usually a row of the training data). */
  readonly examples: ArrayLike<number>;
  /** Examples a step; fewer where there are fewer. */
  readonly batch: number;
  /** Passes over the examples. */
  readonly epochs: number;
  /** Peak learning rate: a tenth of the steps warm up, then half a cosine falls to zero. */
  readonly rate: number;
  /** Decoupled weight decay of matrices; vectors have none. Default 0. */
  readonly decay?: number;
  /** Whether a parameter keeps its value. Default: none does. */
  readonly frozen?: (name: string) => boolean;
  /** Names the order of the examples, and `draw` in {@link feed}. */
  readonly random: Random;
  /** Builds the loss of one batch. Called once. */
  readonly loss: (graph: Graph, parameter: Bound, batch: Batch) => Tensor;
  /**
   * What the graph's inputs are fed at a step, but for parameters and what {@link Batch.take} takes. Arrays may be
   * reused from step to step.
   * @param examples the step's examples
   * @param draw the step's own randomness (noise, dropout, masks)
   */
  readonly feed?: (examples: Uint32Array, draw: Random) => Feeds;
}

/** The examples of a step, as the graph sees them. */
export interface Batch {
  /** How many, B. */
  readonly size: number;
  /**
   * The rows that the examples name, [B × width], of a row-major table [N × width]. The runtime copies them: that
   * takes a fraction of the time of a loop over typed arrays.
   */
  take(table: Float32Array, width: number): Tensor;
}

/** For learning curves. */
export interface Look {
  /** Is called after every step: the parameters stand as they are then. */
  look?(steps: number): Promise<void> | void;
}

/** What training reports. */
export interface TrainReport {
  /** Steps done. */
  readonly steps: number;
  /** Mean loss of the last tenth of the steps. */
  readonly loss: number;
}

/**
 * Trains by AdamW, gradients clipped to a norm of 1; without an example nothing is learned.
 * @throws {DataError} when training diverges
 */
export async function trainNetwork(
  options: TrainOptions,
  watch: Pick<LoopOptions, "progress" | "signal"> & Look = {},
): Promise<TrainReport> {
  const { parameters, examples, epochs, rate, decay = 0, frozen, random } = options;
  const N = examples.length, B = Math.min(options.batch, N);
  if (N === 0) return { steps: 0, loss: NaN };
  const steps = Math.max(1, Math.round(epochs * N / B)), order = Uint32Array.from(examples);
  const trainer = new Trainer(parameters, {
    schedule: warmupCosine(rate, steps),
    group: (name, { length }) => frozen?.(name) ? null : { decay: length > 1 ? decay : 0 },
  });
  const chosen = new Uint32Array(B), losses: number[] = [], tables = new Tables(B);
  let at = N;
  await loop(trainer, { steps, progress: watch.progress, signal: watch.signal }, async (step) => {
    for (let b = 0; b < B; b++) {
      if (at === N) random.fork("order", step).shuffle(order), at = 0;
      chosen[b] = order[at++];
    }
    const feed = (): Feeds[] => [{
      ...tables.feeds(chosen),
      ...options.feed?.(chosen, random.fork("step", step)),
    }];
    const build = (graph: Graph, parameter: Bound): Tensor =>
      options.loss(graph, parameter, tables.of(graph));
    losses.push((await trainer.update("batch", build, feed)).loss);
    await watch.look?.(step + 1);
  }).finally(() => trainer.release());
  return { steps, loss: meanOfLast(losses) };
}

/** What {@link Batch.take} took. */
class Tables {
  readonly #taken = new Map<Float32Array, { readonly name: string; readonly rows: Tensor }>();
  readonly #rows: BigInt64Array;

  constructor(private readonly size: number) {
    this.#rows = new BigInt64Array(size);
  }

  of(graph: Graph): Batch {
    const { size } = this, taken = this.#taken;
    let rows: Tensor | undefined;
    return {
      size,
      take(table, width) {
        const known = taken.get(table);
        if (known) return known.rows;
        rows ??= graph.input("rows", [size], { type: "int64" });
        const name = `table ${taken.size}`;
        const made = lookup(graph.input(name, [table.length / width, width]), rows);
        taken.set(table, { name, rows: made });
        return made;
      },
    };
  }

  feeds(examples: Uint32Array): Feeds {
    if (this.#taken.size === 0) return {};
    examples.forEach((row, b) => this.#rows[b] = BigInt(row));
    return {
      rows: this.#rows,
      ...Object.fromEntries(Array.from(this.#taken, ([table, { name }]) => [name, table])),
    };
  }
}
