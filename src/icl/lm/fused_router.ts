/**
 * ICL-Router on the middle of a pre-trained language model as a router of the harness.
 *
 * A query's vector is the mean state of its tokens behind the model's lower blocks: the harness's embedding
 * `lm:<model>:<block>`. The blocks above, with low-rank adapters, read records of such vectors and answer.
 * @module
 */
import { CapabilityError } from "../../base/errors.ts";
import { hashJson, sha256 } from "../../base/hash.ts";
import { type Random, random } from "../../base/random.ts";
import { type Matrix, matrix, takeRows } from "../../linalg/matrix.ts";
import { findModel } from "../../lm/store.ts";
import type {
  FitContext,
  FittedRouter,
  ModelProfiles,
  Router,
  TrainingData,
} from "../../router/contract.ts";
import { columnMeans, poolMean } from "../../router/training.ts";
import { fitPlatt, type Platt, plattProbabilities } from "../calibration.ts";
import { describeCalibration, describePlatt, reliability } from "../calibration.ts";
import {
  chooseShape,
  crossEntropyOf,
  kernelPrior,
  type KernelShape,
  type Labels,
  leaningMeans,
} from "../kernel_prior.ts";
import { SHORTEST_RECORD } from "../profile.ts";
import { type EncodedRecord, Reader } from "../reader.ts";
import { type Labelled, labelled, recordOf, solvedOf } from "../record.ts";
import { type Presented, presented, type Reading } from "../router.ts";
import { type AnswerOptions, pickJudged, trainAnswer } from "../stage2.ts";
import { type FusedNetwork, openFused } from "./fused.ts";

/** How ICL-Router is fitted on a language model. */
export interface FusedMethod {
  /** Id of the language model, see `deno task lm list`. */
  readonly model: string;
  /** The store of language models, unless it is that of this machine. */
  readonly root?: string;
  /** Blocks that a query's text went through, and the last block that reads records. */
  readonly blocks: readonly [from: number, to: number];
  /** Rank of the adapters. */
  readonly rank: number;
  /** Queries of a record, K, while training. */
  readonly record: number;
  /** Queries of a record when it counts, and the most records that an answer is the mean of. */
  readonly decided: { readonly record: number; readonly records: number };
  /** Training. */
  readonly answer: Omit<AnswerOptions, "lengths" | "fresh">;
  /** Share of the learning rate that the projector and the label tokens take. */
  readonly projectorRate: number;
  /** Validation rows that early stopping looks at. */
  readonly judged: number;
  /** The blocks' matrices are random ones of the same size (a control). */
  readonly randomBlocks?: boolean;
  /** Models known by a learned token in place of their records (a control). */
  readonly byName?: boolean;
  /** The prior alone, without any network (a control). */
  readonly priorOnly?: boolean;
}

/** Models with what they are judged by. */
interface ReadPool {
  /** Ids. Length M. */
  readonly models: readonly string[];
  /** Their records, read, several a model; none without a network. Length M. */
  readonly records: readonly (readonly EncodedRecord[])[];
  /** All their labelled queries. */
  readonly labels: Labels;
}

/** A fitted router: all that its predictions depend on. */
interface Fitted {
  readonly method: FusedMethod;
  /** Absent where the prior is all there is. */
  readonly reader?: Reader<FusedNetwork>;
  readonly kernel: KernelShape;
  readonly platt: Platt;
  /** The models trained on, and pools that joined later; of a model in two, the later counts. */
  readonly pools: readonly ReadPool[];
  readonly presentedAs: Presented;
  readonly notes: readonly string[];
}

/** The sentence under every table of the row that is no variant. */
export const STATEMENT: string =
  "a small language model in place of the paper's 7 B; records enter its middle blocks, whose attention has adapters, " +
  "one token a labelled query; the target query is a vector as well, not text; no stage 1; answers are counted from " +
  "the kernel-weighted mean of all labelled queries, and a second loss compares models on a query. Validation rows " +
  "stop its training, choose the kernel and place it on the curve.";

/** ICL-Router on a language model, or a control of it. Weights are looked for by the first fit. */
export function fusedRouter(
  name: string,
  summary: string,
  method: FusedMethod,
  reading: Reading = "own",
  statement = `${summary}; else as ICL-Router (SmolLM2).`,
): Router<FusedMethod> {
  return {
    ...{ name, summary, statement },
    source: "ICL-Router (arXiv 2510.09719)",
    grid: [method],
    effort: "minutes",
    ...(method.priorOnly ? {} : { weights: method.model }),
    refit: "train", // validation rows choose among the weights of the run
    ...(method.byName ? {} : { unseen: "zero-update" as const }),
    fit: async (train, config, context) => routed(await fit(train, config, context, reading)),
  };
}

async function fit(
  train: TrainingData,
  method: FusedMethod,
  context: FitContext,
  whose: Reading,
): Promise<Fitted> {
  const network = await trained(train, method, context), { reader, rows, models, kernel } = network;
  const presentedAs = { whose, seed: context.seed };
  const read = async (count: number): Promise<ReadPool> =>
    await readPool(rows, count, models, meansOf(rows, count), reader, method, presentedAs);
  const { platt, notes } = await calibrate(network, await read(rows.training));
  return {
    ...{ method, reader, kernel, platt, presentedAs },
    // Once chosen and calibrated, validation rows are labelled queries like the others.
    pools: [await read(rows.ids.length)],
    notes: [...network.notes, ...notes],
  };
}

function meansOf({ scores, models }: Labelled, rows: number): Float64Array {
  return columnMeans(scores.subarray(0, rows * models), models);
}

/** A trained network with what it was trained on. */
interface Trained {
  readonly reader?: Reader<FusedNetwork>;
  /** Training rows, then validation rows. */
  readonly rows: Labelled;
  /** Ascending, the columns of the rows. */
  readonly models: readonly string[];
  /** Of the prior. */
  readonly kernel: KernelShape;
  readonly notes: readonly string[];
}

/** Trains a network once for all routers that read it differently. */
function trained(
  train: TrainingData,
  method: FusedMethod,
  context: FitContext,
): Promise<Trained> {
  const { decided: _, ...training } = method, parts = [train, train.validation];
  const key = hashJson({
    training: training as never,
    models: train.models,
    scores: parts.map((part) => part ? hashOf(part.scores) : null),
    seed: context.seed,
  });
  return train.queries.memo(`icl lm/${key}`, () => trainNetwork(train, method, context));
}

async function trainNetwork(
  train: TrainingData,
  method: FusedMethod,
  { seed, signal, device, progress }: FitContext,
): Promise<Trained> {
  const order = [...train.models.keys()].sort((a, b) => train.models[a] < train.models[b] ? -1 : 1);
  const models = order.map((m) => train.models[m]), rows = labelled(train, order);
  const { training, vectors, models: M } = rows, shortest = 2 * SHORTEST_RECORD;
  if (training < shortest) {
    throw new CapabilityError(`${training} training rows; records and targets need ${shortest}`);
  }
  const stream = random(seed, "icl on a language model");
  const labels: Labels = {
    vectors: firstRows(vectors, training),
    scores: rows.scores.subarray(0, training * M),
    means: meansOf(rows, training),
  };
  const validation = validationRows(rows);
  const kernel = await chooseShape(labels, {
    vectors: takeRows(vectors, validation),
    scores: rows.scores.subarray(training * M),
  });
  const notes = [`prior: bandwidth ${kernel.bandwidth}, weight ${kernel.weight}`];
  if (method.priorOnly) return { rows, models, kernel, notes };
  const network = await openNetwork(method, vectors.width, M, stream);
  const reader = new Reader(network, { device, most: PROGRAMS });
  const judged = pickJudged(rows, validation, method.judged, stream);
  const shown = takeRows(vectors, judged), scores = scoresOf(rows, judged);
  const fresh = Math.min(method.record, Math.floor(training / 3));
  const asTrained = { ...method, decided: { record: fresh, records: 1 } };
  const own: Presented = { whose: "own", seed };
  const report = await trainAnswer(
    network,
    {
      solved: rows,
      scores: rows.scores,
      profile: new Uint32Array(0),
      targets: Uint32Array.from({ length: training }, (_, i) => i),
      prior: async (targets, labelled, models, random) => {
        // New models have few labels: the prior is as weak in some steps as theirs will be.
        const few = [fresh, 4 * fresh, labelled.length][random.integer(3)];
        const all = await kernelPrior(
          takeRows(vectors, targets),
          labels,
          kernel,
          labelled.subarray(0, few),
        );
        return Float32Array.from(
          { length: models.length * targets.length },
          (_, at) => all[(at % targets.length) * M + models[Math.floor(at / targets.length)]],
        );
      },
    },
    { ...method.answer, fresh, targets: Math.min(method.answer.targets, training - fresh) },
    stream.fork("stage 2"),
    judged.length === 0 ? undefined : async () => {
      const pool = await readPool(rows, training, models, labels.means, reader, asTrained, own);
      return -crossEntropyOf(await answer(shown, pool, reader, kernel), scores);
    },
    { signal, progress: (share) => progress(share) },
  );
  const looks = report.looks.map((look) => (-look).toFixed(4)).join(" ");
  return {
    ...{ reader, rows, models, kernel },
    notes: [
      network.backbone.description,
      ...notes,
      `${report.steps} steps, loss ${report.loss.toFixed(4)}; validation loss ${looks}, kept ${
        report.kept + 1
      }`,
    ],
  };
}

function hashOf({ buffer, byteOffset, byteLength }: Float64Array): string {
  return sha256(new Uint8Array(buffer, byteOffset, byteLength));
}

function validationRows({ ids, training }: Labelled): number[] {
  return Array.from(ids.keys()).slice(training);
}

function firstRows({ width, data }: Matrix, count: number): Matrix {
  return matrix(count, width, data.subarray(0, count * width));
}

function scoresOf({ scores, models: M }: Labelled, rows: Uint32Array): Float64Array {
  return Float64Array.from(
    { length: rows.length * M },
    (_, at) => scores[rows[Math.floor(at / M)] * M + at % M],
  );
}

/** Programs of a reader: records of one length, and answers behind them, and the same for new models. */
const PROGRAMS = 6;

async function openNetwork(
  { model, root, blocks: [from, to], rank, projectorRate, randomBlocks, byName }: FusedMethod,
  input: number,
  models: number,
  stream: Random,
): Promise<FusedNetwork> {
  const { folder } = await findModel(model, root);
  const network = await openFused({
    ...{ folder, from, to, rank, input, projectorRate },
    ...(byName ? { identities: models } : {}),
    random: stream.fork("weights"),
  });
  if (randomBlocks) scramble(network, stream.fork("random blocks"));
  return network;
}

/** Random numbers of the same size in the place of every matrix of the blocks. */
function scramble({ parameters, group }: FusedNetwork, random: Random): void {
  for (const [name, { shape, data }] of parameters) {
    if (shape.length < 2 || group(name, shape, 0) !== null) continue;
    const deviation = Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
    const own = random.fork(name);
    for (let i = 0; i < data.length; i++) data[i] = deviation * own.normal();
  }
}

/** Rows that models have outcomes on. */
type Told = Pick<Labelled, "ids" | "vectors" | "labels" | "scores">;

/**
 * Reads every model's records on the first rows, or the tokens of their names.
 * @param means of the models, or what stands for them. Length M
 * @throws {CapabilityError} when a model has too few labelled queries to make a record of
 */
async function readPool(
  { ids, vectors, labels, scores }: Told,
  count: number,
  models: readonly string[],
  means: ArrayLike<number>,
  reader: Reader<FusedNetwork> | undefined,
  { decided, byName }: FusedMethod,
  presentedAs: Presented,
): Promise<ReadPool> {
  const M = models.length, records: EncodedRecord[][] = [];
  const shown = presented(labels.subarray(0, count * M), models, presentedAs);
  const drawn = random(presentedAs.seed, "records");
  const order = Array.from({ length: count }, (_, i) => ({ i, at: drawn.fork(ids[i]).next() }))
    .sort((a, b) => a.at - b.at).map(({ i }) => i);
  for (const [m, id] of models.entries()) {
    const own = order.filter((i) => !Number.isNaN(shown[i * M + m]));
    if (own.length < SHORTEST_RECORD) {
      throw new CapabilityError(
        `${id}: ${own.length} labelled queries, a record needs at least ${SHORTEST_RECORD}`,
      );
    }
    const lists = byName ? [] : chunks(own, decided.record, decided.records);
    const read: EncodedRecord[] = [];
    if (reader && byName) read.push(await reader.encodeIdentity(m));
    else if (reader) {
      for (const list of lists) {
        read.push(await reader.encode(recordOf({ vectors, labels: shown, models: M }, list, m)));
      }
    }
    records.push(read);
  }
  const told = { vectors: firstRows(vectors, count), scores: scores.subarray(0, count * M), means };
  return { models, records, labels: told };
}

/** Lists of `size` items, at most so many; a single shorter one where there are fewer items. */
function chunks(items: readonly number[], size: number, most: number): number[][] {
  const whole = Math.min(most, Math.floor(items.length / size));
  if (whole === 0) return [[...items]];
  return Array.from({ length: whole }, (_, r) => items.slice(r * size, (r + 1) * size));
}

/** ℓ of queries [Q × M]: the mean over a model's records, counted from the prior. */
async function answer(
  queries: Matrix,
  { records, labels }: ReadPool,
  reader: Reader<FusedNetwork> | undefined,
  kernel: KernelShape,
): Promise<Float64Array> {
  const out = await kernelPrior(queries, labels, kernel), M = records.length;
  if (!reader) return out;
  const heard = await reader.answer(queries, records.flat());
  for (let i = 0, at = 0; i < queries.rows; i++) {
    for (let m = 0; m < M; m++) {
      let sum = 0;
      for (let r = 0; r < records[m].length; r++) sum += heard[at++];
      out[i * M + m] += sum / records[m].length;
    }
  }
  return out;
}

async function calibrate(
  { rows, reader, kernel }: Trained,
  pool: ReadPool,
): Promise<{ readonly platt: Platt; readonly notes: readonly string[] }> {
  const shown = takeRows(rows.vectors, validationRows(rows));
  const scores = rows.scores.subarray(rows.training * rows.models);
  const logits = await answer(shown, pool, reader, kernel), platt = fitPlatt(logits, scores);
  if (platt.cells === 0) return { platt, notes: [describePlatt(platt)] };
  const after = reliability(pool.models, plattProbabilities(platt, logits), scores);
  return { platt, notes: [describePlatt(platt), describeCalibration(after)] };
}

function routed(fitted: Fitted): FittedRouter {
  const { pools, reader, kernel, platt, method, notes } = fitted;
  const models = [...new Set(pools.flatMap((pool) => pool.models))].sort(), M = models.length;
  return {
    models,
    predict: async ({ vectors }) => {
      reader?.expectWidth(vectors);
      const quality = new Float64Array(vectors.rows * M);
      for (const pool of pools) {
        const logits = plattProbabilities(platt, await answer(vectors, pool, reader, kernel));
        const columns = pool.models.map((id) => models.indexOf(id)), own = columns.length;
        logits.forEach((p, at) => quality[Math.floor(at / own) * M + columns[at % own]] = p);
      }
      return { quality };
    },
    ...(method.byName ? {} : {
      withModels: async (profiles) =>
        routed({ ...fitted, pools: [...pools, await joining(fitted, profiles)] }),
    }),
    describe: () => ({
      parameters: reader ? trainedNumbers(reader.network) : 0,
      notes: [...notes],
    }),
  };
}

/** The models of profiles, whose means lean towards that of the known models. */
async function joining(
  { pools: [known], reader, method, presentedAs }: Fitted,
  { queries: { ids, vectors }, scores, solvedFrom, models }: ModelProfiles,
): Promise<ReadPool> {
  reader?.expectWidth(vectors);
  if (presentedAs.whose === "another" && models.length === 1) {
    throw new CapabilityError("one new model has no other to take a record from");
  }
  const mean = poolMean(known.labels.scores, known.models.length);
  const means = leaningMeans(scores, models.length, mean);
  const told = { ids, vectors, scores, labels: solvedOf(scores, solvedFrom) };
  return await readPool(told, ids.length, models, means, reader, method, presentedAs);
}

function trainedNumbers({ parameters, group }: FusedNetwork): number {
  const trained = [...parameters].filter(([name, { shape }]) => group(name, shape, 0) !== null);
  return trained.reduce((sum, [, { data }]) => sum + data.length, 0);
}
