/**
 * Trains one small decoder transformer with the harness's engine and with PyTorch on the same machine: same
 * initial weights, batches, optimiser and number of threads.
 * @module
 */
import { repoPath } from "../../src/base/files.ts";
import { random } from "../../src/base/random.ts";
import { add, linear, lookup, reshape } from "../../src/nn/ops.ts";
import type { Graph, Tensor } from "../../src/nn/graph.ts";
import { causalAttention, crossEntropy } from "../../src/nn/layers.ts";
import { type Bound, normal, Parameters } from "../../src/nn/parameters.ts";
import type { Feeds } from "../../src/nn/program.ts";
import { Trainer } from "../../src/nn/trainer.ts";
import { addBlock, addNorm, block, type BlockShape, normalise } from "../../src/nn/transformer.ts";
import { inTurns, type Row } from "./measure.ts";
import { python } from "./python.ts";

const BATCH = 16, LENGTH = 128, LAYERS = 4, VOCABULARY = 4096;
const SHAPE: BlockShape = {
  width: 256,
  heads: 8,
  hidden: 1024,
  norm: "layer",
  feedForward: "gelu",
  rotaryBase: null,
};
const OPTIMISER = { rate: 1e-3, decay: 0.1, beta1: 0.9, beta2: 0.95, epsilon: 1e-8 };
const DISTINCT_BATCHES = 24;

/** One training step. Python needs PyTorch. */
export async function trainingRow(threads: number): Promise<Row> {
  const parameters = decoder(), batches = sequences();
  const folder = await Deno.makeTempDir({ dir: repoPath(".cache") });
  try {
    await write(folder, parameters, batches);
    const theirs = await pyTorch(folder, threads), ours = engine(parameters, batches, threads);
    let largest = 0, step: Step = { loss: NaN, milliseconds: NaN };
    const best = await inTurns(async () => step = await ours.train(), async () => {
      const { loss, milliseconds } = await theirs.train();
      largest = Math.max(largest, Math.abs(loss - step.loss));
      return milliseconds;
    });
    for (const side of [ours, theirs]) await side.close();
    return {
      task: `training step of a decoder, ${(parameters.count / 1e6).toFixed(1)} M weights`,
      peer: `PyTorch ${theirs.version}`,
      threads,
      ...best,
      note: `losses differ by ${largest.toExponential(0)} at most`,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Its loss and what it took. */
interface Step {
  readonly loss: number;
  readonly milliseconds: number;
}

/** Someone who trains the decoder a step at a time. */
interface Side {
  train(): Promise<Step>;
  close(): Promise<void>;
}

function decoder(): Parameters {
  const parameters = new Parameters(random(1, "decoder"));
  parameters.add("tokens", [VOCABULARY, SHAPE.width], normal(0.02));
  parameters.add("positions", [LENGTH, SHAPE.width], normal(0.02));
  for (let i = 0; i < LAYERS; i++) addBlock(parameters, `layers.${i}`, SHAPE, { depth: LAYERS });
  addNorm(parameters, "norm", SHAPE);
  return parameters;
}

function lossOf(graph: Graph, parameter: Bound): Tensor {
  const inputs = graph.input("inputs", [BATCH, LENGTH], { type: "int64" });
  const targets = graph.input("targets", [BATCH * LENGTH, 1], { type: "int64" });
  let x = add(lookup(parameter("tokens"), inputs), parameter("positions"));
  for (let i = 0; i < LAYERS; i++) {
    x = block(
      x,
      parameter,
      `layers.${i}`,
      SHAPE,
      (queries, { keys, values }) => causalAttention(queries, keys, values),
    );
  }
  const last = normalise(x, parameter, "norm", SHAPE);
  const logits = linear(last, parameter("tokens"), undefined, { transposeWeight: true });
  return crossEntropy(reshape(logits, [BATCH * LENGTH, VOCABULARY]), targets);
}

function engine(parameters: Parameters, batches: readonly BigInt64Array[], threads: number): Side {
  const { rate, decay, ...moments } = OPTIMISER;
  const trainer = new Trainer(parameters, {
    ...moments,
    threads,
    schedule: () => rate,
    clip: Infinity,
    group: (_name, shape) => ({ decay: shape.length > 1 ? decay : 0 }),
  });
  const feeds = batches.map(inputsAndTargets);
  return {
    async train() {
      const start = performance.now();
      const { loss } = await trainer.update("all", lossOf, [feeds[trainer.step % feeds.length]]);
      return { loss, milliseconds: performance.now() - start };
    },
    close: () => trainer.release(),
  };
}

/** Sequences of LENGTH + 1 tokens from a noisy affine chain over an eighth of the vocabulary. */
function sequences(): BigInt64Array[] {
  const draw = random(2, "sequences"), symbols = VOCABULARY / 8;
  return Array.from({ length: DISTINCT_BATCHES }, () => {
    const rows = new BigInt64Array(BATCH * (LENGTH + 1));
    for (let i = 0, at = 0; i < rows.length; i++) {
      const free = i % (LENGTH + 1) === 0 || draw.next() < 0.1;
      at = free ? draw.integer(symbols) : (5 * at + 17) % symbols;
      rows[i] = BigInt(8 * at);
    }
    return rows;
  });
}

function inputsAndTargets(rows: BigInt64Array): Feeds {
  const inputs = new BigInt64Array(BATCH * LENGTH), targets = new BigInt64Array(BATCH * LENGTH);
  for (let b = 0; b < BATCH; b++) {
    const start = b * (LENGTH + 1);
    inputs.set(rows.subarray(start, start + LENGTH), b * LENGTH);
    targets.set(rows.subarray(start + 1, start + LENGTH + 1), b * LENGTH);
  }
  return { inputs, targets };
}

async function write(
  folder: string,
  parameters: Parameters,
  batches: readonly BigInt64Array[],
): Promise<void> {
  const all = [...parameters];
  await Deno.writeFile(`${folder}/weights.f32`, bytes(all.map(([, { data }]) => data)));
  await Deno.writeFile(`${folder}/tokens.i64`, bytes(batches));
  await Deno.writeTextFile(
    `${folder}/task.json`,
    JSON.stringify({
      heads: SHAPE.heads,
      layers: LAYERS,
      batch: BATCH,
      length: LENGTH,
      parameters: all.map(([name, { shape }]) => [name, shape]),
      ...OPTIMISER,
    }),
  );
}

function bytes(arrays: readonly (Float32Array | BigInt64Array)[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(
    arrays.map((a) => new Uint8Array(a.buffer as ArrayBuffer, a.byteOffset, a.byteLength)),
  );
}

async function pyTorch(folder: string, threads: number): Promise<Side & { version: string }> {
  const { answer, ask, close } = python("pytorch_reference.py", [folder, String(threads)]);
  const { version } = await answer<{ version: string }>();
  return { version, train: () => ask<Step>("step"), close };
}
