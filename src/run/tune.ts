/**
 * Tuning: every configuration of a router's grid is fitted on the training rows and judged on the
 * validation rows, never on anything else. Two choices are made: by the routed validation score at
 * λ = 0 (accuracy tables) and by the validation Area (curves). Ties go to the earlier configuration.
 * @module
 */
import type { FitContext, Router, TrainingData } from "../router/contract.ts";
import type { AnyRouter } from "../router/sequential.ts";
import { forFit, type OpenedSplit } from "./open_split.ts";
import { decide, type Pool } from "../router/decide.ts";
import { curveOf, points } from "./curve.ts";
import { columnMeans } from "../router/training.ts";
import { type CurvePoint, deferralArea } from "../metrics/mod.ts";

/** What tuning found; kept whole in the result. */
export interface Tuning {
  /** Index into the grid, chosen by validation score. */
  readonly score: number;
  /** Index into the grid, chosen by validation Area; absent where costs are unknown. */
  readonly area?: number;
  /** Validation score and Area of every configuration, in grid order. */
  readonly trials: readonly { readonly score: number; readonly area?: number }[];
  /** Curve positions chosen on validation; absent where costs are unknown. */
  readonly operating?: OperatingPoints;
  /** How new models are taken in, by number of labels; new-model protocol, where there is a choice. */
  readonly replay?: readonly Replayed[];
}

/** The way chosen for one number of labels. */
export interface Replayed {
  /** Labelled queries a new model. */
  readonly n: number;
  /** Index into the router's `unseenGrid`, or into its `grid` where it has none. */
  readonly way: number;
  /** Validation score of every way, in order: mean over groups and over the pools `all` and `new`; null = refused. */
  readonly trials: readonly (number | null)[];
}

/** Positions on the curve (0-based, among the curve columns) chosen on validation rows. */
export interface OperatingPoints {
  /** Cheapest point that keeps the best single model's validation score; else the best point. */
  readonly sameQuality: number;
  /** Best point that costs at most half of the best single model. */
  readonly halfCost: number;
}

/**
 * Tunes a router; without alternatives and without costs there is nothing to do.
 *
 * @param context makes the context of a fit, again for each, so that no fit draws on another's randomness
 */
export async function tune(
  router: Router,
  split: OpenedSplit,
  context: () => FitContext,
): Promise<Tuning> {
  const batch = split.validationFor(router);
  return await tuneBy(router, split, context, async (train, config, fit) => {
    const fitted = await router.fit(train, config, fit);
    const pool: Pool = { models: fitted.models, meanCosts: split.train.meanCosts };
    const predictions = points(await fitted.predict(batch), router);
    const score = mean(split, decide(predictions, pool), "scores");
    if (!split.priced) return { score };
    const { choices } = await curveOf(fitted, batch, pool, router, predictions);
    return { score, curve: choices.map((choice) => pointOf(choice, split)) };
  });
}

/** What a configuration does on the validation rows. */
export interface Judged {
  /** Mean score of the headline. */
  readonly score: number;
  /** The quality-cost curve; needed where costs are known. */
  readonly curve?: readonly CurvePoint[];
}

/**
 * Tunes any kind of router.
 * @param judge fits a configuration on the training rows and lets it decide for the validation rows
 */
export async function tuneBy(
  router: AnyRouter,
  split: OpenedSplit,
  context: () => FitContext,
  judge: (train: TrainingData, config: unknown, context: FitContext) => Promise<Judged>,
): Promise<Tuning> {
  if (router.reference || (router.grid.length === 1 && !split.priced)) {
    return { score: 0, trials: [] };
  }
  const trials: { score: number; area?: number }[] = [];
  const curves: (readonly CurvePoint[])[] = [];
  for (const [i, config] of router.grid.entries()) {
    const fit = context();
    fit.signal.throwIfAborted();
    const train = { ...forFit(split.train), validation: forFit(split.validation, true) };
    const { score, curve } = await judge(train, config, { ...fit, grid: router.grid });
    if (split.priced) curves.push(curve!);
    trials.push(split.priced ? { score, area: area(curves[i], split) } : { score });
    fit.progress((i + 1) / router.grid.length);
  }
  const byScore = argmax(trials.map((t) => t.score));
  if (!split.priced) return { score: byScore, trials };
  const byArea = argmax(trials.map((t) => t.area!));
  return { score: byScore, area: byArea, trials, operating: operate(curves[byArea], split) };
}

function pointOf(choice: Uint16Array, split: OpenedSplit): CurvePoint {
  return { cost: mean(split, choice, "costs"), quality: mean(split, choice, "scores") };
}

function area(curve: readonly CurvePoint[], { validation }: OpenedSplit): number {
  return deferralArea(curve, Math.max(...columnMeans(validation.costs, validation.models.length)));
}

function operate(
  curve: readonly CurvePoint[],
  { all, validation }: OpenedSplit,
): OperatingPoints {
  const M = all.models.length;
  const single = argmax(columnMeans(all.scores, M));
  const quality = columnMeans(validation.scores, M)[single];
  const cost = columnMeans(validation.costs, M)[single];
  const best = (
    keep: (p: { cost: number; quality: number }) => boolean,
    value: typeof cheap,
  ): number => {
    let at = -1;
    curve.forEach((p, i) => {
      if (keep(p) && (at < 0 || value(p) > value(curve[at]) + 1e-12)) at = i;
    });
    return at;
  };
  const cheap = (p: { cost: number; quality: number }): number => -p.cost;
  const good = (p: { cost: number; quality: number }): number => p.quality;
  const same = best((p) => p.quality >= quality - 1e-12, cheap);
  const half = best((p) => p.cost <= cost / 2, good);
  return {
    sameQuality: same >= 0 ? same : best(() => true, good),
    halfCost: half >= 0 ? half : best(() => true, cheap),
  };
}

/** Mean realised score or cost on the validation rows. */
function mean({ validation }: OpenedSplit, choice: Uint16Array, field: "scores" | "costs"): number {
  return meanOfChosen(validation[field], validation.models.length, choice);
}

/** Mean of the chosen cells of [N × M], one a row, missing ones skipped. */
export function meanOfChosen(cells: Float64Array, M: number, choice: Uint16Array): number {
  let sum = 0, n = 0;
  for (let i = 0; i < choice.length; i++) {
    const value = cells[i * M + choice[i]];
    if (!Number.isNaN(value)) sum += value, n++;
  }
  return n > 0 ? sum / n : NaN;
}

/** Index of the largest value; ties go to `first`, then to the earlier one. */
export function argmax(values: ArrayLike<number>, first = 0): number {
  let best = first;
  for (let i = 0; i < values.length; i++) if (values[i] > values[best] + 1e-12) best = i;
  return best;
}
