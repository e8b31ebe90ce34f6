/**
 * Training with weights and moments in the device's memory: a step is one graph, and only batches, the loss
 * and the gradient's norm travel. It works on every device, so that a processor can check it; there,
 * {@link Trainer} needs less memory.
 * @module
 */
import type { Group, Moments } from "../adamw.ts";
import { type Extra, readCheckpoint, writeCheckpoint } from "../checkpoint.ts";
import {
  type LossBuilder,
  matricesDecay,
  type StepReport,
  trainedOf,
  Trainer,
  type TrainerOptions,
} from "../trainer.ts";
import { probeDevice } from "../../onnx/device.ts";
import { type Layout, layoutOf, pack, unpack } from "./layout.ts";
import type { Parameters } from "../parameters.ts";
import { type Feeds, Program, type Resident } from "../program.ts";
import { type Part, stepGraph } from "./step_graph.ts";
import { fromDevice, toDevice } from "./transfer.ts";
import { DataError } from "../../base/errors.ts";

/** What stays on the device between steps, each in the layout's shape. */
type State = Readonly<Record<"weights" | "first" | "second", Resident>>;

/** A trainer as callers see it, whichever it is. */
export type AnyTrainer = Pick<
  Trainer,
  "parameters" | "step" | "update" | "pull" | "save" | "load" | "release"
>;

/** A step on one micro-batch. */
const WHOLE: Part = { continues: false, ends: true };

/** The trainer for a device: the processor's own, or one whose weights stay on the device. */
export function openTrainer(parameters: Parameters, options: TrainerOptions): AnyTrainer {
  return (options.device ?? "cpu") === "cpu"
    ? new Trainer(parameters, options)
    : new DeviceTrainer(parameters, options);
}

/** Trains parameters on a device. */
export class DeviceTrainer implements AnyTrainer {
  readonly #group: NonNullable<TrainerOptions["group"]>;
  readonly #programs = new Map<string, Program>();
  #frozen: Record<string, Resident> = {};
  #layout: Layout | undefined;
  #state: State | undefined;
  #moments: ReadonlyMap<string, Moments> = new Map();
  #step = 0;

  /** Nothing is compiled or allocated before the first step. */
  constructor(readonly parameters: Parameters, private readonly options: TrainerOptions) {
    this.#group = options.group ?? matricesDecay;
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /**
   * One optimiser step on the mean loss of one or more micro-batches of equal shape. `parameters` keep
   * their old values until {@link pull}.
   *
   * @param shape names the shape of the batch; `build` is called a few times for each
   * @param given the micro-batches, or what makes them once the graph is built
   * @throws {DataError} when the loss is not finite: the weights are left as they were
   * @throws {CapabilityError} at the first step, when the device cannot be used
   * @throws {RangeError} when the loss leaves a trained parameter out
   */
  async update(
    shape: string,
    build: LossBuilder,
    given: readonly Feeds[] | (() => readonly Feeds[]),
  ): Promise<StepReport> {
    this.#state ??= await this.#push();
    if (typeof given === "function") await this.#program(shape, build, WHOLE); // it is built first
    const batches = typeof given === "function" ? given() : given;
    if (batches.length === 0) throw new RangeError("a step needs at least one micro-batch");
    const { schedule, beta1 = 0.9, beta2 = 0.999 } = this.options, t = this.#step + 1;
    const { weights, first, second } = this.#state;
    const common = {
      "trainer weights": weights,
      "trainer first": first,
      "trainer second": second,
      "trainer rate": Float32Array.of(schedule(this.#step)),
      "trainer share": Float32Array.of(1 / batches.length),
      "trainer unbias1": Float32Array.of(1 / (1 - beta1 ** t)),
      "trainer unbias2": Float32Array.of(1 / (1 - beta2 ** t)),
    };
    let loss = 0, norm = NaN, next: Readonly<Record<string, Resident>> = {};
    for (const [i, batch] of batches.entries()) {
      const last = i === batches.length - 1;
      const program = await this.#program(shape, build, { continues: i > 0, ends: last });
      const sum = next["next sum"];
      const { fetched, kept } = await program.keep({
        ...batch,
        ...common,
        ...this.#frozen,
        ...(sum ? { "trainer sum": sum } : {}),
      });
      await sum?.release();
      next = kept;
      loss += fetched.loss[0] / batches.length;
      if (last) norm = fetched.norm[0];
    }
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      for (const made of Object.values(next)) await made.release();
      throw new DataError(
        `training diverged at step ${this.#step}: loss ${loss}, gradient ${norm}`,
      );
    }
    for (const old of [weights, first, second]) await old.release();
    this.#state = {
      weights: next["next weights"],
      first: next["next first"],
      second: next["next second"],
    };
    this.#step = t;
    return { loss, norm };
  }

  /** Copies the weights from the device into `parameters`. */
  async pull(): Promise<void> {
    if (!this.#state) return;
    const { weights } = await fromDevice({ weights: this.#state.weights }, this.options);
    for (const [name, values] of unpack(this.#layout!, weights)) {
      this.parameters.get(name).data.set(values);
    }
  }

  /** Pulls, and writes what is trained, moments and the number of steps as {@link Trainer} does. */
  async save(path: string, extra?: Extra): Promise<void> {
    await this.#pullAll();
    const state = { step: this.#step, moments: this.#moments };
    await writeCheckpoint(path, trainedOf(this.parameters, this.#group), state, extra);
  }

  /**
   * Puts a saved state back, this class's or {@link Trainer}'s; returns what was saved beside it.
   * @throws {DataError} when the file is damaged or is not of these parameters
   */
  async load(path: string): Promise<Extra> {
    const { step, moments, extra } = await readCheckpoint(
      path,
      trainedOf(this.parameters, this.#group),
    );
    await this.#free();
    this.#moments = moments;
    this.#step = step;
    return extra;
  }

  /** Pulls, and frees the compiled programs and the device's memory; a further step brings all back. */
  async release(): Promise<void> {
    await this.#pullAll();
    await this.#free();
  }

  #groupOf(name: string): Group | null {
    return this.#group(name, this.parameters.get(name).shape);
  }

  async #push(): Promise<State> {
    const { device = "cpu" } = this.options;
    if (device !== "cpu") await probeDevice(device);
    const trained = trainedOf(this.parameters, this.#group);
    const layout = this.#layout = layoutOf(trained.map(([name, { shape }]) => [name, shape]));
    const arrays = {
      weights: pack(layout, (name) => this.parameters.get(name).data),
      first: pack(layout, (name) => this.#moments.get(name)?.first),
      second: pack(layout, (name) => this.#moments.get(name)?.second),
    };
    const { shape } = layout, type = "float32";
    const inputs = Object.keys(arrays).map((name) => ({ name, shape, type }) as const);
    return await toDevice(inputs, arrays, this.options) as State;
  }

  async #pullAll(): Promise<void> {
    if (!this.#state || !this.#layout) return;
    await this.pull();
    const { first, second } = this.#state;
    const arrays = await fromDevice({ first, second }, this.options);
    const [means, squares] = [arrays.first, arrays.second].map((a) => unpack(this.#layout!, a));
    this.#moments = new Map(
      [...means].map(([name, mean]) => [name, { first: mean, second: squares.get(name)! }]),
    );
  }

  async #free(): Promise<void> {
    for (const resident of Object.values(this.#state ?? {})) await resident.release();
    for (const resident of Object.values(this.#frozen)) await resident.release();
    this.#state = undefined;
    this.#frozen = {};
    for (const program of this.#programs.values()) await program.release();
    this.#programs.clear();
  }

  async #program(shape: string, build: LossBuilder, part: Part): Promise<Program> {
    const key = `${shape} ${part.continues} ${part.ends}`;
    const program = this.#programs.get(key) ?? await this.#compile(build, part);
    this.#programs.set(key, program);
    return program;
  }

  async #compile(build: LossBuilder, part: Part): Promise<Program> {
    const { clip = 1 } = this.options, { parameters } = this, layout = this.#layout!;
    const group = (name: string): Group => this.#groupOf(name)!;
    const plan = { ...this.options, parameters, layout, group, clip };
    const { graph, frozen } = stepGraph(build, plan, part);
    const missing = graph.inputs.filter(({ name }) => !Object.hasOwn(this.#frozen, name));
    Object.assign(this.#frozen, await toDevice(missing, frozen, this.options));
    const keep = graph.outputs.filter((name) => name.startsWith("next "));
    return await Program.compile(graph, { ...this.options, keep });
  }
}
