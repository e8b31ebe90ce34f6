/**
 * ICL-Router (table) as a router of the harness: trained weights, every model's record read once, a
 * calibration for the whole pool.
 * @module
 */
import type { FitContext, FittedRouter, Router, TrainingData } from "../router/contract.ts";
import { CapabilityError } from "../base/errors.ts";
import { takeRows } from "../linalg/matrix.ts";
import { extendPool } from "../router/training.ts";
import { random } from "../base/random.ts";
import { describePlatt, fitPlatt, type Platt, plattProbabilities } from "./calibration.ts";
import { encode, SHORTEST_RECORD, type Trained, trained, type Variant } from "./fit.ts";
import type { EncodedRecord } from "./reader.ts";
import { recordOf, solvedOf } from "./record.ts";

/** How records are presented when it counts: controls that tell whether they are read. */
export type Reading =
  /** Each model's own record. */
  | "own"
  /** Its labels permuted among the queries of the record. */
  | "shuffled"
  /** The record of the next model of the pool. */
  | "another";

/** Fits ICL-Router (table), or a variant of it. */
export async function fitIclRouter(
  train: TrainingData,
  variant: Variant,
  context: FitContext,
  reading: Reading = "own",
): Promise<FittedRouter> {
  const network = await trained(train, variant, context);
  const { reader, rows, profile } = network;
  const own = await encode(
    reader,
    rows,
    profile,
    train.models.map((_, m) => reading === "another" ? (m + 1) % train.models.length : m),
    variant.identity,
  );
  const records = reading === "shuffled" ? await encodeShuffled(network, context.seed) : own;
  const platt = await calibrate(network, own);
  return routed(train.models, records, platt, network, variant, train.solvedFrom);
}

function routed(
  models: readonly string[],
  records: readonly EncodedRecord[],
  platt: Platt,
  network: Trained,
  variant: Variant,
  solvedFrom: Float64Array,
): FittedRouter {
  const { reader, profile } = network;
  return {
    models,
    predict: async ({ vectors }) => {
      const logits = await reader.answer(vectors, records);
      return { quality: plattProbabilities(platt, logits) };
    },
    ...(variant.identity ? {} : {
      withModels: async (profiles) => {
        const n = profiles.models.length;
        // A benchmark's threshold is not told with a profile; scores of one half and more count as solved.
        const labels = solvedOf(
          profiles.scores,
          new Float64Array(profiles.queries.ids.length).fill(0.5),
        );
        const data = { vectors: profiles.queries.vectors, labels, models: n };
        const fresh: EncodedRecord[] = [];
        for (let m = 0; m < n; m++) {
          const known = [...profiles.queries.ids.keys()]
            .filter((i) => !Number.isNaN(labels[i * n + m])).slice(0, profile.length);
          if (known.length < SHORTEST_RECORD) {
            throw new CapabilityError(
              `${profiles.models[m]}: ${known.length} labelled queries, a record needs at least ` +
                `${SHORTEST_RECORD}`,
            );
          }
          fresh.push(await reader.encode(recordOf(data, known, m)));
        }
        const pool = extendPool(models, profiles);
        const all = pool.models.map((id) => {
          const at = profiles.models.indexOf(id);
          return at >= 0 ? fresh[at] : records[models.indexOf(id)];
        });
        return routed(pool.models, all, platt, network, variant, solvedFrom);
      },
    }),
    describe: () => ({ parameters: network.parameters, notes: notes(network, platt) }),
  };
}

/** The pool's Platt scaling on validation rows, if there are any. */
async function calibrate(
  { reader, rows, validation }: Trained,
  records: EncodedRecord[],
): Promise<Platt> {
  const logits = await reader.answer(takeRows(rows.vectors, validation), records);
  const labels = new Float64Array(logits.length);
  validation.forEach((row, i) => {
    labels.set(rows.labels.subarray(row * rows.models, (row + 1) * rows.models), i * rows.models);
  });
  return fitPlatt(logits, labels);
}

async function encodeShuffled(
  { reader, rows, profile }: Trained,
  seed: number,
): Promise<EncodedRecord[]> {
  const encoded: EncodedRecord[] = [];
  for (let m = 0; m < rows.models; m++) {
    const record = recordOf(rows, profile, m);
    const labels = random(seed, "shuffled record", m).shuffle(record.labels.slice());
    encoded.push(await reader.encode({ ...record, labels }));
  }
  return encoded;
}

function notes(
  { preset, profileNote, reconstructionLoss, report, bpe }: Trained,
  platt: Platt,
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
    describePlatt(platt),
  ];
}

/** The sentence under every table (icl-router.md §6). */
export const STATEMENT =
  "ICL-Router (table): small transformer trained from scratch on frozen embeddings; target query enters " +
  "as a vector; profile queries excluded from targets; no pre-trained language model.";

/** A router that differs from ICL-Router (table) by a variant or a reading of records. */
export function iclRouter(
  name: string,
  summary: string,
  variant: Variant = {},
  reading: Reading = "own",
): Router<Variant> {
  return {
    name,
    summary,
    source: "ICL-Router (arXiv 2510.09719)",
    statement: STATEMENT,
    grid: [variant],
    slow: true,
    refit: "train", // validation rows stop training early
    ...(variant.identity ? {} : { unseen: "zero-update" as const }),
    fit: (train, config, context) => fitIclRouter(train, config, context, reading),
  };
}
