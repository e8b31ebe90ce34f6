/**
 * Training: gradients from a graph on ONNX Runtime, AdamW in a loop over typed arrays.
 *
 * A trainer holds no data and draws no numbers: its caller derives everything random from the step's
 * number. So weights, moments and the number of steps are its whole state, and training that is stopped
 * and resumed from a checkpoint ends with the same bits. {@link loop} does the steps of a run.
 * @module
 */
import {
  AdamwMemory,
  type AdamWOptions,
  globalNorm,
  type Group,
  type Moments,
  type Schedule,
} from "./adamw.ts";
import { Graph, type Tensor } from "./graph.ts";
import { gradients } from "./ops.ts";
import { bind, type Bound, type Parameters } from "./parameters.ts";
import { type Feeds, Program } from "./program.ts";
import { ProgramCache } from "./programs.ts";
import type { SessionOptions } from "../onnx/session.ts";
import { DataError } from "../base/errors.ts";
import {
  type Extra,
  readCheckpoint,
  type TrainedParameters,
  writeCheckpoint,
} from "./checkpoint.ts";

/** Builds the loss of one shape of batch. */
export type LossBuilder = (graph: Graph, parameter: Bound) => Tensor;

/** Settings of a trainer. */
export interface TrainerOptions extends AdamWOptions, SessionOptions {
  /** Learning rate by step. */
  readonly schedule: Schedule;
  /** Gradients are scaled down to this global norm. Default 1; Infinity to leave them. */
  readonly clip?: number;
  /** Group of a parameter; null = frozen. Default: decay 0.01 on matrices, none on vectors. */
  readonly group?: (name: string, shape: readonly number[]) => Group | null;
  /** Most shapes whose programs are kept; any number if absent. */
  readonly most?: number;
}

/** What a step reports. */
export interface StepReport {
  /** Mean loss of the micro-batches before the step. */
  readonly loss: number;
  /** Global norm of the gradient before clipping. */
  readonly norm: number;
}

/** Decay on matrices only, as is usual. */
export function matricesDecay(_name: string, shape: readonly number[]): Group {
  return { decay: shape.length > 1 ? 0.01 : 0 };
}

/** Parameters that have a group: the others are frozen. */
export function trainedOf(
  parameters: Parameters,
  group: NonNullable<TrainerOptions["group"]>,
): TrainedParameters {
  return [...parameters].filter(([name, { shape }]) => group(name, shape) !== null);
}

interface Compiled {
  readonly program: Program;
  readonly bound: Bound;
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** Trains parameters. */
export class Trainer {
  readonly #programs: ProgramCache<Compiled>;
  /** Of the parameters that are trained, from the first step on. */
  #memory: AdamwMemory | undefined;
  /** Of those that were. */
  readonly #moments = new Map<string, Moments>();
  readonly #group: NonNullable<TrainerOptions["group"]>;
  #step = 0;

  /** Nothing is compiled or allocated before the first step. */
  constructor(readonly parameters: Parameters, private readonly options: TrainerOptions) {
    this.#group = options.group ?? matricesDecay;
    this.#programs = new ProgramCache(options.most);
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /**
   * One optimiser step on the mean loss of one or more micro-batches of equal shape.
   *
   * @param shape names the shape of the batch; `build` is called once for each
   * @param batches the micro-batches, or what makes them once the graph is built
   * @throws {DataError} when the loss is not finite: the weights are left as they were
   * @throws {RangeError} when there is no batch, or one does not fit the graph
   */
  async update(
    shape: string,
    build: LossBuilder,
    batches: readonly Feeds[] | (() => readonly Feeds[]),
  ): Promise<StepReport> {
    const { program, bound, gradients } = await this.#programs.get(
      shape,
      () => this.#compile(build),
    );
    const micro = typeof batches === "function" ? batches() : batches;
    if (micro.length === 0) throw new RangeError("a step needs at least one micro-batch");
    let loss = 0;
    const sums = new Map<string, Float32Array>();
    for (const feeds of micro) {
      const fetched = await program.run({ ...feeds, ...bound.feeds });
      loss += fetched.loss[0] / micro.length;
      if (micro.length > 1) accumulate(sums, gradients);
    }
    for (const [name, sum] of sums) gradients.get(name)!.set(sum);
    const norm = globalNorm(gradients.values()) / micro.length;
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      throw new DataError(
        `training diverged at step ${this.#step}: loss ${loss}, gradient ${norm}`,
      );
    }
    const { schedule, clip = 1 } = this.options, rate = schedule(this.#step++);
    const factor = Math.min(1, clip / Math.max(norm, 1e-12)) / micro.length;
    const memory = this.#remembered();
    for (const name of gradients.keys()) {
      const { shape, data } = this.parameters.get(name);
      const { rate: share = 1, decay = 0 } = this.#group(name, shape)!;
      memory.step(name, data, {
        ...this.options,
        step: this.#step,
        rate: rate * share,
        decay,
        factor,
      });
      this.#moments.set(name, memory.moments(name));
    }
    return { loss, norm };
  }

  /** Brings what was learned into the parameters: here it is there after every step. */
  pull(): Promise<void> {
    return Promise.resolve();
  }

  /** Writes the weights that are trained, moments and the number of steps, atomically, as safetensors. */
  async save(path: string, extra?: Extra): Promise<void> {
    const state = { step: this.#step, moments: this.#moments };
    await writeCheckpoint(path, trainedOf(this.parameters, this.#group), state, extra);
  }

  /**
   * Puts a saved state back; returns what was saved beside it.
   * @throws {DataError} when the file is damaged or is not of these parameters
   */
  async load(path: string): Promise<Extra> {
    const { step, moments, extra } = await readCheckpoint(
      path,
      trainedOf(this.parameters, this.#group),
    );
    const memory = this.#remembered();
    this.#moments.clear();
    for (const [name] of trainedOf(this.parameters, this.#group)) {
      const known = moments.get(name), own = memory.moments(name);
      own.first.fill(0);
      own.second.fill(0);
      if (!known) continue;
      own.first.set(known.first);
      own.second.set(known.second);
      this.#moments.set(name, own);
    }
    this.#step = step;
    return extra;
  }

  /** Frees the compiled programs. */
  async release(): Promise<void> {
    await this.#programs.release();
  }

  async #compile(build: LossBuilder): Promise<Compiled> {
    const graph = new Graph();
    const frozen = (name: string): boolean =>
      this.#group(name, this.parameters.get(name).shape) === null;
    const bound = bind(graph, this.parameters, frozen);
    const loss = build(graph, bound);
    const wanted = [...bound.used].filter(([, tensor]) => tensor.differentiable);
    const made = gradients(loss, wanted.map(([, tensor]) => tensor));
    graph.output("loss", loss);
    wanted.forEach(([name], i) => graph.output(`gradient of ${name}`, made[i]));
    const memory = this.#remembered();
    const buffers = new Map(wanted.map(([name]) => [name, memory.gradient(name)]));
    const named = Object.fromEntries([...buffers].map(([n, array]) => [`gradient of ${n}`, array]));
    const program = await Program.compile(graph, this.options, named);
    return { program, bound, gradients: buffers };
  }

  #remembered(): AdamwMemory {
    return this.#memory ??= new AdamwMemory(
      new Map(
        trainedOf(this.parameters, this.#group).map(([name, { data }]) => [name, data.length]),
      ),
    );
  }
}

function accumulate(
  sums: Map<string, Float32Array>,
  gradients: ReadonlyMap<string, Float32Array>,
): void {
  for (const [name, gradient] of gradients) {
    const sum = sums.get(name);
    if (!sum) sums.set(name, gradient.slice());
    else for (let i = 0; i < sum.length; i++) sum[i] += gradient[i];
  }
}

/** How a training run is watched and kept: progress, abort, a checkpoint to resume from. */
export interface LoopOptions {
  /** Steps in all, those before a resumed checkpoint included. */
  readonly steps: number;
  /** Ends the run: `signal.reason` is thrown between two steps. */
  readonly signal?: AbortSignal;
  /** Called with progress, 0…1. */
  progress?(share: number): void;
  /** Where the state is kept and every how many steps; an existing file is resumed from. */
  readonly checkpoint?: { readonly path: string; readonly every: number };
}

/** What steps remember beside the trainer's state: kept in checkpoints, given back when one is resumed. */
export interface Memory {
  /** What there is to keep. */
  save(): Extra;
  /** Takes it back. @throws {DataError} naming `path`, when it is another run's */
  load(extra: Extra, path: string): void;
}

/**
 * Runs `step` for every step that is not yet done, until it returns `"stop"`. A run that was resumed may be
 * asked for a step once more after it stopped: it has to say so again.
 * @throws {DataError} when there is a checkpoint that cannot be resumed from
 */
export async function loop(
  trainer: Pick<Trainer, "step" | "save" | "load">,
  { steps, signal, progress, checkpoint }: LoopOptions,
  step: (index: number) => Promise<"stop" | void>,
  memory?: Memory,
): Promise<void> {
  if (checkpoint && await exists(checkpoint.path)) {
    const extra = await trainer.load(checkpoint.path);
    memory?.load(extra, checkpoint.path);
  }
  while (trainer.step < steps) {
    signal?.throwIfAborted();
    const verdict = await step(trainer.step);
    progress?.(trainer.step / steps);
    if (checkpoint && (trainer.step % checkpoint.every === 0 || trainer.step === steps)) {
      await trainer.save(checkpoint.path, memory?.save());
    }
    if (verdict === "stop") return;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error; // a checkpoint that cannot be seen is not one that is not there
  }
}

/** Mean of the last tenth of a run's losses: what is reported as its loss. */
export function meanOfLast(losses: readonly number[]): number {
  const last = losses.slice(-Math.ceil(losses.length / 10));
  return last.reduce((a, b) => a + b, 0) / last.length;
}
