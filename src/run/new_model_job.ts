/**
 * The new-model job: a router fitted on some models gets to know others from n labelled queries.
 *
 * Held-out models are invisible until then: tuning and fitting see the training pool only.
 * @module
 */
import type { OutcomeTable } from "../outcomes/table.ts";
import type { FitContext, FittedRouter, QueryBatch, Router } from "../router/contract.ts";
import { forFit, type OpenedSplit, type TrainingParts } from "./open_split.ts";
import {
  finalTraining,
  fitContext,
  interleave,
  type JobOptions,
  type JobOutcome,
  whyNot,
} from "./job.ts";
import type { Arm, Column } from "./curve.ts";
import { decideWithin } from "../router/decide.ts";
import { CapabilityError } from "../base/errors.ts";
import { tune, type Tuning } from "./tune.ts";
import { replay, waysOf } from "./replay.ts";

/** Profile sizes by default; those beyond the training part are left out. */
export const BUDGETS: readonly number[] = [8, 16, 32, 64, 125, 250, 500, 1000];

/** Arms by the name that `--arms` takes; `own` is the router's {@link Router.unseen}. */
export const ARMS = ["own", "retrain", "clairvoyant", "ignore"] as const;
/** One of {@link ARMS}. */
export type ArmKind = typeof ARMS[number];

/**
 * Runs a router on a split with held-out models. Choices index the full pool (`table.models`).
 * Mixtures (the random row) are evaluated without a job: their expectation needs no decision.
 *
 * @param arms the arms to run; retraining a heavy router at every size may be out of reach
 */
export async function runNewModelJob(
  id: string,
  router: Router,
  split: OpenedSplit,
  table: OutcomeTable,
  budgets: readonly number[],
  options: JobOptions,
  arms: readonly ArmKind[] = ARMS,
): Promise<JobOutcome> {
  const reason = whyNot(router, split.all, split);
  if (reason) return { status: "not applicable", reason };
  if (!router.unseen) {
    return { status: "not applicable", reason: "cannot take in a model without retraining" };
  }
  const mine = arms.filter((arm) => !router.reference || arm === "own" || arm === "ignore");
  if (mine.length === 0) {
    return { status: "not applicable", reason: `a reference row has no arm ${arms.join(" or ")}` };
  }
  const profile = split.split.profile?.order.map((row) => table.ids[row]);
  const context = (stage: FitContext["stage"]): FitContext =>
    fitContext(stage, id, split, options, profile);
  const sizes = budgets.filter((n) => n <= (split.split.profile?.order.length ?? 0));
  const tuned = await tune(router, split, () => context("tune"));
  const played = mine.includes("own")
    ? await replay(router, tuned.score, split, sizes, () => context("tune"))
    : [];
  const tuning: Tuning = played.length > 0 ? { ...tuned, replay: played } : tuned;
  const fit = async (parts: TrainingParts, config = tuning.score): Promise<FittedRouter> =>
    await router.fit(finalTraining(router, parts), router.grid[config], context("final"));
  const fitted = await fit(split);
  const test = split.testFor(router);
  if ("mixtures" in await fitted.predict(test)) {
    return { status: "not applicable", reason: "a mixture; its expectation is a reference number" };
  }

  const columns: Column[] = [], chosen: Uint16Array[] = [], refusals: string[] = [];
  const add = async (router: FittedRouter, costs: Float64Array, column: Column): Promise<void> => {
    chosen.push(await choose(router, test, table, costs, column.pool!, split.split.heldOutModels));
    columns.push(column);
  };
  const { ways, refits } = waysOf(router), refitted = new Map([[tuning.score, fitted]]);
  const takeIn = (n: number): Promise<void> => {
    const arm = router.unseen!, costs = split.retraining(n).all.meanCosts;
    const profile = forFit(split.profile(n), router.reference);
    const way = played.find((play) => play.n === n)?.way;
    return unlessRefused(`${arm}, ${n} labels`, refusals, async () => {
      const config = refits && way !== undefined ? way : tuning.score;
      const base = refitted.get(config) ?? await fit(split, config);
      refitted.set(config, base);
      const extended = await base.withModels!(profile, refits ? undefined : ways[way ?? 0]);
      for (const pool of ["all", "new"] as const) {
        await add(extended, costs, { kind: "arm", arm, n, pool });
      }
    });
  };
  const retrain = (n: number, arm: Arm, size: { n?: number }): Promise<void> => {
    const data = split.retraining(n);
    return unlessRefused(`${arm}, ${n} labels`, refusals, async () => {
      const again = await fit(data);
      for (const pool of ["all", "new"] as const) {
        await add(again, data.all.meanCosts, { kind: "arm", arm, ...size, pool });
      }
    });
  };
  if (mine.includes("own")) { for (const n of sizes) await takeIn(n); }
  if (mine.includes("retrain")) { for (const n of sizes) await retrain(n, "retrain", { n }); }
  if (mine.includes("clairvoyant")) await retrain(Infinity, "clairvoyant", {});
  if (mine.includes("ignore")) {
    const costs = split.retraining(0).all.meanCosts;
    await add(fitted, costs, { kind: "arm", arm: "ignore", pool: "all" });
  }
  if (columns.length === 0) {
    return { status: "not applicable", reason: refusals[0] ?? "no size fits the profile" };
  }
  const { parameters, notes = [] } = fitted.describe();
  const card = { parameters, notes: [...notes, ...refusals] };
  return {
    status: "decided",
    columns,
    choice: interleave(chosen),
    models: table.models,
    tuning,
    card,
  };
}

/** An arm that a router cannot do at some size is left out there, and the reason noted. */
async function unlessRefused(
  what: string,
  refusals: string[],
  arm: () => Promise<void>,
): Promise<void> {
  try {
    await arm();
  } catch (error) {
    if (!(error instanceof CapabilityError)) throw error;
    refusals.push(`${what}: ${error.message}`);
  }
}

/** λ = 0 choices from a pool, as columns of the full table. */
async function choose(
  router: FittedRouter,
  test: QueryBatch,
  table: OutcomeTable,
  allCosts: Float64Array,
  pool: "all" | "new",
  heldOut: readonly string[],
): Promise<Uint16Array> {
  const predictions = await router.predict(test);
  if ("mixtures" in predictions) {
    throw new TypeError("a router predicts points or mixtures, not both");
  }
  const full = router.models.map((m) => table.models.indexOf(m));
  const meanCosts = Float64Array.from(full, (m) => allCosts[m]);
  const within = pool === "new" ? heldOut : router.models;
  return decideWithin(predictions, { models: router.models, meanCosts }, within)
    .map((m) => full[m]);
}
