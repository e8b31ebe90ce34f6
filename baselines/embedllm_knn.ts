/**
 * EmbedLLM's own kNN: a model's predicted score is its mean score on the 131 nearest training queries.
 *
 * k is the paper's, found on the validation set of its own data, and is not
 * tuned here: the row to read beside EmbedLLM's factorisation. The kNN whose k is tuned is
 * `knn.ts`, of which this is one setting.
 */
import type { Router } from "../src/router/mod.ts";
import knn, { type Config } from "./knn.ts";

/** The router. */
const router: Router<Config> = {
  name: "kNN (EmbedLLM, k = 131)",
  summary: "mean score on the 131 nearest training queries, k not tuned",
  source: "EmbedLLM (arXiv 2410.02223, ICLR 2025), kNN of its released code",
  statement: "predicts the share of right answers among the neighbours, where the released code " +
    "takes their majority; by cosine, the same order as its Euclidean distance for vectors of length 1; " +
    "embedder ≠ all-mpnet-base-v2.",
  grid: [{ k: 131, weights: "uniform" }],
  unseen: knn.unseen,
  fit: knn.fit,
};
export default router;
