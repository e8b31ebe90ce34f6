/**
 * Times a training step and a forward pass of a small transformer on every device of this machine: medians,
 * and how often faster than the processor. For development only.
 *
 *     deno run -A tests/bench/devices.ts [--tiny] [--steps=10] [--threads=1]
 *
 * `--tiny` is for SwiftShader, a graphics card made of software (tests/support/webgpu.ts says how to get it).
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import type { Device } from "../../src/base/device.ts";
import { random } from "../../src/base/random.ts";
import { probeDevice } from "../../src/onnx/device.ts";
import { DeviceTrainer } from "../../src/nn/on_device/device_trainer.ts";
import { Graph } from "../../src/nn/graph.ts";
import { bind } from "../../src/nn/parameters.ts";
import { Program } from "../../src/nn/program.ts";
import type { SessionOptions } from "../../src/onnx/session.ts";
import { Trainer } from "../../src/nn/trainer.ts";
import { toDevice } from "../../src/nn/on_device/transfer.ts";
import { batchOf, logits, lossOf, parametersOf, type Sizes, TINY } from "../nn/tiny_transformer.ts";

/** About 4.2 million parameters, 2048 tokens a batch. */
const SMALL: Sizes = {
  ...{ layers: 4, width: 256, heads: 8, hidden: 448, vocabulary: 4096 },
  ...{ batch: 16, length: 128 },
};

/** What one way of computing took, in milliseconds. */
interface Timing {
  readonly first: number;
  readonly median: number;
  /** Loss of the last step, to see that all compute the same. */
  readonly loss?: number;
}

if (import.meta.main) {
  const flags = parseArgs(Deno.args, { boolean: ["tiny"], string: ["steps", "threads"] });
  await compare(flags.tiny ? TINY : SMALL, Number(flags.steps ?? 10), Number(flags.threads ?? 1));
}

async function compare(sizes: Sizes, steps: number, threads: number): Promise<void> {
  const { count } = parametersOf(sizes), tokens = sizes.batch * sizes.length;
  console.log(`${count} parameters, ${tokens} tokens a batch, ${steps} steps, ${threads} threads`);
  const reference = await train(Trainer, sizes, steps, { threads });
  print("training, cpu, loop over arrays", reference, reference);
  const forward = await infer(sizes, steps, { threads });
  print("inference, cpu", forward, forward);
  for (const device of ["cpu", "webgpu", "cuda"] as const) {
    const adapter = await usable(device);
    if (adapter === undefined) continue;
    const options = { device, threads };
    const trained = await train(DeviceTrainer, sizes, steps, options);
    print(`training, ${device}, one graph${adapter}`, trained, reference);
    if (device !== "cpu") {
      print(`inference, ${device}${adapter}`, await infer(sizes, steps, options), forward);
    }
  }
}

async function usable(device: Device): Promise<string | undefined> {
  try {
    const { adapter } = await probeDevice(device);
    return adapter ? ` (${adapter})` : "";
  } catch (error) {
    console.log(`not available: ${(error as Error).message}`);
  }
}

async function train(
  Kind: typeof Trainer | typeof DeviceTrainer,
  sizes: Sizes,
  steps: number,
  options: SessionOptions,
): Promise<Timing> {
  const trainer = new Kind(parametersOf(sizes, 0.02), { ...options, schedule: () => 1e-3 });
  const stream = random(2), build = lossOf(sizes);
  let loss = NaN;
  const timing = await time(steps, async () => {
    ({ loss } = await trainer.update("all", build, [batchOf(sizes, stream)]));
  });
  await trainer.release();
  return { ...timing, loss };
}

async function infer(sizes: Sizes, steps: number, options: SessionOptions): Promise<Timing> {
  const graph = new Graph({ fused: options.device !== "webgpu" });
  const bound = bind(graph, parametersOf(sizes, 0.02)), batch = batchOf(sizes, random(2));
  graph.output("scores", logits(graph, bound, sizes));
  const weights = await toDevice(graph.inputs, bound.feeds, options);
  const program = await Program.compile(graph, options);
  const timing = await time(steps, () => program.run({ ...batch, ...weights }));
  for (const weight of Object.values(weights)) await weight.release();
  await program.release();
  return timing;
}

/** The first run compiles and is told apart; a second one is not counted. */
async function time(steps: number, run: () => Promise<unknown>): Promise<Timing> {
  const took: number[] = [];
  for (let i = 0; i < steps + 2; i++) {
    const start = performance.now();
    await run();
    took.push(performance.now() - start);
  }
  const [first, , ...counted] = took;
  counted.sort((a, b) => a - b);
  return { first, median: counted[counted.length >> 1] };
}

function print(what: string, { first, median, loss }: Timing, cpu: Timing): void {
  const ratio = (cpu.median / median).toFixed(2);
  const note = loss === undefined ? "" : `, loss ${loss.toFixed(5)}`;
  console.log(
    `${what}: ${median.toFixed(1)} ms (first ${first.toFixed(0)}), ${ratio} × cpu${note}`,
  );
}
