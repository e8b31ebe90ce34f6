/**
 * One ICL-Router, fitted: profile, tokenizer, stage 1, stage 2, on the rows of a split.
 *
 * Rows are taken in the order of their ids, and everything random is drawn by name, so neither the order of
 * rows nor that of models changes a weight.
 * @module
 */
import type { TrainingData } from "../router/contract.ts";
import type { Device } from "../base/device.ts";
import { hashJson } from "../base/hash.ts";
import { takeRows } from "../linalg/matrix.ts";
import {
  type AnswerOptions,
  type AnswerReport,
  pickJudged,
  routedScore,
  trainAnswer,
} from "./stage2.ts";
import { type Bpe, trainBpe } from "./bpe.ts";
import { initialise, type NetworkShape, type TableNetwork, tableNetwork } from "./network.ts";
import { type Preset, presetFor } from "./presets.ts";
import { describeProfile, profileOf } from "./profile.ts";
import { type EncodedRecord, Reader } from "./reader.ts";
import { byId, type Labelled, labelled, recordOf, taughtBy, withPseudoModels } from "./record.ts";
import { type Random, random } from "../base/random.ts";
import type { LoopOptions } from "../nn/trainer.ts";
import type { Parameters } from "../nn/parameters.ts";
import { tableWriter, type Texts, trainReconstruction } from "./stage1.ts";

/** What a variant changes; absent = as the specification has it. */
export interface Variant {
  /** Preset in place of the one for the number of rows. */
  readonly preset?: Preset;
  /** Skip stage 1. */
  readonly withoutStage1?: boolean;
  /** Profile queries in place of the preset's. */
  readonly profile?: number;
  /** Draw record length and order again at each step. */
  readonly variedLength?: boolean;
  /** Graded scores as labels of stage 2. */
  readonly softLabels?: boolean;
  /** Pseudo-models for every real one: each takes, per benchmark, the outcomes of a random real model. */
  readonly pseudoModels?: number;
  /** One bias-free layer as projector. */
  readonly linearProjector?: boolean;
  /** Two tokens a labelled query, slot and label, on positions that count. */
  readonly twoTokens?: boolean;
  /** A learned embedding per model in place of its record (control). */
  readonly identity?: boolean;
}

/** What a fit may use besides data. */
export interface FitTools {
  /** Whether the fit is one of those that tuning compares. */
  readonly stage: "tune" | "final";
  /** Seed of the run. */
  readonly seed: number;
  /** Where the fitted network runs; it is trained on the CPU. Default `cpu`. */
  readonly device?: Device;
  /** Ids of the queries new models will be labelled on, where that is known. */
  readonly profile?: readonly string[];
  /** Ends the fit. */
  readonly signal: AbortSignal;
  /** Called with progress, 0…1. */
  progress(share: number): void;
}

/** A trained network with what it was trained on. */
export interface Trained {
  /** Models trained on, ascending: the columns of {@link rows}. */
  readonly models: readonly string[];
  /** Sizes used. */
  readonly preset: Preset;
  /** The network. */
  readonly shape: NetworkShape;
  /** Inference with its weights. */
  readonly reader: Reader<TableNetwork>;
  /** Training and validation rows in the order of their ids, first training, then validation. */
  readonly rows: Labelled;
  /** The profile list, as rows. */
  readonly profile: Uint32Array;
  /** What it is made of, in a line. */
  readonly profileNote: string;
  /** Validation rows outside the profile. */
  readonly validation: Uint32Array;
  /** The tokenizer of stage 1. */
  readonly bpe: Bpe;
  /** Mean loss at the end of stage 1; NaN without. */
  readonly reconstructionLoss: number;
  /** How stage 2 went. */
  readonly report: AnswerReport;
  /** Learned numbers in use. */
  readonly parameters: number;
}

/**
 * Trains a network, once for every (rows, labels, variant): routers that read the same network differently
 * share it through the memo of the training batch.
 * @throws {CapabilityError} when there are too few rows to build a profile from
 */
export function trained(
  train: TrainingData,
  variant: Variant,
  tools: FitTools,
): Promise<Trained> {
  const key = hashJson({
    variant: variant as never,
    taught: taughtBy(train) as never,
    profile: tools.profile ? [tools.stage, ...tools.profile] : null,
    seed: tools.seed,
  });
  return train.queries.memo(`icl/${key}`, () => fit(train, variant, tools));
}

async function fit(train: TrainingData, variant: Variant, tools: FitTools): Promise<Trained> {
  const order = byId(train.models);
  const models = order.map((m) => train.models[m]), rows = labelled(train, order);
  const preset = variant.preset ?? presetFor(rows.training);
  const list = profileOf(train, variant.profile ?? preset.profile, tools);
  const at = new Map(rows.ids.map((id, i) => [id, i]));
  const profile = Uint32Array.from(list.ids, (id) => at.get(id)!);
  const outside = new Set(profile);
  const targets = rowsFrom(0, rows.training);
  const validation = rowsFrom(rows.training, rows.ids.length).filter((i) => !outside.has(i));
  const texts = { texts: rows.texts.slice(0, rows.training), vectors: rows.vectors };
  const start = startNetwork(texts.texts, rows.vectors.width, preset, tools.seed, {
    linearProjector: variant.linearProjector,
    twoTokens: variant.twoTokens,
    identities: variant.identity ? models.length : undefined,
  });
  const { bpe, shape, stream } = start, parameters = start.weights();
  let reconstructionLoss = NaN;
  const share = variant.withoutStage1 ? 0 : 0.3;
  if (!variant.withoutStage1) {
    ({ loss: reconstructionLoss } = await readTexts(start, parameters, texts, {
      signal: tools.signal,
      progress: (done) => tools.progress(share * done),
    }));
  }
  const network = tableNetwork(parameters, shape);
  const reader = new Reader(network, { device: tools.device });
  const encodeAll = (): Promise<EncodedRecord[]> =>
    encode(reader, rows, profile, models.map((_, m) => m), variant.identity);
  const judged = pickJudged(rows, validation, preset.judged, stream);
  const meanCosts = Float64Array.from(order, (m) => train.meanCosts[m]);
  const report = await trainAnswer(
    network,
    {
      ...withPseudoModels(rows, variant.pseudoModels ?? 0, stream),
      profile,
      targets: Uint32Array.from(targets),
    },
    answerOptions(preset, variant, profile.length),
    stream.fork("stage 2"),
    judged.length === 0 ? undefined : async () => {
      const logits = await reader.answer(takeRows(rows.vectors, judged), await encodeAll());
      return routedScore(logits, judged, rows, { models, meanCosts });
    },
    { signal: tools.signal, progress: (done) => tools.progress(share + (1 - share) * done) },
  );
  return {
    models,
    preset,
    shape,
    reader,
    rows,
    profile,
    profileNote: describeProfile(list),
    validation: Uint32Array.from(validation),
    bpe,
    reconstructionLoss,
    report,
    parameters: parameters.count,
  };
}

/** Every model's record on the profile, encoded. */
export async function encode(
  reader: Reader,
  rows: Labelled,
  profile: Uint32Array,
  models: readonly number[],
  identity = false,
): Promise<EncodedRecord[]> {
  const encoded: EncodedRecord[] = [];
  for (const m of models) {
    encoded.push(
      identity ? await reader.encodeIdentity(m) : await reader.encode(recordOf(rows, profile, m)),
    );
  }
  return encoded;
}

function answerOptions(preset: Preset, variant: Variant, K: number): AnswerOptions {
  const lengths = variant.variedLength
    ? [16, 32, 64, 125, 250, 500].filter((n) => n < K).concat(K)
    : undefined;
  return { ...preset.answer, lengths, soft: variant.softLabels };
}

function rowsFrom(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

/**
 * A network before it has learned anything. Tokenizer, first weights and stage 1 draw from streams of fixed
 * names: who starts from the same texts gets the same network, weight by weight.
 */
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
  changes: Pick<NetworkShape, "linearProjector" | "twoTokens" | "identities"> = {},
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
  const writer = tableWriter(parameters, shape, bpe);
  return trainReconstruction(writer, texts, preset.reconstruction, random, watch);
}
