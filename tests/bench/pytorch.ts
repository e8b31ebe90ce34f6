/**
 * Trains one small decoder transformer with the harness's engine and with PyTorch on the same machine: same
 * initial weights, batches, optimiser and number of threads; speed and losses side by side. For development
 * only; needs Python with PyTorch on this machine.
 *
 *     deno run -A tests/bench/pytorch.ts [--threads 2] [--blocks 6] [--steps 5]
 * @module
 */
import { cpuUsage } from "node:process";
import { parseArgs } from "@std/cli/parse-args";
import { random } from "../../src/base/random.ts";
import { add, linear, lookup, reshape } from "../../src/nn/ops.ts";
import type { Graph, Tensor } from "../../src/nn/graph.ts";
import { causalAttention, crossEntropy } from "../../src/nn/layers.ts";
import { type Bound, normal, Parameters } from "../../src/nn/parameters.ts";
import type { Feeds } from "../../src/nn/program.ts";
import { Trainer } from "../../src/nn/trainer.ts";
import { addBlock, addNorm, block, type BlockShape, normalise } from "../../src/nn/transformer.ts";
import { hasModule, python } from "./python.ts";

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
const WARMUP = 3, DISTINCT_BATCHES = 24;

if (import.meta.main) {
  const flags = parseArgs(Deno.args, { default: { threads: 2, blocks: 6, steps: 5 } });
  await compare(flags);
}

/** Milliseconds, by the clock and of processor time, and loss of every step. */
interface Report {
  milliseconds: number[];
  cpu: number[];
  losses: number[];
}

async function compare(
  { threads, blocks, steps }: { threads: number; blocks: number; steps: number },
): Promise<void> {
  if (!await hasModule("torch")) {
    console.log("comparison skipped: python3 with PyTorch is not on this machine");
    return;
  }
  const parameters = decoder(), batches = sequences();
  const folder = await Deno.makeTempDir();
  try {
    await write(folder, parameters, batches);
    const theirs = await pyTorch(folder, threads), ours = engine(parameters, batches, threads);
    const both = [ours, theirs];
    const reports = both.map((): Report => ({ milliseconds: [], cpu: [], losses: [] }));
    for (let turn = 0; turn <= blocks; turn++) { // in turns, so that a busy machine hits both
      for (const [i, side] of both.entries()) {
        const { milliseconds, cpu, losses } = await side.train(turn === 0 ? WARMUP : steps);
        reports[i].losses.push(...losses);
        if (turn === 0) continue;
        reports[i].milliseconds.push(...milliseconds);
        reports[i].cpu.push(...cpu);
      }
    }
    for (const side of both) await side.close();
    print(reports[0], reports[1], `PyTorch ${theirs.version}`, parameters.count, threads);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function print(
  ours: Report,
  theirs: Report,
  version: string,
  count: number,
  threads: number,
): void {
  const line = ({ milliseconds, cpu }: Report): Record<string, number> => ({
    "ms a step, median": round(median(milliseconds)),
    "best": round(Math.min(...milliseconds)),
    "processor ms, median": round(median(cpu)),
    "best ": round(Math.min(...cpu)),
    "tokens/s": Math.round(1e3 * BATCH * LENGTH / median(milliseconds)),
  });
  console.log(
    `${count} parameters, ${BATCH} × ${LENGTH} tokens a step, ${threads} thread(s), ` +
      `${ours.milliseconds.length} steps each after ${WARMUP} to warm up`,
  );
  console.table({ ours: line(ours), [version]: line(theirs) });
  const best = (values: number[]): number => Math.min(...values);
  const ratio = (of: "milliseconds" | "cpu", f: (values: number[]) => number): number =>
    round(f(theirs[of]) / f(ours[of]));
  console.log(
    `ratio of tokens/s, ours to theirs: ${ratio("milliseconds", median)} by medians, ` +
      `${ratio("milliseconds", best)} by best steps; of processor time, which other work on the ` +
      `machine disturbs less: ${ratio("cpu", median)} and ${ratio("cpu", best)}`,
  );
  const worst = Math.max(...ours.losses.map((loss, i) => Math.abs(loss - theirs.losses[i])));
  const digits = (losses: number[]): string => losses.map((loss) => loss.toFixed(3)).join(" ");
  console.log(`losses, ours:   ${digits(ours.losses)}\nlosses, theirs: ${digits(theirs.losses)}`);
  console.log(
    `same to 3 digits over ${ours.losses.length} steps: ${worst < 5e-4 ? "yes" : "no"} ` +
      `(largest difference ${worst.toExponential(1)})`,
  );
}

/** Someone who trains the decoder on request, continuing where it stopped. */
interface Side {
  train(steps: number): Promise<Report>;
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
    async train(steps) {
      const report: Report = { milliseconds: [], cpu: [], losses: [] };
      for (let i = 0; i < steps; i++) {
        const start = performance.now(), before = cpuUsage();
        const { loss } = await trainer.update("all", lossOf, [feeds[trainer.step % feeds.length]]);
        const { user, system } = cpuUsage(before);
        report.milliseconds.push(performance.now() - start);
        report.cpu.push((user + system) / 1e3);
        report.losses.push(loss);
      }
      return report;
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
  return { version, train: (steps) => ask(`${steps}`), close };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function round(value: number): number {
  return Math.round(100 * value) / 100;
}
