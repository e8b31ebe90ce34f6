/**
 * Stage 1 for the middle of a language model (icl-router.md §3.1, §11): the blocks that will read records learn to
 * read query vectors by writing the query back.
 *
 * A text's tokens go through the frozen lower blocks; behind these the query's slot is put before them, as it is in a
 * record, and the middle blocks with their adapters, the frozen upper blocks and the model's own head write the text.
 * So the language model is whole, and what is learned (projector, adapters) has the names it has in stage 2.
 * @module
 */
import type { Random } from "../../base/random.ts";
import type { Backbone } from "../../lm/backbone.ts";
import { TABLE } from "../../lm/config.ts";
import { openDecoder } from "../../lm/decoder.ts";
import type { LmTokenizer } from "../../lm/tokenizer.ts";
import { takeRows } from "../../linalg/matrix.ts";
import { concat, lookup, reshape } from "../../nn/ops.ts";
import type { LoopOptions } from "../../nn/trainer.ts";
import { trainedParameters } from "../answer_network.ts";
import {
  reconstructionLoss,
  type ReconstructionOptions,
  type TextWriter,
  trainReconstruction,
  type WrittenTokens,
} from "../stage1.ts";
import type { Labelled } from "../record.ts";
import { adaptersOf, type FusedNetwork, fusedOn, type FusedOptions, slots } from "./fused.ts";
import { firstRows } from "./fused_pool.ts";
import { CHARACTERS } from "./prompts.ts";
import { castTokens } from "./tokenizer.ts";

/** What stage 1 came to. */
export interface FusedReading {
  /** Steps done. */
  readonly steps: number;
  /** Mean loss at the end of training, nats a token. */
  readonly loss: number;
  /** On validation texts, from their own vectors and from those of other texts; NaN with fewer than two of them. */
  readonly own: number;
  /** See {@link own}. */
  readonly shuffled: number;
  /** The network that writes. */
  readonly writer: TextWriter;
}

/** Tokens of a text, texts a step, and the rest but the number of steps. */
const SETTINGS: Omit<ReconstructionOptions, "mostSteps"> = {
  ...{ tokens: 24, batch: 16, epochs: 1000, rate: 2e-3, dropout: 0 },
};

/** Texts that it is judged on, at most. */
const JUDGED = 64;

/**
 * Trains a whole language model's middle to write the training texts, and puts what it learned into the network of
 * stage 2.
 * @param options as the network was opened with
 * @throws as {@link openDecoder} does
 */
export async function trainFusedReading(
  network: FusedNetwork,
  options: FusedOptions,
  { texts, vectors, training }: Pick<Labelled, "texts" | "vectors" | "training">,
  random: Random,
  { steps: most, ...watch }: LoopOptions,
): Promise<FusedReading> {
  const writer = await openFusedWriter(options);
  const learnt = { texts: texts.slice(0, training), vectors: firstRows(vectors, training) };
  const settings = { ...SETTINGS, mostSteps: most };
  const { loss, steps } = await trainReconstruction(writer, learnt, settings, random, watch);
  const shared = trainedParameters(network).filter(([name]) => isShared(name));
  network.parameters.restore(
    new Map(shared.map(([name]) => [name, writer.parameters.get(name).data])),
  );
  const judged = Array.from(texts.keys()).slice(training, training + JUDGED),
    own = { writer, loss, steps };
  if (judged.length < 2) return { ...own, own: NaN, shuffled: NaN };
  const lossOf = (list: readonly number[]): Promise<number> =>
    reconstructionLoss(
      writer,
      { texts: judged.map((i) => texts[i]), vectors: takeRows(vectors, list) },
      SETTINGS,
    );
  return {
    ...own,
    own: await lossOf(judged),
    shuffled: await lossOf([...judged.slice(1), judged[0]]),
  };
}

/** One line for the router card. */
export function describeReading({ steps, loss, own, shuffled }: FusedReading): string {
  const [trained, unseen, others] = [loss, own, shuffled].map((nats) => nats.toFixed(3));
  return `stage 1: ${steps} steps, ${trained} nats a token; on validation texts ${unseen}, ` +
    `from another text's vector ${others}`;
}

/** What stage 1 and stage 2 both train: projector and adapters, not labels and head. */
function isShared(name: string): boolean {
  return !/^(label_table$|answer_|identity_table$)/.test(name);
}

/** A whole language model whose middle reads and writes. */
export async function openFusedWriter(options: FusedOptions): Promise<TextWriter> {
  const { folder, from, to, rank, random } = options, adapters = adaptersOf(rank);
  const middle = (name: string): boolean => {
    const layer = Number(/^model\.layers\.(\d+)\./.exec(name)?.[1]);
    return layer >= from && layer < to && adapters.adapts(name);
  };
  const tuning = { ...adapters, adapts: middle };
  return fusedWriter(await openDecoder(folder, { tuning, random }), options);
}

/** The writer on a language model that is open whole, with adapters in its middle. */
export function fusedWriter(
  backbone: Backbone,
  options: Pick<FusedOptions, "from" | "input" | "projectorRate">,
): TextWriter {
  const { parameters, width, vocabulary, tokenizer } = backbone, { from, input } = options;
  const { group } = fusedOn(backbone, options);
  return {
    ...{ parameters, input, vocabulary, tokens: tokensOf(tokenizer, vocabulary) },
    group: (name, shape) => isShared(name) ? group(name, shape, 0) : null,
    logits: (_, parameter, vectors, tokens) => {
      const [B, before] = tokens.shape, T = before + 1;
      const low = backbone.states(parameter, lookup(parameter(TABLE), tokens), { blocks: from });
      const slot = reshape(slots(parameter, vectors), [B, 1, width]);
      const high = backbone.decode(parameter, concat([slot, low], 1), { from });
      return backbone.logits(parameter, reshape(high, [B * T, width]));
    },
  };
}

function tokensOf(tokenizer: LmTokenizer, vocabulary: number): WrittenTokens {
  const { end, slot: pad, encode, decode } = castTokens(tokenizer, vocabulary);
  return {
    ...{ end, pad, decode },
    encode: (text, most) => encode(text.slice(0, CHARACTERS * most)).slice(0, most),
  };
}
