/**
 * CARROT with kNN heads: the mean score and the mean cost on the k nearest training queries, plugged into
 * the decision rule.
 *
 *   ŝ(x,m) = mean_{j∈N_k(x)} s(j,m),  ĉ(x,m) = mean_{j∈N_k(x)} c(j,m)
 *
 * That is kNN with a cost column. At λ = 0 the two agree; on the curve every query has prices of its own,
 * where kNN knows a model's mean cost only.
 */
import type { Router } from "../src/router/mod.ts";
import { plugIn } from "./_plug_in.ts";
import knn, { type FewLabels } from "./knn.ts";

/** One configuration of the grid. */
export interface Config {
  /** Neighbours that vote, on quality and on cost. */
  readonly k: number;
}

/** The router. */
const router: Router<Config, FewLabels> = {
  name: "CARROT (kNN)",
  summary:
    "mean score and mean cost on the k nearest training queries, plugged into the decision rule",
  source: "CARROT (arXiv 2502.03261), kNN heads",
  statement: "λ weighs quality against costs scaled to [0, 1] over the pool, not against raw " +
    "dollars; kNN heads: one k ≤ 256 for both, by routed validation score instead of R².",
  needs: ["cost"],
  grid: [64, 2, 4, 8, 16, 32, 128, 256].map((k) => ({ k })),
  unseen: "zero-update",
  unseenGrid: knn.unseenGrid!.filter(({ weights }) => weights === "uniform"),
  fit: (train, { k }, context) =>
    plugIn((cells) => knn.fit(cells, { k, weights: "uniform" }, context), train),
};
export default router;
