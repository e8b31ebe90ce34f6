/**
 * Figures of runs, which show themselves.
 * @module
 */
import { UsageError } from "../base/errors.ts";
import { figuresAcross, figuresOf, pairsOf } from "../report/figures/all.ts";
import { budgetFigure, type BudgetSelection } from "../report/figures/budget.ts";
import type { Figure } from "../report/figures/figure.ts";
import { frontierFigure } from "../report/figures/frontier.ts";
import { gapFigure } from "../report/figures/gap.ts";
import { ranksFigure } from "../report/figures/ranks.ts";
import type { Selection } from "../report/figures/rows.ts";
import { slopeFigure } from "../report/figures/slope.ts";
import type { Run } from "./run.ts";
import { ShownFigure } from "./shown.ts";

/**
 * What a dollar buys: score against cost of every router, with single models, coin flips between them, and the oracle.
 * @throws {UsageError} where some query has no known cost
 *
 * @example
 * ```ts
 * import { bench, frontier, openPool } from "icl-router-bench";
 * const run = await bench(await openPool("demo"), { routers: ["knn", "ridge"], seeds: 1 });
 * console.log(frontier(run).title); // What a dollar buys: accuracy-cost frontier
 * ```
 */
export function frontier(run: Run, selection: Selection = {}): ShownFigure {
  return shown(frontierFigure(run.result, selection), `${run.result.dataset.name} has no costs`);
}

/**
 * Share of the way from best single to oracle that every router goes, with intervals.
 *
 * @example
 * ```ts
 * import { gap, openRun } from "icl-router-bench";
 * gap(await openRun("results/demo@1/id.static.json"));
 * ```
 */
export function gap(run: Run): ShownFigure {
  return shown(gapFigure(run.result));
}

/**
 * From ID to OOD: one line a router, mean over the datasets of which both runs are there.
 *
 * @example
 * ```ts
 * import { openRuns, slope } from "icl-router-bench";
 * slope(await openRuns("results/demo@1"));
 * ```
 */
export function slope(runs: readonly Run[], selection: Selection = {}): ShownFigure {
  return shown(
    slopeFigure(pairsOf(results(runs)), selection),
    "a slope needs id and ood runs of the same pool",
  );
}

/**
 * Mean ranks over datasets, with the distance that tells two routers apart.
 *
 * @example
 * ```ts
 * import { openRuns, ranks } from "icl-router-bench";
 * ranks(await openRuns("results", (name) => /^[a-z-]+@1\/id\.static\.json$/.test(name)));
 * ```
 */
export function ranks(runs: readonly Run[]): ShownFigure {
  return shown(ranksFigure(results(runs)), "ranks need three runs with the same routers");
}

/**
 * Score by the number of labelled queries of a new model; of `new-model` runs.
 *
 * @example
 * ```ts
 * import { budgets, openRun } from "icl-router-bench";
 * budgets(await openRun("results/demo@1/new-model.static.json"));
 * ```
 */
export function budgets(run: Run, selection: BudgetSelection = {}): ShownFigure {
  return shown(budgetFigure(run.result, selection), "this run is not of the new-model protocol");
}

/**
 * Every figure that some runs allow.
 *
 * @example
 * ```ts
 * import { figures, openRun } from "icl-router-bench";
 * for (const { id } of figures(await openRun("results/demo@1/id.static.json"))) console.log(id);
 * ```
 */
export function figures(runs: Run | readonly Run[]): ShownFigure[] {
  const all = "length" in runs ? runs : [runs];
  return [
    ...all.flatMap((run) => figuresOf(run)),
    ...all.length > 1 ? figuresAcross(results(all)) : [],
  ].map((figure) => new ShownFigure(figure));
}

function results(runs: readonly Run[]): Run["result"][] {
  return runs.map((run) => run.result);
}

function shown(figure: Figure | undefined, otherwise = "nothing to draw"): ShownFigure {
  if (figure) return new ShownFigure(figure);
  throw new UsageError(otherwise);
}
