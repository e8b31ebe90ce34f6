/**
 * The job of a sequential router on one split: tunes it on validation rows, refits it, and lets it act in the
 * episodes of the test rows. As in `job.ts` nothing here holds a test score; costs and replies of test
 * rows are handed out by the episodes, visit by visit.
 * @module
 */
import type { FittedSequential, SequentialRouter } from "../router/sequential.ts";
import { type EpisodeRows, type Paths, playEpisodes } from "../router/episodes.ts";
import type { OpenedSplit } from "./open_split.ts";
import {
  finalFits,
  fitContext,
  interleave,
  type JobOptions,
  type JobOutcome,
  whyNot,
} from "./job.ts";
import type { Column } from "./curve.ts";
import { meanOfChosen, tuneBy, type Tuning } from "./tune.ts";
import { type CurvePoint, paidOnPaths, sampleMean } from "../metrics/mod.ts";

/** Runs a sequential router on an opened split. */
export async function runSequentialJob(
  id: string,
  router: SequentialRouter,
  split: OpenedSplit,
  options: JobOptions,
): Promise<JobOutcome> {
  const reason = whyNot(router, split.all, split);
  if (reason) return { status: "not applicable", reason };
  const test = split.episodesFor(router, "test");
  const tuning = await tuned(id, router, split, options);
  const fitted = finalFits<FittedSequential>(id, router, split, options);
  const headline = await fitted(tuning.score);
  const columns: Column[] = [{ kind: "headline" }];
  const paths = [await playEpisodes(headline, test, router.horizon)];
  if (router.grid.length > 1) {
    columns.push({ kind: "default" });
    paths.push(await playEpisodes(await fitted(0), test, router.horizon));
  }
  if (split.priced) {
    const byArea = await fitted(tuning.area ?? tuning.score);
    columns.push(...settingsOf(byArea).map((at): Column => ({ kind: "curve", at: at ?? 0 })));
    paths.push(...await curve(byArea, test, router.horizon));
  }
  const { horizon } = paths[0];
  return {
    status: "decided",
    columns,
    choice: interleave(paths.map(({ choice }) => choice)),
    paths: { visited: interleave(paths.map(({ visited }) => visited), horizon), horizon },
    models: headline.models,
    tuning,
    card: { notes: [], ...headline.describe() },
  };
}

function tuned(
  id: string,
  router: SequentialRouter,
  split: OpenedSplit,
  options: JobOptions,
): Promise<Tuning> {
  const { scores, costs, models } = split.validation, M = models.length;
  const rows = split.episodesFor(router, "validation");
  const context = () => fitContext("tune", id, split, options);
  return tuneBy(router, split, context, async (train, config, fit) => {
    const fitted = await router.fit(train, config, fit);
    const quality = ({ choice }: Paths): number => meanOfChosen(scores, M, choice);
    const score = quality(await playEpisodes(fitted, rows, router.horizon));
    if (!split.priced) return { score };
    const points = (await curve(fitted, rows, router.horizon)).map((paths): CurvePoint => ({
      cost: sampleMean(paidOnPaths(costs, M, paths)),
      quality: quality(paths),
    }));
    return { score, curve: points };
  });
}

/** Paths at every setting of the dial. */
async function curve(
  fitted: FittedSequential,
  rows: EpisodeRows,
  horizon: number,
): Promise<Paths[]> {
  const all: Paths[] = [];
  for (const setting of settingsOf(fitted)) {
    all.push(await playEpisodes(fitted, rows, horizon, setting));
  }
  return all;
}

/** The dial's; without one the headline is the whole curve. */
function settingsOf({ dial }: FittedSequential): readonly (number | undefined)[] {
  return dial?.values ?? [undefined];
}
