/**
 * What `gpu.ts` measures: embedding, training and routing of ICL-Router on language models of random weights, in both
 * layouts.
 * @module
 */
import { random } from "../../src/base/random.ts";
import type { Device } from "../../src/base/device.ts";
import { answerTargets, readRecord, recordFeed, targetFeed } from "../../src/icl/lm/graph.ts";
import { roundedLength } from "../../src/icl/lm/batch.ts";
import { groupOf, textRouterOn, tuningOf } from "../../src/icl/lm/model.ts";
import { targetPrompt } from "../../src/icl/lm/prompts.ts";
import { TextReader } from "../../src/icl/lm/reader.ts";
import { STAGE2 } from "../../src/icl/lm/stage2.ts";
import { type EncodedRecord, Reader } from "../../src/icl/reader.ts";
import type { Record as ModelRecord } from "../../src/icl/record.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { defaultLayer, needsOf, type Preset, PRESETS } from "../../src/lm/presets.ts";
import { openTokenizer } from "../../src/lm/tokenizer.ts";
import { binaryCrossEntropy } from "../../src/nn/layers.ts";
import { openTrainer } from "../../src/nn/on_device/device_trainer.ts";
import { matmul, reshape } from "../../src/nn/ops.ts";
import { normal, Parameters } from "../../src/nn/parameters.ts";
import { Programs } from "../../src/nn/programs.ts";
import { TINY_LLAMA, tokenizerJson, VOCABULARY } from "../lm/tiny_decoder.ts";
import { networkOf, trainingOf } from "./icl_step.ts";
import { randomDecoder } from "./random_decoder.ts";

/** Where something runs, and on how many threads of the processor. */
export interface Where {
  readonly device: Device;
  readonly threads: number;
}

/** Something that is ready to run any number of times. */
export interface Running {
  run(): Promise<unknown>;
  close(): Promise<void>;
}

/** One thing to measure. */
export interface Task {
  /** As printed. */
  readonly what: string;
  /** Tokens that go through blocks in a run; 0 where there are none. */
  readonly tokens: number;
  /** Floating-point operations of a run: products with weights, two a weight and token, four more in training. */
  readonly flops: number;
  /** Compiles nothing yet. */
  open(where: Where): Promise<Running>;
}

/** Numbers of queries and tokens. */
export interface Sizes {
  /** Texts and tokens each that are embedded at once. */
  readonly texts: readonly [count: number, length: number];
  /** Models, record and targets of a training step on the middle third of the blocks. */
  readonly step: { readonly models: number; readonly record: number; readonly targets: number };
  /** Models among which 64 queries are routed. */
  readonly pool: number;
  /** Queries of a record in the paper's layout, K, and targets of a step. */
  readonly paper: { readonly record: number; readonly targets: number };
  /** Side of the square matrices that are multiplied for comparison. */
  readonly product: number;
}

/** As used, the paper layout at its K. */
export const REAL: Sizes = {
  ...{ texts: [16, 128], step: { models: 4, record: 256, targets: 256 }, pool: 10 },
  ...{ paper: { record: 500, targets: 8 }, product: 4096 },
};

/** For a graphics card made of software. */
export const TOY: Sizes = {
  ...{ texts: [2, 8], step: { models: 2, record: 8, targets: 4 }, pool: 2 },
  ...{ paper: { record: 8, targets: 2 }, product: 64 },
};

/** Shapes of language models by name. */
export const SHAPES: Readonly<Record<string, Preset["config"]>> = {
  toy: TINY_LLAMA,
  "135m": PRESETS.smollm2.config,
  "0.5b": PRESETS["qwen2.5-0.5b"].config,
  "1.5b": PRESETS["qwen2.5-1.5b"].config,
};

/** All tasks on a shape. The token table is small: it is looked up outside of graphs, so its size costs no time. */
export function tasksOn(shape: Preset["config"], sizes: Sizes): Task[] {
  const whole = { ...shape, vocab_size: VOCABULARY }, all = Number(shape.num_hidden_layers);
  const layer = defaultLayer(String(shape.model_type), all);
  const lower = { ...whole, num_hidden_layers: layer };
  const middle = { ...whole, num_hidden_layers: Math.max(1, Math.round(all / 3)) };
  return [
    embedding(lower, sizes),
    ...fused(middle, sizes),
    ...paperLayout(whole, sizes),
  ];
}

/** A product of square matrices: what the device reaches at best. */
export function squareProduct(n: number): Task {
  return {
    ...{ what: `product of matrices, ${n} × ${n}`, tokens: 0, flops: 2 * n ** 3 },
    open: (where) => {
      const parameters = new Parameters(random(1));
      for (const name of ["a", "b"]) parameters.add(name, [n, n], normal(1));
      const programs = new Programs(parameters, { ...where, fixed: true });
      // One number comes back: moving the product would be measured, not making it.
      const run = (): Promise<unknown> =>
        programs.run("", (graph, parameter) => {
          const ones = graph.constant("ones", [n, 1], () => new Float32Array(n).fill(1));
          const y = matmul(parameter("a"), parameter("b"));
          graph.output("sum", matmul(matmul(y, ones), ones, { transposeA: true }));
        }, {});
      return Promise.resolve({ run, close: () => programs.release() });
    },
  };
}

function embedding(config: Preset["config"], { texts: [count, length] }: Sizes): Task {
  const tokens = count * length, blocks = Number(config.num_hidden_layers);
  return {
    what: `embedding behind block ${blocks}, ${count} texts of ${length} tokens`,
    ...{ tokens, flops: tokens * needsOf(config).trainFlops / 2 },
    open: (where) => {
      const model = randomDecoder(config, { tuning: "frozen" }), { width } = model;
      const programs = new Programs(model.parameters, { ...where, fixed: true });
      const rows = normals(tokens * width), shares = new Float32Array(tokens).fill(1 / length);
      const run = (): Promise<unknown> =>
        programs.run("", (graph, parameter) => {
          const x = graph.input("rows", [count, length, width]);
          const mean = matmul(
            graph.input("shares", [count, 1, length]),
            model.states(parameter, x),
          );
          graph.output("means", reshape(mean, [count, width]));
        }, { rows, shares });
      return Promise.resolve({ run, close: () => programs.release() });
    },
  };
}

/** Queries that a reader answers at once. */
const ASKED = 64;

function fused(config: Preset["config"], { step, pool }: Sizes): Task[] {
  const { trainFlops } = needsOf(config), blocks = config.num_hidden_layers;
  const sizes = { ...step, config }, tokens = step.models * (step.record + step.targets);
  return [{
    what: `fused, training step, ${blocks} blocks, ${step.models} records of ${step.record}`,
    ...{ tokens, flops: tokens * trainFlops },
    open: (where) => {
      const { step: run, close } = trainingOf(networkOf(sizes), sizes, where);
      return Promise.resolve({ run, close });
    },
  }, {
    what: `fused, routing ${ASKED} queries among ${pool} models, records of ${step.record}`,
    ...{ tokens: ASKED * pool, flops: ASKED * pool * trainFlops / 2 },
    open: async (where) => {
      const network = networkOf(sizes), reader = new Reader(network, { ...where, fixed: true });
      const records: EncodedRecord[] = [];
      for (let m = 0; m < pool; m++) {
        records.push(await reader.encode(recordOf(step.record, network.input)));
      }
      const queries = matrix(ASKED, network.input, normals(ASKED * network.input));
      return { run: () => reader.answer(queries, records), close: () => reader.release() };
    },
  }];
}

const TEXT = "Yes or No";

function paperLayout(
  config: Preset["config"],
  { paper: { record: K, targets: B } }: Sizes,
): Task[] {
  const { trainFlops } = needsOf(config);
  const open = async () => {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(tokenizerJson()));
    const tokenizer = await openTokenizer(folder);
    await Deno.remove(folder, { recursive: true });
    const tuning = tuningOf(16);
    const decoder = randomDecoder(config, { tuning }, tokenizer), input = decoder.width;
    const router = textRouterOn(decoder, { tuning, input });
    return { router, record: recordOf(K, input) };
  };
  // Prompts have as many tokens whatever the model: the tokenizer is the same small one.
  const task = (what: string, records: number, count: number, flops: number) => ({
    what: `paper layout, ${what}, K = ${K}`,
    tokens: records * promptOf(K) + count * TARGET,
    flops: (records * promptOf(K) + count * TARGET) * flops,
  });
  return [{
    ...task(`training step on ${B} targets`, 1, B, trainFlops),
    open: async (where) => {
      const { router, record } = await open(), { length: P, feeds } = recordFeed(router, record);
      const prompt = targetPrompt(router.backbone.tokenizer, TEXT);
      expect(P, promptOf(K));
      expect(roundedLength(prompt.length), TARGET);
      const trainer = openTrainer(router.backbone.parameters, {
        ...where,
        schedule: () => 1e-5,
        group: groupOf(router, STAGE2, true),
      });
      const batch = {
        ...{ ...feeds, ...targetFeed(router, new Array(B).fill(prompt), TARGET, P) },
        outcomes: Float32Array.from({ length: B }, (_, i) => i % 2),
      };
      const run = (): Promise<unknown> =>
        trainer.update("", (graph, parameter) => {
          const memory = readRecord(graph, parameter, router, P, K);
          const logits = answerTargets(graph, parameter, router, memory, B, TARGET);
          return binaryCrossEntropy(logits, graph.input("outcomes", [B]));
        }, [batch]);
      return { run, close: () => trainer.release() };
    },
  }, {
    ...task("a record and 16 queries routed", 1, 16, trainFlops / 2),
    open: async (where) => {
      const { router, record } = await open();
      const reader = new TextReader(router, { ...where, fixed: true });
      const texts = new Array<string>(16).fill(TEXT);
      const run = async (): Promise<unknown> =>
        await reader.answer(texts, [await reader.encode(record)]);
      return { run, close: () => reader.release() };
    },
  }];
}

/** Tokens of a target's prompt, padding included. */
const TARGET = 64;

/** Tokens of the prompt of a record of K queries: a pair each, and the instruction. */
function promptOf(K: number): number {
  return 2 * K + INSTRUCTION;
}

const INSTRUCTION = 117;

function expect(got: number, stated: number): void {
  if (got !== stated) throw new Error(`a prompt of ${got} tokens, not of ${stated}`);
}

/** Numbers of no meaning, the same at every call. */
export function normals(n: number): Float32Array {
  const stream = random(2, "numbers");
  return Float32Array.from({ length: n }, () => stream.normal());
}

function recordOf(K: number, input: number): ModelRecord {
  return {
    vectors: normals(K * input),
    labels: BigInt64Array.from({ length: K }, (_, k) => BigInt(k % 2)),
  };
}
