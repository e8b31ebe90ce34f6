/**
 * How a network starts: tokenizer, sizes, first weights and stage 1, each drawn from a stream of a fixed name.
 * Whoever starts alike from the same texts gets the same network, weight by weight.
 * @module
 */
import { type Random, random } from "../base/random.ts";
import type { LoopOptions } from "../nn/loop.ts";
import type { Parameters } from "../nn/parameters.ts";
import { type Bpe, trainBpe } from "./bpe.ts";
import { initialise, type NetworkShape } from "./network.ts";
import type { Preset } from "./presets.ts";
import { type Texts, trainReconstruction } from "./reconstruct.ts";

/** A network before it has learned anything. */
export interface Start {
  /** Sizes it was made by. */
  readonly preset: Preset;
  /** The tokenizer of stage 1, from the texts. */
  readonly bpe: Bpe;
  /** The network. */
  readonly shape: NetworkShape;
  /** What everything random about the network is forked from. */
  readonly stream: Random;
  /** Fresh weights, the same at every call. */
  weights(): Parameters;
}

/**
 * Starts a network on training texts.
 * @param texts in the order of their ids
 * @param input width of the query vectors
 * @param seed seed of the run
 * @param changes what a variant changes about the shape
 */
export function startNetwork(
  texts: readonly string[],
  input: number,
  preset: Preset,
  seed: number,
  changes: Pick<NetworkShape, "linearProjector" | "pairTokens" | "identities"> = {},
): Start {
  const stream = random(seed, "icl"), bpe = trainBpe(texts, preset.vocabulary);
  const shape: NetworkShape = { ...preset.network, input, vocabulary: bpe.size, ...changes };
  const weights = (): Parameters => initialise(shape, stream.fork("weights"));
  return { preset, bpe, shape, stream, weights };
}

/** Stage 1 of a network that has just started; changes its weights in place. */
export function readTexts(
  { preset, bpe, shape, stream }: Start,
  parameters: Parameters,
  texts: Texts,
  watch: Pick<LoopOptions, "signal" | "progress">,
): ReturnType<typeof trainReconstruction> {
  const random = stream.fork("stage 1");
  return trainReconstruction(parameters, shape, bpe, texts, preset.reconstruction, random, watch);
}
