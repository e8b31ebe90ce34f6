/**
 * Stage 1: the network learns to read query vectors by writing the query back (icl-router.md §3.1).
 *
 * L1 = mean over tokens of −ln p(x_t | x_<t, v), on the first tokens of the text and its end. From scratch
 * there is no language model to protect, so all weights are trained from the first step. What writes is a
 * {@link TextWriter}: the network from scratch, or the reading blocks of a language model (`lm/fused_stage1.ts`).
 * @module
 */
import { type Matrix, row } from "../linalg/matrix.ts";
import type { Random } from "../base/random.ts";
import { crossEntropy, Dropout } from "../nn/layers.ts";
import { NO_EXTRA, numbersOf } from "../nn/checkpoint.ts";
import type { Graph, Tensor } from "../nn/graph.ts";
import {
  loop,
  type LoopOptions,
  meanOfLast,
  type Memory,
  Trainer,
  type TrainerOptions,
} from "../nn/trainer.ts";
import type { Bound, Parameters } from "../nn/parameters.ts";
import { Programs } from "../nn/programs.ts";
import type { BlockOptions } from "../nn/transformer.ts";
import { warmupCosine } from "../nn/adamw.ts";
import type { Bpe } from "./bpe.ts";
import { type NetworkShape, reconstructionLogits } from "./network.ts";

/** Text to the ids of a network's tokens, and back. */
export interface WrittenTokens {
  /** Ends a text; no text encodes to it. */
  readonly end: number;
  /** Fills a batch; never written. */
  readonly pad: number;
  /** The first `most` ids of a text. */
  encode(text: string, most: number): ArrayLike<number>;
  /** The text of ids. */
  decode(ids: readonly number[]): string;
}

/** A network that writes texts from their vectors. */
export interface TextWriter {
  /** Its numbers, frozen ones included. */
  readonly parameters: Parameters;
  /** Width of the vectors. */
  readonly input: number;
  /** Number of tokens there are. */
  readonly vocabulary: number;
  /** Its tokens. */
  readonly tokens: WrittenTokens;
  /** How a parameter is trained, null = not at all. Default: decay on matrices. */
  readonly group?: TrainerOptions["group"];
  /**
   * Logits of the tokens of B texts of T, [B·T × vocabulary]: row t is written from the vector and the tokens before it.
   * @param vectors [B × input]
   * @param tokens int64 [B × (T − 1)]
   */
  logits(
    graph: Graph,
    parameter: Bound,
    vectors: Tensor,
    tokens: Tensor,
    options?: BlockOptions,
  ): Tensor;
}

/** The network from scratch, with the tokenizer of its texts. */
export function tableWriter(parameters: Parameters, shape: NetworkShape, bpe: Bpe): TextWriter {
  const { input, vocabulary } = shape;
  return {
    ...{ parameters, input, vocabulary, tokens: bpe },
    logits: (_, parameter, vectors, tokens, options) =>
      reconstructionLogits(parameter, shape, vectors, tokens, options),
  };
}

/** Settings of stage 1. */
export interface ReconstructionOptions {
  /** Tokens of a text that are reconstructed. */
  readonly tokens: number;
  /** Texts a step. */
  readonly batch: number;
  /** Passes over the texts, unless {@link mostSteps} ends them earlier. */
  readonly epochs: number;
  /** Most steps. */
  readonly mostSteps: number;
  /** Peak learning rate. */
  readonly rate: number;
  /** Dropped share of the residual branches. */
  readonly dropout: number;
}

/** Texts with their vectors. */
export interface Texts {
  /** Length N. */
  readonly texts: readonly string[];
  /** [N × input] */
  readonly vectors: Matrix;
}

/** Trains the network to write texts from their vectors; returns the mean loss of the last tenth of the steps. */
export async function trainReconstruction(
  writer: TextWriter,
  { texts, vectors }: Texts,
  options: ReconstructionOptions,
  random: Random,
  watch: Omit<LoopOptions, "steps"> & { readonly threads?: number },
): Promise<{ readonly loss: number; readonly steps: number }> {
  const { tokens: T, batch: B, epochs, mostSteps, rate, dropout } = options;
  const steps = Math.min(mostSteps, Math.ceil(epochs * texts.length / B));
  const { input, tokens: { pad } } = writer;
  const trainer = new Trainer(writer.parameters, {
    schedule: warmupCosine(rate, steps),
    threads: watch.threads,
    group: writer.group,
  });
  const lists = texts.map((text) => tokenise(writer.tokens, text, T));
  const feed = tokenBatch(B, T), rows = new Float32Array(B * input);
  const masks: Record<string, Uint8Array> = {};
  const losses: number[] = [];
  let drop: Dropout | undefined;
  const memory: Memory = {
    save: () => ({ ...NO_EXTRA, facts: { losses: losses.join(" ") } }),
    load: (extra, path) => void losses.push(...numbersOf(extra, "losses", path)),
  };
  await loop(trainer, { ...watch, steps }, async (step) => {
    const chosen = Array.from({ length: B }, (_, i) => pick(random, texts.length, step * B + i));
    fillTokens(feed, chosen.map((i) => lists[i]), T, pad);
    chosen.forEach((i, at) => rows.set(row(vectors, i), at * input));
    const { loss } = await trainer.update("texts", (graph, parameter) => {
      const site = drop = new Dropout(graph, dropout);
      const dropped = { drop: (x: Tensor, name: string): Tensor => site.apply(x, name) };
      return lossOf(graph, logitsOf(graph, parameter, writer, B, T, dropped));
    }, () => {
      drop!.draw(random.fork("dropout", step), masks);
      return [{ ...feed, vectors: rows, ...masks }];
    });
    losses.push(loss);
  }, memory).finally(() => trainer.release());
  return { loss: meanOfLast(losses), steps };
}

/** Mean reconstruction loss, nats a token, of texts the network has not seen. */
export async function reconstructionLoss(
  writer: TextWriter,
  { texts, vectors }: Texts,
  { tokens: T, batch: B }: Pick<ReconstructionOptions, "tokens" | "batch">,
): Promise<number> {
  const programs = new Programs(writer.parameters), { input } = writer;
  const build = (graph: Graph, parameter: Bound): void =>
    graph.output("loss", lossOf(graph, logitsOf(graph, parameter, writer, B, T)));
  const feed = tokenBatch(B, T), rows = new Float32Array(B * input);
  let sum = 0, count = 0;
  for (let start = 0; start < texts.length; start += B) {
    const end = Math.min(start + B, texts.length);
    const lists = texts.slice(start, end).map((text) => tokenise(writer.tokens, text, T));
    fillTokens(feed, lists, T, writer.tokens.pad);
    rows.fill(0);
    rows.set(vectors.data.subarray(start * input, end * input));
    const { loss } = await programs.run("loss", build, { ...feed, vectors: rows });
    const tokens = lists.reduce((n, ids) => n + ids.length, 0);
    sum += loss[0] * tokens, count += tokens;
  }
  await programs.release();
  return sum / count;
}

/** What the network writes for each vector: the likeliest token at every step. */
export async function reconstruct(
  writer: TextWriter,
  vectors: Matrix,
  tokens: number,
): Promise<string[]> {
  const { input, vocabulary: V, tokens: { pad, end } } = writer, B = vectors.rows;
  const programs = new Programs(writer.parameters);
  const build = (graph: Graph, parameter: Bound): void =>
    graph.output("logits", logitsOf(graph, parameter, writer, B, tokens));
  const written = new BigInt64Array(B * (tokens - 1)).fill(BigInt(pad));
  const texts: number[][] = Array.from({ length: B }, () => []);
  const open = new Set(texts.keys());
  for (let t = 0; t < tokens && open.size > 0; t++) {
    const { logits } = await programs.run("logits", build, {
      vectors: vectors.data.slice(0, B * input),
      tokens: written,
    });
    for (const i of [...open]) {
      const row = logits.subarray((i * tokens + t) * V, (i * tokens + t + 1) * V);
      let best = 0;
      for (let v = 1; v < V; v++) if (v !== pad && row[v] > row[best]) best = v;
      if (best === end) open.delete(i);
      else {
        texts[i].push(best);
        if (t < tokens - 1) written[i * (tokens - 1) + t] = BigInt(best);
      }
    }
  }
  await programs.release();
  return texts.map((ids) => writer.tokens.decode(ids));
}

/** Logits of the tokens of B texts, fed as `vectors` and `tokens`, [B·T × vocabulary]. */
function logitsOf(
  graph: Graph,
  parameter: Bound,
  writer: TextWriter,
  B: number,
  T: number,
  options: BlockOptions = {},
): Tensor {
  const vectors = graph.input("vectors", [B, writer.input]);
  const tokens = graph.input("tokens", [B, T - 1], { type: "int64" });
  return writer.logits(graph, parameter, vectors, tokens, options);
}

/** L1 of such logits, fed the rest of a {@link TokenBatch}. */
function lossOf(graph: Graph, logits: Tensor): Tensor {
  const column = [logits.shape[0], 1];
  const targets = graph.input("targets", column, { type: "int64" });
  return crossEntropy(logits, targets, graph.input("weights", column));
}

/** Item `at` of an endless sequence of seeded permutations of 0…n−1. */
export function pick(random: Random, n: number, at: number): number {
  return permutation(random, n, Math.floor(at / n))[at % n];
}

const kept = new WeakMap<Random, { n: number; epoch: number; order: Uint32Array }>();

function permutation(random: Random, n: number, epoch: number): Uint32Array {
  const known = kept.get(random);
  if (known && known.n === n && known.epoch === epoch) return known.order;
  const order = random.fork("epoch", epoch).shuffle(Uint32Array.from({ length: n }, (_, i) => i));
  kept.set(random, { n, epoch, order });
  return order;
}

/** One batch: what goes in, what should come out, and which rows count. */
export interface TokenBatch {
  /** Tokens after the slot, int64 [B × T]. */
  readonly tokens: BigInt64Array;
  /** Next tokens, int64 [B·(T+1) × 1]. */
  readonly targets: BigInt64Array;
  /** 1 where the next token belongs to the text or ends it, [B·(T+1) × 1]. */
  readonly weights: Float32Array;
}

/** The first `length` tokens of a text, with the end token where the text is shorter. */
export function tokenise(tokens: WrittenTokens, text: string, length: number): number[] {
  const ids = Array.from(tokens.encode(text, length));
  return ids.length < length ? [...ids, tokens.end] : ids.slice(0, length);
}

/** An empty batch to be filled again and again. */
export function tokenBatch(texts: number, length: number): TokenBatch {
  return {
    tokens: new BigInt64Array(texts * (length - 1)),
    targets: new BigInt64Array(texts * length),
    weights: new Float32Array(texts * length),
  };
}

/** Fills a batch with the token lists of some texts; what is too short is padded and does not count. */
export function fillTokens(
  { tokens, targets, weights }: TokenBatch,
  lists: readonly (readonly number[])[],
  length: number,
  pad: number,
): void {
  targets.fill(BigInt(pad));
  tokens.fill(BigInt(pad));
  weights.fill(0);
  lists.forEach((ids, i) =>
    ids.forEach((id, t) => {
      targets[i * length + t] = BigInt(id);
      weights[i * length + t] = 1;
      if (t < length - 1) tokens[i * (length - 1) + t] = BigInt(id);
    })
  );
}
