/**
 * One step of stage 2 of ICL-Router on a language model: ten blocks of SmolLM2-135M's sizes with adapters read four
 * records of 256 and answer 256 targets for each. The same step with the harness's engine and with PyTorch: same
 * weights, batch, loss, optimiser and threads.
 * @module
 */
import { repoPath } from "../../src/base/files.ts";
import { random } from "../../src/base/random.ts";
import { answerLoss, betterBy } from "../../src/icl/answer_loss.ts";
import { adaptersOf, type FusedNetwork, fusedOn } from "../../src/icl/lm/fused.ts";
import { SMOLLM2 } from "../../src/icl/lm/fused_presets.ts";
import { PRESETS } from "../../src/lm/presets.ts";
import type { Graph, Tensor } from "../../src/nn/graph.ts";
import { Dropout } from "../../src/nn/layers.ts";
import type { Bound } from "../../src/nn/parameters.ts";
import type { Feeds } from "../../src/nn/program.ts";
import { inTurns, type Row } from "./measure.ts";
import { openTrainer } from "../../src/nn/on_device/device_trainer.ts";
import type { TrainerOptions } from "../../src/nn/trainer.ts";
import { python } from "./python.ts";
import { randomDecoder } from "./random_decoder.ts";

/** Sizes of a step. */
export interface StepSizes {
  /** `config.json` of the language model, of which all blocks are used. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Models, G. */
  readonly models: number;
  /** Queries of a record, K. */
  readonly record: number;
  /** Targets a model, B. */
  readonly targets: number;
}

/** Ten blocks of SmolLM2-135M, a record of 256, the batch of the preset. */
export const STEP: StepSizes = {
  config: {
    ...PRESETS[SMOLLM2.model].config,
    ...{ num_hidden_layers: 10, vocab_size: 64 },
    ...{ rope_theta: 100_000, rms_norm_eps: 1e-5 },
  },
  ...{ models: SMOLLM2.answer.models, targets: SMOLLM2.answer.targets, record: 256 },
};

/** Tokens that go through the blocks in a step: those of the records and the targets. */
export function tokensOf({ models, record, targets }: StepSizes): number {
  return models * (record + targets);
}

/** A network of random weights that reads vectors as wide as its own states. */
export function networkOf({ config }: StepSizes): FusedNetwork {
  const backbone = randomDecoder(config, { tuning: adaptersOf(SMOLLM2.rank) });
  const network = fusedOn(backbone, { from: 0, input: backbone.width, projectorRate: 0.3 });
  // Adapters start as nothing; here they take part from the first step.
  for (const [name, { data }] of network.parameters) {
    if (name.endsWith("lora_B.weight")) data.forEach((_, i) => data[i] = 0.02 * Math.sin(i));
  }
  return network;
}

/** The batch of every step. */
export function batchOf({ models: G, record: K, targets: B }: StepSizes, input: number): Feeds {
  const stream = random(2, "batch");
  const normals = (n: number): Float32Array =>
    Float32Array.from({ length: n }, () => stream.normal());
  const outcomes = Float32Array.from({ length: G * B }, () => stream.integer(2));
  const weights = new Float32Array(G * B).fill(1);
  return {
    ...{ record: normals(K * input), targets: normals(B * input), outcomes, weights },
    labels: BigInt64Array.from({ length: G * K }, () => BigInt(stream.integer(2))),
    better: betterBy(outcomes, weights, G, B),
  };
}

const RATE = 1e-3;

/** A trainer's step of the batch. */
export function trainingOf(
  network: FusedNetwork,
  sizes: StepSizes,
  options: Pick<TrainerOptions, "threads" | "device">,
): { readonly step: () => Promise<number>; readonly close: () => Promise<void> } {
  const trainer = openTrainer(network.parameters, {
    ...options,
    schedule: () => RATE,
    group: (name, shape) => network.group(name, shape, 0),
  });
  const feeds = [batchOf(sizes, network.input)];
  const build = (graph: Graph, parameter: Bound): Tensor =>
    answerLoss(graph, parameter, network, {
      ...{ ...sizes, prior: false, contrast: 1 },
      ...{ branches: new Dropout(graph, 0), vectors: new Dropout(graph, 0) },
    });
  return {
    step: async () => (await trainer.update("step", build, feeds)).loss,
    close: () => trainer.release(),
  };
}

/** One training step. Python needs PyTorch. */
export async function adapterStepRow(threads: number, sizes = STEP): Promise<Row> {
  const network = networkOf(sizes);
  const folder = await Deno.makeTempDir({ dir: repoPath(".cache") });
  try {
    await write(folder, network, sizes);
    const peer = python("icl_step_reference.py", [folder, String(threads)]);
    const { version } = await peer.answer<{ version: string }>();
    const ours = trainingOf(network, sizes, { threads });
    let loss = NaN, largest = 0;
    const best = await inTurns(async () => loss = await ours.step(), async () => {
      const step = await peer.ask<{ loss: number; milliseconds: number }>("step");
      largest = Math.max(largest, Math.abs(step.loss - loss));
      return step.milliseconds;
    });
    await ours.close();
    await peer.close();
    const speed = (tokensOf(sizes) / best.ours * 1000).toFixed(0);
    return {
      task: `training step of ICL-Router (SmolLM2), ${tokensOf(sizes)} tokens`,
      ...{ peer: `PyTorch ${version}`, threads, ...best },
      note: `${speed} tokens a second; losses differ by ${largest.toExponential(0)} at most`,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

export async function write(
  folder: string,
  network: FusedNetwork,
  sizes: StepSizes,
): Promise<void> {
  const all = [...network.parameters], feeds = batchOf(sizes, network.input);
  const numbers = ["record", "targets", "outcomes", "better"].map((name) =>
    Float32Array.from(feeds[name] as Float32Array)
  );
  const labels = Float32Array.from(feeds.labels as BigInt64Array, Number);
  const arrays = [...all.map(([, { data }]) => data), ...numbers, labels];
  await Deno.writeFile(
    `${folder}/numbers.f32`,
    ReadableStream.from(
      arrays.map((a) => new Uint8Array(a.buffer as ArrayBuffer, a.byteOffset, a.byteLength)),
    ),
  );
  const { models, record, targets, config } = sizes, { input } = network;
  await Deno.writeTextFile(
    `${folder}/task.json`,
    JSON.stringify({
      ...{ models, record, targets, config, rate: RATE },
      parameters: all.map(([name, { shape }]) => [
        name,
        shape,
        network.group(name, shape, 0)?.rate ?? (network.group(name, shape, 0) ? 1 : 0),
      ]),
      feeds: [
        ["record", [record, input]],
        ["targets", [targets, input]],
        ["outcomes", [models, targets]],
        ["better", [models, models, targets]],
        ["labels", [models, record]],
      ],
    }),
  );
}
