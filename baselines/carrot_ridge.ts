/**
 * CARROT with regression heads: a ridge regression of score and one of cost for every model, plugged into
 * the decision rule.
 *
 *   ŝ(x,m) = W_s x,  ĉ(x,m) = max(0, W_c x)
 *
 * At λ = 0 that is ridge. A new model is one more column of both heads, fitted on its labelled rows.
 */
import type { Router } from "../src/router/mod.ts";
import { plugIn } from "./_plug_in.ts";
import ridge, { type Config, type FewLabels } from "./ridge.ts";

/** The router. */
const router: Router<Config, FewLabels> = {
  name: "CARROT (ridge heads)",
  summary:
    "ridge regressions of score and cost on the query embedding, plugged into the decision rule",
  source: "CARROT (arXiv 2502.03261), regression heads",
  statement: "λ weighs quality against costs scaled to [0, 1] over the pool, not against raw " +
    "dollars; its RoBERTa heads are replaced by ridge on the frozen embedding, one penalty for both, " +
    "and the cost head predicts dollars, not output tokens.",
  needs: ["cost"],
  grid: ridge.grid,
  unseen: "fit-new-vector",
  unseenGrid: ridge.unseenGrid,
  fit: (train, config, context) => plugIn((cells) => ridge.fit(cells, config, context), train),
};
export default router;
