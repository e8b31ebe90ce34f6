/**
 * One job: one router on one split. Tunes on validation rows, refits, decides for the test rows.
 *
 * Nothing here ever holds a test outcome: `openSplit` builds the training data from the training and
 * validation rows alone, and the test batch has texts and vectors only. Outcomes are joined to the
 * hashed decisions later, in `join.ts`.
 * @module
 */
import type { Device } from "../base/device.ts";
import type { FitContext, FittedRouter, Router, TrainingData } from "../router/contract.ts";
import { forFit, type OpenedSplit, type TrainingParts } from "./open_split.ts";
import { decide, type Pool } from "../router/decide.ts";
import { random } from "../base/random.ts";
import { tune, type Tuning } from "./tune.ts";
import { createMemo } from "../router/memo.ts";
import { columnMeans } from "../router/training.ts";
import { type Column, curveOf, points } from "./curve.ts";
import { callThreshold } from "../metrics/two_model.ts";
import type { Visits } from "../metrics/mod.ts";

/** What one job returns. */
export type JobOutcome = Decided | NotApplicable | Failed;

/** Decisions of a router on the test rows of a split. */
export interface Decided {
  /** Tells the outcomes apart. */
  readonly status: "decided";
  /** Which columns {@link choice} (or {@link mixtures}) has, in order. */
  readonly columns: readonly Column[];
  /** Model index per test row and column, row-major [T × columns]; empty for a mixture. */
  readonly choice: Uint16Array;
  /** Of a sequential router: the models visited, row-major [T × columns × horizon]; M stands after the last. */
  readonly paths?: Visits;
  /** Query-independent mixtures, one a column, in place of {@link choice}. */
  readonly mixtures?: readonly (readonly number[])[];
  /** Column order of the models the choices index. */
  readonly models: readonly string[];
  /** What tuning tried and chose. */
  readonly tuning: Tuning;
  /** Sizes of the fitted router. */
  readonly card: { readonly parameters: number; readonly notes: readonly string[] };
  /** Predicted qualities [T × M] that the headline column follows from; not part of the decisions' hash. */
  readonly predicted?: Float64Array;
}

/** The router cannot be run here. */
export interface NotApplicable {
  /** Tells the outcomes apart. */
  readonly status: "not applicable";
  /** What is missing, for the line under the table. */
  readonly reason: string;
}

/** The router threw, or gave what its contract forbids. Never kept as finished. */
export interface Failed {
  /** Tells the outcomes apart. */
  readonly status: "failed";
  /** What happened on which split, `failed: …, seed 42, fold 0`. */
  readonly reason: string;
  /** Line of source, where it is known; not part of a result. */
  readonly at?: string;
  /** Exit code of what was thrown, where it has one. */
  readonly exitCode?: number;
}

/** How the reason of a row begins whose router {@link Failed}. */
export const FAILED = "failed: ";

/** Options of a job that are the same for a whole run. */
export interface JobOptions {
  /** Where heavy inference runs. */
  readonly device: Device;
  /** Where fits keep their state, {@link FitContext.unfinished}. */
  readonly unfinished?: string;
  /** Ends the job early. */
  readonly signal: AbortSignal;
  /** Called with progress, 0…1. */
  progress(share: number): void;
}

/** Runs a router on an opened split. */
export async function runJob(
  id: string,
  router: Router,
  split: OpenedSplit,
  options: JobOptions,
): Promise<JobOutcome> {
  const reason = whyNot(router, split.all, split);
  if (reason) return { status: "not applicable", reason };
  const test = split.testFor(router);
  const tuning = await tune(router, split, () => fitContext("tune", id, split, options));
  const fitted = finalFits<FittedRouter>(id, router, split, options);
  const headline = await fitted(tuning.score);
  const predictions = await headline.predict(test);
  const card = { notes: [], ...headline.describe() };
  if ("mixtures" in predictions) return mixed(headline, predictions.mixtures, tuning, card);

  const pool: Pool = { models: headline.models, meanCosts: split.all.meanCosts };
  const columns: Column[] = [{ kind: "headline" }];
  const chosen: Uint16Array[] = [decide(predictions, pool)];
  if (router.grid.length > 1) {
    const plain = points(await (await fitted(0)).predict(test), router);
    columns.push({ kind: "default" });
    chosen.push(decide(plain, pool));
  }
  if (split.priced) {
    const at = tuning.area ?? tuning.score, known = at === tuning.score ? predictions : undefined;
    const curve = await curveOf(await fitted(at), test, pool, router, known);
    columns.push(...curve.columns);
    chosen.push(...curve.choices);
  }
  if (headline.models.length === 2 && !headline.dial) {
    for (const rate of CALL_RATES) {
      columns.push({ kind: "calls", at: rate });
      chosen.push(callShare(predictions.quality, split.all, rate));
    }
  }
  return {
    status: "decided",
    columns,
    choice: interleave(chosen),
    models: headline.models,
    tuning,
    card,
    predicted: predictions.quality,
  };
}

/**
 * The context of a fit: its randomness depends on seed, fold and router, and on nothing else.
 *
 * @param profile ids of the profile rows in their order, new-model protocol
 */
export function fitContext(
  stage: FitContext["stage"],
  id: string,
  { split }: OpenedSplit,
  options: JobOptions,
  profile?: readonly string[],
): FitContext {
  return {
    stage,
    seed: split.seed,
    random: random(split.seed, "router", id, split.fold),
    ...options,
    ...(profile && { profile }),
  };
}

/** The last fits of a job at configurations of the router's grid, each made once. */
export function finalFits<F>(
  id: string,
  router: Pick<Router, "grid" | "refit" | "reference"> & {
    fit(train: TrainingData, config: unknown, context: FitContext): F | Promise<F>;
  },
  split: OpenedSplit,
  options: JobOptions,
): (config: number) => Promise<F> {
  const memo = createMemo("final fits");
  const fit = async (config: unknown): Promise<F> =>
    await router.fit(finalTraining(router, split), config, fitContext("final", id, split, options));
  return (config) => memo(`${config}`, () => fit(router.grid[config]));
}

/** Call rates of two-model pools: RouteLLM's thresholds, the deciles of the router's score and both ends. */
const CALL_RATES = Array.from({ length: 11 }, (_, i) => i / 10);

/**
 * The queries for which the router most prefers the stronger model (by training mean) go to it, those that reach
 * RouteLLM's threshold for the rate; the rest go to the weaker.
 */
function callShare(quality: Float64Array, { scores }: TrainingData, rate: number): Uint16Array {
  const [a, b] = columnMeans(scores, 2);
  const strong = a > b ? 0 : 1;
  const strength = Float64Array.from(
    { length: quality.length / 2 },
    (_, i) => quality[i * 2 + strong] - quality[i * 2 + 1 - strong],
  );
  const threshold = callThreshold(strength, rate);
  return Uint16Array.from(strength, (s) => s >= threshold ? strong : 1 - strong);
}

/** Why a router cannot run on a dataset, or undefined if it can. */
export function whyNot(
  router: Pick<Router, "needs">,
  train: TrainingData,
  facts: Pick<OpenedSplit, "priced" | "hasTruth" | "hasReplies" | "hasDocuments">,
): string | undefined {
  for (const need of router.needs ?? []) {
    if (need === "cost" && !facts.priced) {
      const unpriced = train.models.filter((_, m) => Number.isNaN(train.meanCosts[m])).length;
      if (train.meanCosts.every((cost) => cost === 0)) return "needs costs; all are 0";
      return unpriced > 0
        ? `needs costs; ${unpriced} of ${train.models.length} models have none`
        : "needs costs; some queries have none";
    }
    if (need === "truth" && !facts.hasTruth) {
      return "needs the true probabilities of synthetic data";
    }
    if (need === "replies" && !facts.hasReplies) return "needs replies; the dataset has none";
    if (need === "documents" && !facts.hasDocuments) {
      return "needs documents, and scores with and without them; this view of the dataset has none";
    }
  }
  return undefined;
}

/**
 * Rows of the last fit: training and validation together, unless the router keeps them apart; with
 * targets in place of scores where the records have them.
 */
export function finalTraining(
  router: Pick<Router, "refit" | "reference">,
  { train, validation, all }: TrainingParts,
): TrainingData {
  const mine = forFit(router.refit === "train" ? train : all, router.reference);
  return router.refit === "train" ? { ...mine, validation: forFit(validation, true) } : mine;
}

function mixed(
  fitted: FittedRouter,
  mixtures: readonly Float64Array[],
  tuning: Tuning,
  card: Decided["card"],
): Decided {
  return {
    status: "decided",
    columns: [
      { kind: "headline" },
      ...mixtures.map((_, i): Column => ({ kind: "curve", at: i })),
    ],
    choice: new Uint16Array(),
    mixtures: [mixtures[0], ...mixtures].map((weights) => Array.from(weights)),
    models: fitted.models,
    tuning,
    card,
  };
}

/** Joins columns [T × width] into row-major [T × columns × width]. */
export function interleave(columns: readonly Uint16Array[], width = 1): Uint16Array {
  const P = columns.length, size = columns[0].length;
  const out = new Uint16Array(size * P);
  columns.forEach((column, p) => {
    for (let i = 0; i < size; i++) {
      out[(Math.floor(i / width) * P + p) * width + i % width] = column[i];
    }
  });
  return out;
}
