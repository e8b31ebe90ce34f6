/**
 * ICL-Router (table) as a router of the harness: trained weights, every model's record read once, a
 * calibration for the whole pool.
 * @module
 */
import type { FitContext, FittedRouter, Router, TrainingData } from "../router/contract.ts";
import { CapabilityError } from "../base/errors.ts";
import { canonicalJson } from "../base/hash.ts";
import { type Matrix, takeRows } from "../linalg/matrix.ts";
import { random } from "../base/random.ts";
import type { Bpe } from "./bpe.ts";
import { calibrated, type Platt, plattProbabilities } from "./calibration.ts";
import { encode, type Trained, trained, type Variant } from "./fit.ts";
import type { TableNetwork } from "./network.ts";
import { type EncodedRecord, type Reader, readNewModels } from "./reader.ts";
import { recordOf } from "./record.ts";

/** How records are presented when it counts: controls that tell whether they are read. */
export type Reading =
  /** Each model's own record. */
  | "own"
  /** Its labels permuted among the queries of the record. */
  | "shuffled"
  /** The record of the next model of the pool. */
  | "another";

/** A reading with the seed of its shuffles. */
export interface Presented {
  /** Whose labels a model is shown with. */
  readonly whose: Reading;
  /** Seed of the run. */
  readonly seed: number;
}

/** A fitted ICL-Router (table): all that its predictions depend on. `store.ts` keeps it in a file. */
export interface Fitted {
  /** Model ids. Length M. */
  readonly models: readonly string[];
  /** The network. */
  readonly reader: Reader<TableNetwork>;
  /** The queries of every record, in order: ids, vectors [K × input]. */
  readonly profile: { readonly ids: readonly string[]; readonly vectors: Matrix };
  /** What the records say: 1 = solved, 0 = not, NaN = missing. Row-major [K × M]. */
  readonly labels: Float64Array;
  /** Number of every model in a network that knows models by number (a control). Length M. */
  readonly identities?: readonly number[];
  /** Calibration of the pool. */
  readonly platt: Platt;
  /** The tokenizer of stage 1. */
  readonly bpe: Bpe;
  /** Name of the sizes used. */
  readonly preset: string;
  /** The variant, as JSON. */
  readonly variant: string;
  /** How records are presented, in a control; as they are, if absent. Not kept in files. */
  readonly reading?: Presented;
  /** Lines for the router card. */
  readonly notes: readonly string[];
}

/**
 * Fits ICL-Router (table), or a variant of it.
 * @throws {CapabilityError} when there are too few rows to build a profile from
 */
export async function fitTable(
  train: TrainingData,
  variant: Variant,
  context: FitContext,
  reading: Reading = "own",
): Promise<Fitted> {
  const { models } = train;
  const network = await trained(train, variant, context), { reader, rows, profile } = network;
  const presentedAs = { whose: reading, seed: context.seed };
  const columns = models.map((id) => network.models.indexOf(id));
  const own = new Float64Array(profile.length * models.length);
  profile.forEach((i, k) =>
    columns.forEach((m, at) => own[k * models.length + at] = rows.labels[i * rows.models + m])
  );
  const labels = presented(own, models, presentedAs);
  const { platt, notes: calibration } = await calibrate(network, variant);
  return {
    models,
    reader,
    profile: {
      ids: Array.from(profile, (i) => rows.ids[i]),
      vectors: takeRows(rows.vectors, profile),
    },
    labels,
    ...(variant.identity ? { identities: columns } : {}),
    platt,
    bpe: network.bpe,
    preset: network.preset.name,
    variant: canonicalJson(variant),
    ...(reading === "own" ? {} : { reading: presentedAs }),
    notes: [...trainingNotes(network), ...calibration],
  };
}

/** The router of a fitted network: every model's record is read once, here. */
export async function routerOf(fitted: Fitted): Promise<FittedRouter> {
  const { models, reader, profile: { ids, vectors }, labels, identities } = fitted;
  const data = { vectors, labels, models: models.length }, records: EncodedRecord[] = [];
  for (const m of models.keys()) {
    records.push(
      identities
        ? await reader.encodeIdentity(identities[m])
        : await reader.encode(recordOf(data, [...ids.keys()], m)),
    );
  }
  return routed(fitted, models, records);
}

function routed(
  fitted: Fitted,
  models: readonly string[],
  records: readonly EncodedRecord[],
): FittedRouter {
  const { reader, platt, profile, identities, reading } = fitted;
  return {
    models,
    predict: async ({ vectors }) => {
      reader.expectWidth(vectors);
      const logits = await reader.answer(vectors, records);
      return { quality: plattProbabilities(platt, logits) };
    },
    ...(identities ? {} : {
      withModels: async (profiles) => {
        reader.expectWidth(profiles.queries.vectors);
        if (reading?.whose === "another" && profiles.models.length === 1) {
          throw new CapabilityError("one new model has no other to take a record from");
        }
        const extended = await readNewModels({ models, records }, profiles, {
          longest: profile.ids.length,
          order: profile.ids,
          encode: (record) => reader.encode(record),
          present: (labels) => presented(labels, profiles.models, reading),
        });
        return routed(fitted, extended.models, extended.records);
      },
    }),
    describe: () => ({ parameters: reader.network.parameters.count, notes: [...fitted.notes] }),
  };
}

/** Labels [K × M] as a reading presents them: as they are, permuted in each column, or the next column's. */
export function presented(
  labels: Float64Array,
  models: readonly string[],
  { whose, seed }: Presented = { whose: "own", seed: 0 },
): Float64Array {
  if (whose === "own") return labels;
  const M = models.length, K = labels.length / M, out = new Float64Array(labels.length);
  models.forEach((id, m) => {
    const from = whose === "another" ? (m + 1) % M : m;
    const column = Float64Array.from({ length: K }, (_, k) => labels[k * M + from]);
    if (whose === "shuffled") random(seed, "shuffled record", id).shuffle(column);
    column.forEach((label, k) => out[k * M + m] = label);
  });
  return out;
}

/** The pool's Platt scaling on validation rows, if there are any, and how reliable that makes the scores there. */
async function calibrate(
  network: Trained,
  variant: Variant,
): Promise<{ readonly platt: Platt; readonly notes: readonly string[] }> {
  const { logits, labels } = await onValidation(network, network.reader, variant);
  return calibrated(network.models, logits, labels);
}

/** Logits by a reader, and labels, of a network's validation rows, both row-major [rows × models]. */
export async function onValidation(
  { rows, profile, validation, models }: Trained,
  reader: Reader,
  { identity }: Variant,
): Promise<{ readonly logits: Float64Array; readonly labels: Float64Array }> {
  const records = validation.length === 0
    ? []
    : await encode(reader, rows, profile, [...models.keys()], identity);
  const logits = await reader.answer(takeRows(rows.vectors, validation), records);
  const M = rows.models, labels = new Float64Array(logits.length);
  validation.forEach((row, i) => labels.set(rows.labels.subarray(row * M, (row + 1) * M), i * M));
  return { logits, labels };
}

function trainingNotes(
  { preset, profileNote, reconstructionLoss, report, bpe }: Trained,
): string[] {
  const looks = report.looks.map((score) => score.toFixed(3)).join(" ");
  return [
    `preset ${preset.name}; ${profileNote}`,
    Number.isNaN(reconstructionLoss)
      ? "no stage 1"
      : `stage 1: ${reconstructionLoss.toFixed(3)} nats a token, vocabulary ${bpe.size}`,
    `stage 2: ${report.steps} steps, loss ${report.loss.toFixed(3)}, validation ${looks}, kept ${
      report.kept + 1
    }`,
  ];
}

/** The sentence under every table (icl-router.md §6). */
const STATEMENT =
  "small transformer trained from scratch on frozen embeddings; target query enters as a vector, which the " +
  "answer token carries too; profile queries are targets too, their outcomes then hidden in the records; no " +
  "pre-trained language model. " +
  "Smaller and more regularised than its specification suggests (one block of width 64, input dropout, " +
  "weight decay .1); a labelled query is one token, in no order, and attention starts on queries alike; with new models its profile is the protocol's list. Validation rows both stop its " +
  "training and place it on the curve.";

/** A router that differs from ICL-Router (table) by a variant or a reading of records. */
export function iclRouter(
  name: string,
  summary: string,
  variant: Variant = {},
  reading: Reading = "own",
): Router<Variant> {
  const plain = Object.keys(variant).length === 0 && reading === "own";
  return {
    name,
    summary,
    source: "ICL-Router (arXiv 2510.09719)",
    statement: plain ? STATEMENT : `${summary}; else as ICL-Router (table).`,
    grid: [variant],
    effort: "minutes",
    refit: "train", // validation rows choose among the weights of the run
    ...(variant.identity ? {} : { unseen: "zero-update" as const }),
    fit: async (train, config, context) =>
      await routerOf(await fitTable(train, config, context, reading)),
  };
}
