/**
 * A training as real ones are, only tiny: a decoder block over tokens with tied embedding, dropout and two
 * micro-batches a step. All that is random in a step is drawn from the step's number.
 * @module
 */
import { random } from "../../src/base/random.ts";
import { warmupCosine } from "../../src/nn/adamw.ts";
import { causalAttention, crossEntropy, Dropout } from "../../src/nn/layers.ts";
import type { Graph, Tensor } from "../../src/nn/graph.ts";
import { linear, lookup, reshape } from "../../src/nn/ops.ts";
import {
  loop,
  type LoopOptions,
  type StepReport,
  Trainer,
  type TrainerOptions,
} from "../../src/nn/trainer.ts";
import { type Bound, normal, Parameters } from "../../src/nn/parameters.ts";
import type { Feeds } from "../../src/nn/program.ts";
import { addBlock, block } from "../../src/nn/transformer.ts";

/** Steps of an undisturbed run. */
export const STEPS = 6;

const BATCH = 2, LENGTH = 5, VOCABULARY = 7;
const SHAPE = { width: 8, heads: 4, kvHeads: 2, hidden: 12, attentionBias: true };

/** Weights before the first step. */
export function startParameters(seed = 1): Parameters {
  const parameters = new Parameters(random(seed, "tiny training"));
  parameters.add("table", [VOCABULARY, SHAPE.width], normal(0.5));
  addBlock(parameters, "block", SHAPE, { deviation: 0.3 });
  return parameters;
}

/** A trainer with a fast schedule. */
export function tinyTrainer(
  parameters: Parameters,
  options: Partial<TrainerOptions> = {},
): Trainer {
  return new Trainer(parameters, { schedule: warmupCosine(0.02, STEPS, 0.3), ...options });
}

let dropout: Dropout;

function build(graph: Graph, parameter: Bound): Tensor {
  dropout = new Dropout(graph, 0.1);
  const tokens = graph.input("tokens", [BATCH, LENGTH], { type: "int64" });
  const targets = graph.input("targets", [BATCH * LENGTH, 1], { type: "int64" });
  const y = block(
    lookup(parameter("table"), tokens),
    parameter,
    "block",
    SHAPE,
    (queries, { keys, values }) => causalAttention(queries, keys, values, 2),
    { drop: (branch, name) => dropout.apply(branch, name) },
  );
  const rows = reshape(y, [BATCH * LENGTH, SHAPE.width]);
  return crossEntropy(
    linear(rows, parameter("table"), undefined, { transposeWeight: true }),
    targets,
  );
}

/** A batch of sequences that count up, and its dropout masks. */
function batch(step: number, part: number): Feeds {
  const stream = random(2, "tiny batch", step, part), masks: Record<string, Uint8Array> = {};
  const tokens = new BigInt64Array(BATCH * LENGTH), targets = new BigInt64Array(BATCH * LENGTH);
  for (let i = 0, token = 0; i < tokens.length; i++) {
    token = i % LENGTH === 0 ? stream.integer(VOCABULARY) : (token + 1) % VOCABULARY;
    tokens[i] = BigInt(token);
    targets[i] = BigInt((token + 1) % VOCABULARY);
  }
  dropout.draw(stream.fork("dropout"), masks);
  return { tokens, targets, ...masks };
}

/** The trainer's next step. */
export function tinyStep(trainer: Trainer): Promise<StepReport> {
  return trainer.update("tiny", build, () => [batch(trainer.step, 0), batch(trainer.step, 1)]);
}

/** What a run is told. */
export interface TinyRun {
  /** Where the checkpoint is. */
  readonly path: string;
  /** Steps in all. */
  readonly steps: number;
  /** Milliseconds to dawdle after a step. */
  readonly pause?: number;
}

/** A whole run, from its checkpoint if there is one; returns the final weights by name. */
export async function train(
  { path, steps, pause = 0 }: TinyRun,
  { signal, progress }: Pick<LoopOptions, "signal" | "progress">,
): Promise<Map<string, Float32Array>> {
  const parameters = startParameters(), trainer = tinyTrainer(parameters);
  const checkpoint = { path, every: 1 };
  await loop(trainer, { steps, signal, progress, checkpoint }, async () => {
    await tinyStep(trainer);
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
  });
  await trainer.release();
  return parameters.snapshot();
}
