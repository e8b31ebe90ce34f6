/**
 * How a router takes in new models is chosen by replay: known models play new ones.
 *
 * The training pool is dealt into three groups. Each in turn is taken out of the pool; the router is fitted on
 * the training rows of the others, gets to know the group by its first n labels, and routes the validation
 * rows. What routes best at n is what the held-out models are taken in with at n. All routers are chosen for
 * in this way, so that none reads few labels with what was tuned on thousands.
 * @module
 */
import type { FitContext, FittedRouter, Router, TrainingData } from "../router/contract.ts";
import { CapabilityError } from "../base/errors.ts";
import { seededOrder } from "../base/random.ts";
import { extendPool } from "../router/new_models.ts";
import { columnMeans, takeTraining } from "../router/training.ts";
import { decideWithin } from "../router/decide.ts";
import { cells, forFit, type LabelledRows, type OpenedSplit, repliesAt } from "./open_split.ts";
import { argmax, meanOfChosen, type Replayed } from "./tune.ts";

/** Groups that play new models: each known model does once, and two thirds stay known as in the protocol. */
const GROUPS = 3;

/** The ways a router has of taking in new models, and whether each is a fit of its own. */
export function waysOf(
  { grid, unseenGrid }: Router,
): { ways: readonly unknown[]; refits: boolean } {
  return { ways: unseenGrid ?? grid, refits: unseenGrid === undefined };
}

/**
 * Chooses a way for every size; none where there is no choice, or where a pool of under three models leaves
 * nothing to play with. Ties go to the earlier way, before all others to the tuned configuration where ways are those.
 *
 * @param tuned index into the grid of the configuration that tuning chose
 * @param context makes the context of a fit, again for each
 */
export async function replay(
  router: Router,
  tuned: number,
  split: OpenedSplit,
  sizes: readonly number[],
  context: () => FitContext,
): Promise<Replayed[]> {
  const { ways, refits } = waysOf(router), { models } = split.train;
  const hasTruth = router.needs?.includes("truth");
  if (router.reference || hasTruth || ways.length < 2 || models.length < 3) return [];
  const teaching = idsThatTeach(split, context().profile!);
  const plays = sizes.map((n) => rowsOf(split.train, teaching.slice(0, n)));
  const sums = sizes.map(() => new Float64Array(ways.length));
  for (const group of groupsOf(models, split.split.seed)) {
    const known = models.filter((model) => !group.includes(model));
    const profiles = plays.map((rows) => columnsOf(rows, group));
    const fits = new Map<number, FittedRouter>();
    for (let w = 0; w < ways.length; w++) {
      const config = refits ? w : tuned;
      const fit = { ...context(), profile: teaching };
      fit.signal.throwIfAborted();
      const fitted = fits.get(config) ?? await router.fit(
        {
          ...columnsOf(split.train, known),
          validation: columnsOf(split.validation, known, true),
        },
        router.grid[config],
        refits ? { ...fit, grid: router.grid } : fit,
      );
      fits.set(config, fitted);
      for (const [at, profile] of profiles.entries()) {
        sums[at][w] += await routed(router, fitted, profile, refits ? undefined : ways[w], split);
      }
    }
  }
  return sizes.map((n, at) => {
    const trials = Array.from(sums[at], (sum) => Number.isNaN(sum) ? null : sum / GROUPS);
    return {
      n,
      way: argmax(trials.map((trial) => trial ?? -Infinity), refits ? tuned : 0),
      trials,
    };
  });
}

/** Profile queries that are training rows, in order: validation rows judge what they did not teach. */
function idsThatTeach({ train }: OpenedSplit, profile: readonly string[]): string[] {
  const ids = new Set(train.queries.ids);
  return profile.filter((id) => ids.has(id));
}

/** Some rows, as one batch for all groups: what is nearest to them is searched for once. */
function rowsOf(train: LabelledRows, ids: readonly string[]): LabelledRows {
  const at = new Map(train.queries.ids.map((id, row) => [id, row]));
  const rows = ids.map((id) => at.get(id)!), { targets, ...bare } = train;
  const taken = takeTraining(bare, rows, `plays new/${rows.length}`);
  if (targets === undefined) return taken;
  const every = train.models.map((_, m) => m);
  return { ...taken, targets: cells(targets, every.length, rows, every) };
}

/** Three groups of models, by seed, sizes as equal as can be; each ascending. */
function groupsOf(models: readonly string[], seed: number): string[][] {
  const order = seededOrder(models, (model) => model, seed, "plays new");
  return Array.from(
    { length: GROUPS },
    (_, g) => order.filter((_, i) => i % GROUPS === g).sort(),
  );
}

/** What a fit may see of some of the models. */
function columnsOf(rows: LabelledRows, models: readonly string[], keep = false): TrainingData {
  const all = rows.models, columns = models.map((model) => all.indexOf(model));
  const every = [...rows.queries.ids.keys()];
  const taken = (from: Float64Array): Float64Array => cells(from, all.length, every, columns);
  const costs = taken(rows.costs);
  return forFit({
    ...rows,
    models,
    scores: taken(rows.scores),
    ...(rows.targets && { targets: taken(rows.targets) }),
    ...(rows.plainScores && { plainScores: taken(rows.plainScores) }),
    costs,
    meanCosts: columnMeans(costs, models.length),
    ...(rows.replies && { replies: repliesAt(rows.replies, all.length, every, columns) }),
  }, keep);
}

/** Validation score of a router that took a group in, mean over the pools `all` and `new`; NaN = it refuses. */
async function routed(
  router: Router,
  fitted: FittedRouter,
  profile: TrainingData,
  way: unknown,
  split: OpenedSplit,
): Promise<number> {
  const { validation, train: { meanCosts, models } } = split, M = models.length;
  try {
    const larger = await fitted.withModels!(profile, way);
    const predictions = await larger.predict(split.validationFor(router));
    if ("mixtures" in predictions) return NaN;
    const known = Float64Array.from(fitted.models, (model) => meanCosts[models.indexOf(model)]);
    const pool = {
      models: larger.models,
      meanCosts: extendPool(fitted.models, profile).merge(known, profile.meanCosts),
    };
    const column = larger.models.map((model) => models.indexOf(model));
    let sum = 0;
    for (const within of [larger.models, profile.models]) {
      const choice = decideWithin(predictions, pool, within);
      sum += meanOfChosen(validation.scores, M, choice.map((m) => column[m])) / 2;
    }
    return sum;
  } catch (error) {
    if (error instanceof CapabilityError) return NaN;
    throw error;
  }
}
