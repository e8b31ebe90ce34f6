/**
 * ICL-Router on a language model, trained: the prior's kernel chosen, adapters learned, once for all routers that read
 * the same network differently.
 * @module
 */
import { join } from "node:path";
import { CapabilityError } from "../../base/errors.ts";
import { hashJson } from "../../base/hash.ts";
import { random } from "../../base/random.ts";
import { takeRows } from "../../linalg/matrix.ts";
import type { LoopOptions } from "../../nn/trainer.ts";
import type { FitContext, TrainingData } from "../../router/contract.ts";
import { columnMeans } from "../../router/training.ts";
import {
  chooseShape,
  crossEntropyOf,
  kernelPrior,
  type KernelShape,
  type Labels,
  ofModels,
} from "../kernel_prior.ts";
import { SHORTEST_RECORD } from "../profile.ts";
import { Reader } from "../reader.ts";
import { byId, type Labelled, labelled, scoresOf, taughtBy } from "../record.ts";
import type { Presented } from "../router.ts";
import {
  type AnswerData,
  type AnswerOptions,
  type AnswerReport,
  pickJudged,
  type Prior,
  trainAnswer,
} from "../stage2.ts";
import type { FusedNetwork } from "./fused.ts";
import { type FusedDesign, openNetwork, optionsOf } from "./fused_open.ts";
import { answer, type Decided, firstRows, readPool } from "./fused_pool.ts";
import { describeReading, trainFusedReading } from "./fused_stage1.ts";

/** How ICL-Router is fitted on a language model. */
export interface FusedMethod extends FusedDesign, Decided {
  /** Queries of a record, K, while training. */
  readonly record: number;
  /** Training. */
  readonly answer: Omit<AnswerOptions, "lengths" | "fresh">;
  /** Validation rows that early stopping looks at. */
  readonly judged: number;
  /** The prior alone, without any network (a control). */
  readonly priorOnly?: boolean;
}

/** A trained network with what it was trained on. */
export interface Trained {
  /** Inference with its weights; absent where the prior is all there is. */
  readonly reader?: Reader<FusedNetwork>;
  /** Training rows, then validation rows. */
  readonly rows: Labelled;
  /** Ascending, the columns of the rows. */
  readonly models: readonly string[];
  /** Of the prior. */
  readonly kernel: KernelShape;
  /** How training went; absent where the prior is all there is. */
  readonly report?: AnswerReport;
  /** Lines for the router card. */
  readonly notes: readonly string[];
}

/** Trains a network once for all routers that read it differently. */
export function trained(
  train: TrainingData,
  method: FusedMethod,
  context: FitContext,
): Promise<Trained> {
  const { decided: _, ...training } = method;
  const key = hashJson({
    training: training as never,
    taught: taughtBy(train) as never,
    seed: context.seed,
  });
  return train.queries.memo(`icl lm/${key}`, () => trainNetwork(train, method, context, key));
}

/** @param key tells the network from others on the same rows */
async function trainNetwork(
  train: TrainingData,
  method: FusedMethod,
  { seed, signal, device, progress, unfinished }: FitContext,
  key: string,
): Promise<Trained> {
  const order = byId(train.models);
  const models = order.map((m) => train.models[m]), rows = labelled(train, order);
  const { training, vectors, models: M } = rows, shortest = 2 * SHORTEST_RECORD;
  if (training < shortest) {
    throw new CapabilityError(`${training} training rows; records and targets need ${shortest}`);
  }
  const stream = random(seed, "icl on a language model");
  const labels = taught(rows), validation = validationRows(rows);
  const kernel = await chooseShape(labels, {
    vectors: takeRows(vectors, validation),
    scores: rows.scores.subarray(training * M),
  });
  const notes = [`prior: bandwidth ${kernel.bandwidth}, weight ${kernel.weight}`];
  if (method.priorOnly) return { rows, models, kernel, notes };
  const network = await openNetwork(method, vectors.width, M, stream);
  const kept = (stage: string): LoopOptions["checkpoint"] =>
    unfinished === undefined ? undefined : {
      path: join(
        unfinished,
        `${hashJson([key, rows.ids, network.backbone.fingerprint])}${stage}.safetensors`,
      ),
      every: KEPT_EVERY,
    };
  const { stage1Steps: steps } = method;
  if (steps) {
    const options = await optionsOf(method, vectors.width, M, stream);
    const watch = { signal, checkpoint: kept(".stage1"), steps };
    notes.push(
      describeReading(
        await trainFusedReading(network, options, rows, stream.fork("stage 1"), watch),
      ),
    );
  }
  const reader = new Reader(network, { device, most: PROGRAMS });
  const judged = pickJudged(rows, validation, method.judged, stream);
  const shown = takeRows(vectors, judged), scores = scoresOf(rows, judged);
  const all = Uint32Array.from({ length: training }, (_, i) => i);
  const { data, options } = lessonsOf(rows, kernel, all, method);
  const asTrained = { ...method, decided: { record: options.fresh, records: 1 } };
  const own: Presented = { whose: "own", seed };
  const report = await trainAnswer(
    network,
    data,
    options,
    stream.fork("stage 2"),
    judged.length === 0 ? undefined : async () => {
      const pool = await readPool(rows, training, models, labels.means, reader, asTrained, own);
      return -crossEntropyOf(await answer(shown, pool, reader, kernel), scores);
    },
    {
      ...{ signal, device, progress: (share: number) => progress(share) },
      checkpoint: kept(""),
    },
  );
  await reader.release();
  const looks = report.looks.map((look) => (-look).toFixed(4)).join(" ");
  return {
    ...{ rows, models, kernel, report },
    reader: new Reader(network, { device, most: PROGRAMS, fixed: true }),
    notes: [
      network.backbone.description,
      ...notes,
      `${report.steps} steps, loss ${report.loss.toFixed(4)}; validation loss ${looks}, kept ${
        report.kept + 1
      }`,
    ],
  };
}

/** The training rows, as the prior takes them. */
function taught(rows: Labelled): Labels {
  const { vectors, scores, training, models } = rows;
  return {
    vectors: firstRows(vectors, training),
    scores: scores.subarray(0, training * models),
    means: meansOf(rows, training),
  };
}

/** What stage 2 learns from some training rows, which are record and target by turns, and how much of it a step takes. */
export function lessonsOf(
  rows: Labelled,
  kernel: KernelShape,
  targets: Uint32Array,
  { record, answer }: Pick<FusedMethod, "record" | "answer">,
): { readonly data: AnswerData; readonly options: AnswerOptions & { readonly fresh: number } } {
  const fresh = Math.min(record, Math.floor(targets.length / 3));
  return {
    data: {
      ...{ solved: rows, scores: rows.scores, profile: new Uint32Array(0), targets },
      prior: priorOf(taught(rows), kernel, fresh),
    },
    options: { ...answer, fresh, targets: Math.min(answer.targets, targets.length - fresh) },
  };
}

/**
 * The prior of a step's targets. New models have few labels: it is as weak in some steps as theirs will be.
 * @param least labelled queries at least
 */
function priorOf(labels: Labels, kernel: KernelShape, least: number): Prior {
  return async (targets, labelled, models, random) => {
    const few = [least, 4 * least, labelled.length][random.integer(3)];
    const asked = takeRows(labels.vectors, targets), G = models.length, B = targets.length;
    const own = ofModels(labels, models);
    const made = await kernelPrior(asked, own, kernel, labelled.subarray(0, few));
    return Float32Array.from({ length: G * B }, (_, at) => made[(at % B) * G + Math.floor(at / B)]);
  };
}

/** Mean scores of the models on the first rows. Length M */
export function meansOf({ scores, models }: Labelled, rows: number): Float64Array {
  return columnMeans(scores.subarray(0, rows * models), models);
}

/** Rows that are for validation. */
export function validationRows({ ids, training }: Labelled): number[] {
  return Array.from(ids.keys()).slice(training);
}

/** Steps after which the state of an unfinished training is kept: less than a minute of work. */
const KEPT_EVERY = 10;

/** Programs of a reader: records of one length, and answers behind them, and the same for new models. */
const PROGRAMS = 6;
