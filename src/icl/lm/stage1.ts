/**
 * Stage 1 with a pre-trained language model: it learns to read query vectors by writing the query back
 * (icl-router.md §3.1).
 *
 * L1 = mean over queries of −(1/T_n) Σ_t ln p(x_t | x_<t, v) over the query's text and the end of the turn. In
 * the first epochs only the projector is trained; then, with a fresh optimiser and schedule, the language
 * model too.
 * @module
 */
import { type Matrix, row } from "../../linalg/matrix.ts";
import type { Random } from "../../base/random.ts";
import { warmupCosine } from "../../nn/adamw.ts";
import type { Graph, Tensor } from "../../nn/graph.ts";
import { loop } from "../../nn/trainer.ts";
import { openTrainer } from "../../nn/on_device/device_trainer.ts";
import { crossEntropy } from "../../nn/layers.ts";
import { lookup, reshape } from "../../nn/ops.ts";
import type { Bound } from "../../nn/parameters.ts";
import type { Feeds } from "../../nn/program.ts";
import type { TextBackbone } from "./tokenizer.ts";
import {
  checkLength,
  KEPT_PROGRAMS,
  padded,
  roundedLength,
  slotted,
  slottedFeed,
} from "./batch.ts";
import { PARAPHRASES, reconstructionPrompt } from "./prompts.ts";
import {
  addLoss,
  checkpointOf,
  groupOf,
  lossMemory,
  type TextRouter,
  type TextTraining,
  type TextWatch,
} from "./model.ts";

/** Settings of stage 1. */
export interface TextReconstruction extends TextTraining {
  /** Epochs in which only the projector is trained. */
  readonly projectorEpochs: number;
  /** Epochs in which the language model is trained too. */
  readonly jointEpochs: number;
  /** Most steps of each of the two parts; any number if absent. */
  readonly mostSteps?: number;
  /** Texts a step. */
  readonly batch: number;
  /** Texts a micro-batch, for memory; divides {@link batch}. Default all of them. */
  readonly micro?: number;
  /** Most tokens of a text that are reconstructed, for memory; the whole text if absent. */
  readonly mostTokens?: number;
}

/** Stage 1 at paper scale (icl-router.md §4). */
export const STAGE1: TextReconstruction = {
  ...{ projectorEpochs: 1, jointEpochs: 2, batch: 32, projectorRate: 2e-5, modelRate: 5e-6 },
  mostTokens: 512,
};

/** A text ready to be learned: the prompt, then what follows it. */
interface Item {
  readonly prompt: readonly number[];
  readonly target: readonly number[];
  readonly vector: Float32Array;
}

/**
 * Trains on texts and their vectors [texts × input].
 * @returns mean loss of each epoch, nats a token
 * @throws {DataError} when a text does not fit the language model
 * @throws {RangeError} when the sizes of batches do not fit
 */
export async function trainTextReconstruction(
  router: TextRouter,
  texts: readonly string[],
  vectors: Matrix,
  options: TextReconstruction,
  random: Random,
  watch: TextWatch = {},
): Promise<number[]> {
  const { batch: B, micro = B, projectorEpochs, jointEpochs } = options, { backbone } = router;
  if (B % micro !== 0) {
    throw new RangeError(`micro-batches of ${micro} do not fill a batch of ${B}`);
  }
  const items = texts.map((text, i) => itemOf(backbone, text, row(vectors, i), options, random, i));
  const { mostSteps = Infinity } = options;
  const losses: number[] = [], perEpoch = Math.ceil(items.length / B);
  const parts = [false, true].map((joint) => {
    const epochs = joint ? jointEpochs : projectorEpochs;
    return { joint, steps: Math.min(mostSteps, epochs * perEpoch) };
  });
  const all = parts.reduce((n, { steps }) => n + steps, 0);
  let before = 0;
  for (const { joint, steps } of parts) {
    if (steps === 0) continue;
    const trainer = openTrainer(backbone.parameters, {
      schedule: warmupCosine(options.projectorRate, steps),
      group: groupOf(router, options, joint),
      device: watch.device,
      most: KEPT_PROGRAMS,
    });
    const first = losses.length, own: number[] = [];
    const checkpoint = checkpointOf(watch, joint ? "joint" : "projector");
    await loop(trainer, { signal: watch.signal, steps, checkpoint }, async (step) => {
      const epoch = first + Math.floor(step / perEpoch), at = step % perEpoch;
      const order = random.fork("epoch", epoch).shuffle([...items.keys()]);
      const chosen = Array.from({ length: B }, (_, i) => items[order[(at * B + i) % order.length]]);
      const length = roundedLength(largest(chosen, (i) => i.prompt.length + i.target.length - 1));
      const written = roundedLength(largest(chosen, ({ target }) => target.length));
      const { loss } = await trainer.update(
        `${length} ${written}`,
        (graph, parameter) => lossOf(graph, parameter, router, micro, length, written),
        () =>
          Array.from(
            { length: B / micro },
            (_, m) => feedOf(router, chosen.slice(m * micro, (m + 1) * micro), length, written),
          ),
      );
      addLoss(own, loss, step, perEpoch, steps);
      watch.progress?.((before + step + 1) / all);
    }, lossMemory(own));
    await trainer.pull();
    await trainer.release();
    losses.push(...own);
    before += steps;
  }
  return losses;
}

/** The paraphrase is drawn once, before training. */
function itemOf(
  backbone: TextBackbone,
  text: string,
  vector: Float32Array,
  { mostTokens = Infinity }: TextReconstruction,
  random: Random,
  at: number,
): Item {
  const { tokenizer } = backbone;
  const paraphrase = random.fork("paraphrase", at).integer(PARAPHRASES.length);
  const prompt = reconstructionPrompt(tokenizer, paraphrase);
  const target = [...tokenizer.encode(text), tokenizer.end].slice(0, mostTokens);
  checkLength(backbone, prompt.length + target.length, `training text ${at} with its prompt`);
  return { prompt, target, vector };
}

function lossOf(
  graph: Graph,
  parameter: Bound,
  { backbone, input }: TextRouter,
  B: number,
  length: number,
  written: number,
): Tensor {
  const { width } = backbone, vectors = graph.input("vectors", [B, input]);
  const rows = slotted(graph, parameter, backbone, "prompt", B * length, vectors);
  const decoded = backbone.decode(parameter, reshape(rows, [B, length, width]));
  // Only rows that write are looked at: logits for a large vocabulary are the largest tensor of all.
  const writing = graph.input("writing", [B * written], { type: "int64" });
  const logits = backbone.logits(
    parameter,
    lookup(reshape(decoded, [B * length, width]), writing),
  );
  const targets = graph.input("targets", [B * written, 1], { type: "int64" });
  return crossEntropy(logits, targets, graph.input("weights", [B * written, 1]));
}

function feedOf(
  { backbone, input }: TextRouter,
  items: readonly Item[],
  length: number,
  written: number,
): Feeds {
  const n = items.length * written, vectors = new Float32Array(items.length * input);
  const writing = new BigInt64Array(n), targets = new BigInt64Array(n);
  const weights = new Float32Array(n);
  items.forEach(({ prompt, target, vector }, b) => {
    vectors.set(vector, b * input);
    target.forEach((id, t) => {
      // The row before a token is the one that writes it.
      writing[b * written + t] = BigInt(b * length + prompt.length - 1 + t);
      targets[b * written + t] = BigInt(id);
      weights[b * written + t] = 1 / target.length;
    });
  });
  const lists = items.map(({ prompt, target }) => [...prompt, ...target.slice(0, -1)]);
  const ids = padded(lists, length, backbone.tokenizer.end);
  return { ...slottedFeed(backbone, "prompt", ids), vectors, writing, targets, weights };
}

function largest<T>(items: readonly T[], size: (item: T) => number): number {
  return Math.max(...items.map(size));
}
