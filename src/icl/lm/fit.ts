/**
 * ICL-Router in the paper's layout as a router of the harness: profile, stage 1, stage 2, records read once, and the
 * query as text behind them, through all layers of a language model.
 *
 * Departs from the paper's code in three things: profile queries are never targets, pairs of a step share the records
 * of a few models, and ℓ is calibrated on validation rows. The last weights are used.
 * @module
 */
import { join } from "node:path";
import { hashJson } from "../../base/hash.ts";
import { random } from "../../base/random.ts";
import { takeRows } from "../../linalg/matrix.ts";
import { findModel } from "../../lm/store.ts";
import type { FitContext, FittedRouter, Router, TrainingData } from "../../router/contract.ts";
import { calibrated, type Platt, plattProbabilities } from "../calibration.ts";
import { describeProfile, profileOf } from "../profile.ts";
import { type EncodedRecord, readNewModels, type ReadPool } from "../reader.ts";
import { byId, type Labelled, labelled, recordOf, scoresOf, taughtBy } from "../record.ts";
import { type Presented, presented, type Reading } from "../router.ts";
import { pickJudged } from "../stage2.ts";
import {
  isLearned,
  openTextRouter,
  type TextRouter,
  type TextRouterOptions,
  type TextWatch,
  tuningOf,
} from "./model.ts";
import { TextReader } from "./reader.ts";
import { STAGE1, type TextReconstruction, trainTextReconstruction } from "./stage1.ts";
import { STAGE2, type TextRouting, trainTextRouting } from "./stage2.ts";

/** A language model, and how it is trained. */
export interface TextMethod extends Pick<TextRouterOptions, "textTokens"> {
  /** Id of the language model, see `deno task lm list`. */
  readonly model: string;
  /** The store of language models, unless it is that of this machine. */
  readonly root?: string;
  /** Rank of the adapters on all projections, α twice that; all weights are trained if absent. */
  readonly rank?: number;
  /** Profile queries, K; at most a quarter of the training rows. Default 500. */
  readonly profile?: number;
  /** Stage 1, or null to leave it out. Default: paper scale. */
  readonly stage1?: TextReconstruction | null;
  /** Stage 2. Default: paper scale. */
  readonly stage2?: TextRouting;
  /** Validation rows that calibrate, for time; all of them if absent. */
  readonly judged?: number;
}

/** ICL-Router on a language model, the query as text, or a control of it. Weights are looked for by the first fit. */
export function textIclRouter(
  name: string,
  statement: string,
  method: TextMethod,
  reading: Reading = "own",
): Router<TextMethod> {
  return {
    ...{ name, statement },
    summary:
      "a language model reads a model's record as vectors, the query as text, answers Yes or No",
    source: "ICL-Router (arXiv 2510.09719)",
    grid: [method],
    effort: "minutes",
    weights: method.model,
    refit: "train", // validation rows calibrate
    unseen: "zero-update",
    fit: (train, config, context) => fitText(train, config, context, reading),
  };
}

/** A trained language model with what it was trained on. */
interface Trained {
  readonly router: TextRouter;
  /** Training rows, then validation rows. */
  readonly rows: Labelled;
  /** Ascending, the columns of the rows. */
  readonly models: readonly string[];
  /** The profile list, as rows. */
  readonly profile: readonly number[];
  /** Lines for the router card. */
  readonly notes: readonly string[];
}

async function fitText(
  train: TrainingData,
  method: TextMethod,
  context: FitContext,
  whose: Reading,
): Promise<FittedRouter> {
  const { router, rows, models, profile, notes } = await trained(train, method, context);
  const { device, seed } = context, M = models.length, presentedAs = { whose, seed };
  const own = Float64Array.from(
    { length: profile.length * M },
    (_, at) => rows.labels[profile[Math.floor(at / M)] * M + at % M],
  );
  const shown = { vectors: takeRows(rows.vectors, profile), models: M };
  const labels = presented(own, models, presentedAs), listed = [...profile.keys()];
  const reader = new TextReader(router, { device, fixed: true }), records: EncodedRecord[] = [];
  for (let m = 0; m < M; m++) {
    records.push(await reader.encode(recordOf({ ...shown, labels }, listed, m)));
  }
  const outside = new Set(profile);
  const validation = [...rows.ids.keys()].filter((i) => i >= rows.training && !outside.has(i));
  const judged = pickJudged(rows, validation, method.judged ?? Infinity, random(seed, "icl text"));
  const logits = await reader.answer(Array.from(judged, (i) => rows.texts[i]), records);
  const { platt, notes: calibration } = calibrated(models, logits, scoresOf(rows, judged));
  const learned = [...router.backbone.parameters].filter(([name]) => isLearned(router, name));
  const ids = profile.map((i) => rows.ids[i]);
  return fitted({ models, records }, { reader, platt, presentedAs, profile: ids }, {
    parameters: learned.reduce((n, [, { data }]) => n + data.length, 0),
    notes: [...notes, ...calibration],
  });
}

/** Trains once for all routers that read the same network differently. */
function trained(train: TrainingData, method: TextMethod, context: FitContext): Promise<Trained> {
  const { stage, profile, seed } = context, list = profile ? [stage, ...profile] : [];
  const key = hashJson({ method, list, seed, taught: taughtBy(train) } as never);
  return train.queries.memo(`icl text/${key}`, () => trainText(train, method, context, key));
}

/** @param key tells the network from others on the same rows */
async function trainText(
  train: TrainingData,
  method: TextMethod,
  context: FitContext,
  key: string,
): Promise<Trained> {
  const { stage1 = STAGE1, stage2 = STAGE2, rank, textTokens } = method, { seed } = context;
  const order = byId(train.models), models = order.map((m) => train.models[m]);
  const rows = labelled(train, order), { ids, texts, vectors, training } = rows;
  const stream = random(seed, "icl text");
  const list = profileOf(train, method.profile ?? 500, context);
  const at = new Map(ids.map((id, i) => [id, i])), profile = list.ids.map((id) => at.get(id)!);
  const outside = new Set(profile);
  const targets = [...ids.keys()].filter((i) => i < training && !outside.has(i));
  const { folder } = await findModel(method.model, method.root);
  const options = { input: vectors.width, tuning: tuningOf(rank), textTokens, seed };
  const router = await openTextRouter(folder, options), { description } = router.backbone;
  const file = hashJson({ key, ids, facts: router.facts } as never);
  const watch = (stage: string, from: number, to: number): TextWatch => ({
    ...{ signal: context.signal, device: context.device },
    progress: (done) => context.progress(from + (to - from) * done),
    unfinished: context.unfinished && join(context.unfinished, `${file}.${stage}`),
  });
  const share = stage1 ? 0.3 : 0; // of the time, roughly
  const read = stage1 && await trainTextReconstruction(
    router,
    texts.slice(0, training),
    vectors,
    stage1,
    stream.fork("stage 1"),
    watch("read", 0, share),
  );
  const routed = await trainTextRouting(
    router,
    { ...rows, profile, targets },
    stage2,
    stream.fork("stage 2"),
    watch("route", share, 1),
  );
  const losses = (all: readonly number[]): string => all.map((l) => l.toFixed(3)).join(" ");
  return {
    ...{ router, rows, models, profile },
    notes: [
      description,
      `${describeProfile(list)}; ${targets.length} target queries`,
      read ? `stage 1, nats a token by epoch: ${losses(read)}` : "no stage 1",
      `stage 2, loss by epoch: ${losses(routed)}`,
    ],
  };
}

/** How records are read and answers calibrated. */
interface Answering {
  readonly reader: TextReader;
  readonly platt: Platt;
  readonly presentedAs: Presented;
  /** Ids of the profile queries. */
  readonly profile: readonly string[];
}

function fitted(
  { models, records }: ReadPool,
  answering: Answering,
  card: ReturnType<FittedRouter["describe"]>,
): FittedRouter {
  const { reader, platt, presentedAs, profile } = answering;
  return {
    models,
    predict: async ({ texts }) => ({
      quality: plattProbabilities(platt, await reader.answer(texts, records)),
    }),
    withModels: async (profiles) => {
      const extended = await readNewModels({ models, records }, profiles, {
        ...{ longest: profile.length, order: profile },
        encode: (record) => reader.encode(record),
        present: (labels) => presented(labels, profiles.models, presentedAs),
      });
      return fitted(extended, answering, card);
    },
    describe: () => card,
  };
}
