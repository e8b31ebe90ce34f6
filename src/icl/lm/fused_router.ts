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
import { takeRows } from "../../linalg/matrix.ts";
import { findModel } from "../../lm/store.ts";
import type {
  FitContext,
  FittedRouter,
  ModelProfiles,
  Router,
  TrainingData,
} from "../../router/contract.ts";
import { columnMeans, extendPool } from "../../router/training.ts";
import { fitPlatt, type Platt, plattProbabilities } from "../calibration.ts";
import { describeCalibration, describePlatt, reliability } from "../calibration.ts";
import { levelOf } from "../level.ts";
import { SHORTEST_RECORD } from "../profile.ts";
import { type EncodedRecord, Reader } from "../reader.ts";
import { type Labelled, labelled, type Outcomes, recordOf, solvedOf } from "../record.ts";
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
}

/** A model as the network knows it. */
interface Known {
  /** Its records, read. */
  readonly records: readonly EncodedRecord[];
  /** Log-odds from which its ℓ are counted. */
  readonly level: number;
}

/** A fitted router: all that its predictions depend on. */
interface Fitted {
  readonly method: FusedMethod;
  readonly reader: Reader<FusedNetwork>;
  readonly models: readonly string[];
  readonly known: readonly Known[];
  /** Mean score of the known models: what a new model's level leans towards. */
  readonly mean: number;
  readonly platt: Platt;
  readonly presentedAs: Presented;
  readonly notes: readonly string[];
}

/** The sentence under every table of the row that is no variant. */
export const STATEMENT: string =
  "a small language model in place of the paper's 7 B; records enter its middle blocks, whose attention has adapters, " +
  "one token a labelled query; the target query is a vector as well, not text; no stage 1; answers are counted from " +
  "the model's mean score. Validation rows stop its training and place it on the curve; with new models its levels " +
  "lean towards the known models' mean.";

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
  const { reader, rows, models, means, notes } = await trained(train, method, context);
  const presentedAs = { whose, seed: context.seed };
  const known = await readKnown(rows, models, means, reader, method, presentedAs);
  const { platt, notes: calibration } = await calibrate(rows, models, known, reader);
  return {
    ...{ method, reader, models, known, platt, presentedAs },
    mean: means.reduce((sum, mean) => sum + mean, 0) / means.length,
    notes: [...notes, ...calibration],
  };
}

/** A trained network with what it was trained on. */
interface Trained {
  readonly reader: Reader<FusedNetwork>;
  /** Training rows, then validation rows. */
  readonly rows: Labelled;
  /** Ascending, the columns of the rows. */
  readonly models: readonly string[];
  /** Mean score of each on the training rows. */
  readonly means: Float64Array;
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
  const network = await openNetwork(method, vectors.width, M, stream);
  const reader = new Reader(network, { device, most: PROGRAMS });
  const means = columnMeans(rows.scores.subarray(0, training * M), M);
  const judged = pickJudged(rows, validationRows(rows), method.judged, stream);
  const shown = takeRows(vectors, judged);
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
      levels: means.map((mean) => levelOf([], mean)),
    },
    { ...method.answer, fresh, targets: Math.min(method.answer.targets, training - fresh) },
    stream.fork("stage 2"),
    judged.length === 0 ? undefined : async () => {
      const known = await readKnown(rows, models, means, reader, asTrained, own);
      return -meanLoss(await answer(shown, known, reader), judged, rows);
    },
    { signal, progress: (share) => progress(share) },
  );
  const looks = report.looks.map((look) => (-look).toFixed(4)).join(" ");
  return {
    ...{ reader, rows, models, means },
    notes: [
      network.backbone.description,
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

/** The known models: their records on training rows, or the tokens of their names. */
async function readKnown(
  rows: Labelled,
  models: readonly string[],
  means: Float64Array,
  reader: Reader<FusedNetwork>,
  method: FusedMethod,
  presentedAs: Presented,
): Promise<Known[]> {
  if (!method.byName) {
    return await readAll(rows, rows.training, models, means, reader, method, presentedAs);
  }
  const known: Known[] = [];
  for (const [m, mean] of means.entries()) {
    known.push({ records: [await reader.encodeIdentity(m)], level: levelOf([], mean) });
  }
  return known;
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

/**
 * Reads every model's records on the first rows.
 * @param means what each model's level leans towards. Length M
 */
async function readAll(
  rows: Pick<Outcomes, "vectors" | "labels"> & {
    readonly ids: readonly string[];
    scores: Float64Array;
  },
  count: number,
  models: readonly string[],
  means: ArrayLike<number>,
  reader: Reader<FusedNetwork>,
  { decided }: FusedMethod,
  presentedAs: Presented,
): Promise<Known[]> {
  const M = models.length;
  const labels = presented(rows.labels.subarray(0, count * M), models, presentedAs);
  const drawn = random(presentedAs.seed, "records");
  const order = Array.from({ length: count }, (_, i) => ({ i, at: drawn.fork(rows.ids[i]).next() }))
    .sort((a, b) => a.at - b.at).map(({ i }) => i);
  const known: Known[] = [];
  for (const [m, id] of models.entries()) {
    const own = order.filter((i) => !Number.isNaN(labels[i * M + m]));
    if (own.length < SHORTEST_RECORD) {
      throw new CapabilityError(
        `${id}: ${own.length} labelled queries, a record needs at least ${SHORTEST_RECORD}`,
      );
    }
    const records: EncodedRecord[] = [];
    for (const list of chunks(own, decided.record, decided.records)) {
      records.push(await reader.encode(recordOf({ ...rows, labels, models: M }, list, m)));
    }
    const told = own.map((i) => rows.scores[i * M + m]);
    known.push({ records, level: levelOf(told, means[m]) });
  }
  return known;
}

/** Lists of `size` items, at most so many; a single shorter one where there are fewer items. */
function chunks(items: readonly number[], size: number, most: number): number[][] {
  const whole = Math.min(most, Math.floor(items.length / size));
  if (whole === 0) return [[...items]];
  return Array.from({ length: whole }, (_, r) => items.slice(r * size, (r + 1) * size));
}

/** ℓ of queries [Q × M]: the mean over a model's records, counted from its level. */
async function answer(
  queries: Labelled["vectors"],
  known: readonly Known[],
  reader: Reader<FusedNetwork>,
): Promise<Float64Array> {
  const M = known.length, out = new Float64Array(queries.rows * M);
  const all = known.flatMap(({ records }) => records);
  const heard = await reader.answer(queries, all);
  for (let i = 0, at = 0; i < queries.rows; i++) {
    known.forEach(({ records, level }, m) => {
      let sum = 0;
      for (let r = 0; r < records.length; r++) sum += heard[at++];
      out[i * M + m] = level + sum / records.length;
    });
  }
  return out;
}

/** Mean cross-entropy of σ(ℓ) beside the scores of some rows. */
function meanLoss(
  logits: Float64Array,
  judged: Uint32Array,
  { scores, models: M }: Labelled,
): number {
  let sum = 0, cells = 0;
  judged.forEach((row, i) => {
    for (let m = 0; m < M; m++) {
      const score = scores[row * M + m], z = logits[i * M + m];
      if (Number.isNaN(score)) continue;
      sum += Math.max(z, 0) - z * score + Math.log1p(Math.exp(-Math.abs(z)));
      cells++;
    }
  });
  return sum / cells;
}

async function calibrate(
  rows: Labelled,
  models: readonly string[],
  known: readonly Known[],
  reader: Reader<FusedNetwork>,
): Promise<{ readonly platt: Platt; readonly notes: readonly string[] }> {
  const M = models.length, scores = rows.scores.subarray(rows.training * M);
  const logits = await answer(takeRows(rows.vectors, validationRows(rows)), known, reader);
  const platt = fitPlatt(logits, scores);
  if (platt.cells === 0) return { platt, notes: [describePlatt(platt)] };
  const after = reliability(models, plattProbabilities(platt, logits), scores);
  return { platt, notes: [describePlatt(platt), describeCalibration(after)] };
}

function routed(fitted: Fitted): FittedRouter {
  const { models, known, reader, platt, method, notes } = fitted;
  return {
    models,
    predict: async ({ vectors }) => {
      reader.expectWidth(vectors);
      return { quality: plattProbabilities(platt, await answer(vectors, known, reader)) };
    },
    ...(method.byName ? {} : {
      withModels: async (profiles) => routed({ ...fitted, ...await joined(fitted, profiles) }),
    }),
    describe: () => ({ parameters: trainedNumbers(reader.network), notes: [...notes] }),
  };
}

/** The pool with the models of profiles, whose levels lean towards the known models' mean. */
async function joined(
  { models, known, reader, method, mean, presentedAs }: Fitted,
  profiles: ModelProfiles,
): Promise<Pick<Fitted, "models" | "known">> {
  const { queries: { ids, vectors }, scores, solvedFrom, models: fresh } = profiles;
  reader.expectWidth(vectors);
  if (presentedAs.whose === "another" && fresh.length === 1) {
    throw new CapabilityError("one new model has no other to take a record from");
  }
  const rows = { ids, vectors, scores, labels: solvedOf(scores, solvedFrom) };
  const means = fresh.map(() => mean);
  const read = await readAll(rows, ids.length, fresh, means, reader, method, presentedAs);
  const all = extendPool(models, profiles).models;
  return {
    models: all,
    known: all.map((id) => {
      const at = fresh.indexOf(id);
      return at >= 0 ? read[at] : known[models.indexOf(id)];
    }),
  };
}

function trainedNumbers({ parameters, group }: FusedNetwork): number {
  const trained = [...parameters].filter(([name, { shape }]) => group(name, shape, 0) !== null);
  return trained.reduce((sum, [, { data }]) => sum + data.length, 0);
}
