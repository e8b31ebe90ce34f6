/**
 * ICL-Router (small LM) as a router of the harness: profile, stage 1, stage 2, records read once.
 *
 * Departs from the paper's code in two things: profile queries are never targets, and pairs of a step share
 * the records of a few models. Scores are σ(ℓ), not calibrated, the last weights are used.
 * @module
 */
import type { FitContext, FittedRouter, Router, TrainingData } from "../../router/contract.ts";
import { random } from "../../base/random.ts";
import { type EncodedRecord, readNewModels } from "../reader.ts";
import { describeProfile, profileOf } from "../profile.ts";
import { labelled, type Record, recordOf } from "../record.ts";
import { TextReader } from "./reader.ts";
import { STAGE1, type TextReconstruction, trainTextReconstruction } from "./stage1.ts";
import { isLearned, LORA, openTextRouter, type TextRouterOptions } from "./model.ts";
import { STAGE2, type TextRouting, trainTextRouting } from "./stage2.ts";

/** A language model, and how it is trained. */
export interface TextMethod extends Partial<Omit<TextRouterOptions, "input" | "seed">> {
  /** Folder of the language model. */
  readonly folder: string;
  /** Profile queries, K; at most a quarter of the training rows. Default 500. */
  readonly profile?: number;
  /** Stage 1, or null to leave it out. Default: paper scale. */
  readonly stage1?: TextReconstruction | null;
  /** Stage 2. Default: paper scale. */
  readonly stage2?: TextRouting;
  /** Threads, 0 = all cores. Default 1. */
  readonly threads?: number;
}

/** The sentence under every table. */
export const TEXT_STATEMENT: string =
  "ICL-Router (small LM): a pre-trained decoder in place of the paper's 7 B model; profile queries excluded " +
  "from targets; pairs of a step share the records of a few models; texts are cut at 512 tokens.";

/** ICL-Router on a language model; nothing is read before the first fit. */
export function textIclRouter(name: string, method: TextMethod): Router {
  return {
    name,
    summary:
      "a language model reads a model's record as vectors, the query as text, answers Yes or No",
    source: "ICL-Router (arXiv 2510.09719)",
    statement: TEXT_STATEMENT,
    grid: [{}],
    unseen: "zero-update",
    fit: (train, _, context) => fitText(train, method, context),
  };
}

async function fitText(
  given: TrainingData,
  method: TextMethod,
  context: FitContext,
): Promise<FittedRouter> {
  const { folder, stage1 = STAGE1, stage2 = STAGE2, tuning = LORA, threads } = method;
  const { seed, signal } = context, { models } = given, M = models.length;
  const data = labelled(given, [...models.keys()]), { ids, texts, vectors, training } = data;
  const stream = random(seed, "icl text");
  const list = profileOf(given, method.profile ?? 500, context);
  const at = new Map(ids.map((id, i) => [id, i])), profile = list.ids.map((id) => at.get(id)!);
  const outside = new Set(profile);
  const targets = [...ids.keys()].filter((i) => i < training && !outside.has(i));

  const router = await openTextRouter(folder, { ...method, tuning, input: vectors.width, seed });
  const share = stage1 ? 0.3 : 0; // of the time, roughly
  const watch = { signal, threads };
  const read = stage1 && await trainTextReconstruction(
    router,
    texts.slice(0, training),
    vectors,
    stage1,
    stream.fork("stage 1"),
    { ...watch, progress: (done) => context.progress(share * done) },
  );
  const routing = { ...data, profile, targets };
  const routed = await trainTextRouting(router, routing, stage2, stream.fork("stage 2"), {
    ...watch,
    progress: (done) => context.progress(share + (1 - share) * done),
  });

  const reader = new TextReader(router, { threads }), records: EncodedRecord[] = [];
  for (let m = 0; m < M; m++) records.push(await reader.encode(recordOf(data, profile, m)));
  const learned = [...router.backbone.parameters].filter(([name]) => isLearned(router, name));
  const losses = (all: readonly number[]): string => all.map((l) => l.toFixed(3)).join(" ");
  return fitted(models, records, reader, list.ids.length, {
    parameters: learned.reduce((n, [, { data }]) => n + data.length, 0),
    notes: [
      router.backbone.description,
      `${describeProfile(list)}; ${targets.length} target queries`,
      read ? `stage 1, nats a token by epoch: ${losses(read)}` : "no stage 1",
      `stage 2, loss by epoch: ${losses(routed)}`,
    ],
  });
}

function fitted(
  models: readonly string[],
  records: readonly EncodedRecord[],
  reader: TextReader,
  K: number,
  card: ReturnType<FittedRouter["describe"]>,
): FittedRouter {
  return {
    models,
    predict: async ({ texts }) => {
      const logits = await reader.answer(texts, records);
      return { quality: logits.map((l) => 1 / (1 + Math.exp(-l))) };
    },
    withModels: async (profiles) => {
      const encode = (record: Record): Promise<EncodedRecord> => reader.encode(record);
      const extended = await readNewModels({ models, records }, profiles, { longest: K, encode });
      return fitted(extended.models, extended.records, reader, K, card);
    },
    describe: () => card,
  };
}
