/**
 * All figures that a set of results allows.
 * @module
 */
import { isNewModel, type Result } from "../../results/result.ts";
import type { SpeedSheet } from "../print.ts";
import { budgetFigure } from "./budget.ts";
import { calibrationFigure, type Predicted } from "./calibration.ts";
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
}

/**
 * Every figure of one result.
 * @param selection rows in colour, in place of each figure's own choice
 */
export function figuresOf(
  { result, speed, decisions }: Source,
  selection: Selection = {},
): Figure[] {
  if (isNewModel(result.evaluation)) {
    return [
      budgetFigure(result, selection),
      budgetFigure(result, { ...selection, pool: "new" }),
    ];
  }
  return [
    frontierFigure(result, selection),
    gapFigure(result),
    routingFigure(result),
    regretFigure(result, selection),
    decisions && calibrationFigure(result, decisions),
    speed && speedFigure(result, speed, selection),
  ].filter((f) => f !== undefined);
}

/** Figures that set results side by side: ID against OOD, and ranks over datasets. */
export function figuresAcross(results: readonly Result[], selection: Selection = {}): Figure[] {
  const pairs = pairsOf(results);
  const id = plain(results, "id");
  return [
    ...(pairs.length > 0 ? [slopeFigure(pairs, selection)] : []),
    ...(id.length > 1 ? [ranksFigure(id)] : []),
  ];
}

/** ID and OOD of the same dataset view with the same embedding, seeds and no control. */
export function pairsOf(results: readonly Result[]): Pair[] {
  const ood = plain(results, "ood");
  return plain(results, "id").flatMap((id) => {
    const other = ood.find((o) =>
      o.dataset.name === id.dataset.name && o.embedding.name === id.embedding.name
    );
    return other ? [{ id, ood: other }] : [];
  });
}

/** Results of a protocol as run by default, one a dataset: priced views repeat the plain one's scores. */
function plain(results: readonly Result[], protocol: string): Result[] {
  const own = results.filter((r) => r.protocol.name === protocol && r.protocol.control === "none")
    .toSorted((a, b) =>
      Number(isPriced(a)) - Number(isPriced(b)) || b.routers.length - a.routers.length
    );
  return [...Map.groupBy(own, stemOf).values()].map(([first]) => first)
    .toSorted((a, b) => a.dataset.name < b.dataset.name ? -1 : 1);
}

function isPriced({ dataset }: Result): boolean {
  return /[/-]priced$/.test(dataset.name);
}

/** A dataset's name without what makes a view of it a priced one. */
function stemOf({ dataset }: Result): string {
  return dataset.name.replace(/[/-]priced$/, "").replace(/\/all$/, "");
}
