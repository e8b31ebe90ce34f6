/**
 * All figures that a set of results allows.
 * @module
 */
import { isNewModel, type Result } from "../../results/result.ts";
import type { SpeedSheet } from "../tables/print.ts";
import { budgetFigure } from "./budget.ts";
import { calibrationFigure, type Predicted } from "./calibration.ts";
import { episodesFigure } from "./episodes.ts";
import type { EpisodeReport } from "../../results/episode_file.ts";
import type { Figure } from "./figure.ts";
import { frontierFigure } from "./frontier.ts";
import { gapFigure } from "./gap.ts";
import { ranksFigure } from "./ranks.ts";
import { regretFigure } from "./regret.ts";
import type { Selection } from "./rows.ts";
import { routingFigure } from "./routing.ts";
import { type Pair, slopeFigure } from "./slope.ts";
import { speedFigure } from "./speed.ts";

/** A result with what stands beside it. */
export interface Source {
  /** The result. */
  readonly result: Result;
  /** Its speed sheet, if there is one. */
  readonly speed?: SpeedSheet;
  /** Entries of its decision file, for calibration. */
  readonly decisions?: readonly Predicted[];
  /** What its routers did that read replies. */
  readonly episodes?: EpisodeReport;
}

/**
 * Every figure of one result.
 * @param selection rows in colour, in place of each figure's own choice
 */
export function figuresOf(
  { result, speed, decisions, episodes }: Source,
  selection: Selection = {},
): Figure[] {
  if (isNewModel(result.evaluation)) {
    return [
      budgetFigure(result, selection),
      budgetFigure(result, { ...selection, pool: "new" }),
    ].filter((f) => f !== undefined);
  }
  return [
    frontierFigure(result, selection),
    gapFigure(result),
    routingFigure(result),
    episodes && episodesFigure(result, episodes),
    regretFigure(result, selection),
    decisions && calibrationFigure(result, decisions),
    speed && speedFigure(result, speed, selection),
  ].filter((f) => f !== undefined);
}

/** Figures that set results side by side: ID against OOD, and ranks over datasets. */
export function figuresAcross(results: readonly Result[], selection: Selection = {}): Figure[] {
  const id = plain(results).filter((r) => r.protocol.name === "id");
  const [most = []] = [...Map.groupBy(id, (r) => r.embedding.name).values()]
    .sort((a, b) => b.length - a.length);
  return [
    slopeFigure(pairsOf(results), selection),
    ranksFigure(unrepeated(most, (r) => r)),
  ].filter((f) => f !== undefined);
}

/**
 * ID and OOD of the same dataset view with the same embedding, each dataset once; the seeds of OOD are those of ID or some
 * of them: either side is a difference to best single of its own splits.
 */
export function pairsOf(results: readonly Result[]): Pair[] {
  const own = plain(results);
  const pairs = own.filter((r) => r.protocol.name === "id").flatMap((id): Pair[] => {
    const [ood] = own.filter((o) => o.protocol.name === "ood" && setUp(o) === setUp(id))
      .filter((o) => o.protocol.seeds.every((seed) => id.protocol.seeds.includes(seed)))
      .toSorted((a, b) => b.protocol.seeds.length - a.protocol.seeds.length);
    return ood ? [{ id, ood }] : [];
  });
  return unrepeated(pairs, (pair) => pair.id);
}

function setUp({ dataset, embedding }: Result): string {
  return `${dataset.name} ${embedding.name}`;
}

/** Results without a control, those with most rows first. */
function plain(results: readonly Result[]): Result[] {
  return results.filter((r) => r.protocol.control === "none")
    .toSorted((a, b) => b.routers.length - a.routers.length);
}

/**
 * Every recorded dataset once, by name: no priced view where the plain one is there too (it has the same scores),
 * no synthetic data among recorded ones.
 */
function unrepeated<T>(items: readonly T[], of: (item: T) => Result): T[] {
  const known = (item: T): Result["dataset"] => of(item).dataset;
  const manifest = (item: T): string => known(item).name.split("/")[0];
  const isPriced = (item: T): boolean => /[/-]priced$/.test(known(item).name);
  const plainOnes = new Set(items.filter((item) => !isPriced(item)).map(manifest));
  const kept = items.filter((item) =>
    !(isPriced(item) && plainOnes.has(manifest(item))) &&
    !(known(item).synthetic && items.some((other) => !known(other).synthetic))
  );
  return [...Map.groupBy(kept, (item) => known(item).name).values()].map(([first]) => first)
    .sort((a, b) => known(a).name < known(b).name ? -1 : 1);
}
