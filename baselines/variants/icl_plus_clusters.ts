/**
 * Control: ICL-Router+ without the task and benchmark labels of the training queries; k-means clusters
 * stand in for tasks.
 */
import type { Router, TrainingData } from "../../src/router/mod.ts";
import plus, { type Config } from "../icl_router_plus.ts";

/** The router. */
const router: Router<Config> = {
  ...plus,
  name: "ICL-Router+, clusters",
  summary: "control: k-means clusters in place of the task labels of training queries",
  statement:
    "as ICL-Router+, but it sees no task labels; so it cannot tell an unseen benchmark either.",
  fit: (train, config, context) => plus.fit(unlabelled(train), config, context),
};
export default router;

/** One task for all: the reader then makes clusters of its own. */
function unlabelled(train: TrainingData): TrainingData {
  return {
    ...train,
    queries: { ...train.queries, benchmarks: train.queries.ids.map(() => "all") },
    tasks: train.tasks.map(() => "all"),
    validation: train.validation && unlabelled(train.validation),
  };
}
