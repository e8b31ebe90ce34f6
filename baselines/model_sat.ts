/**
 * Model-SAT: a model is described by the report of an aptitude test, its accuracy per category of probe
 * queries, and a network reads query and report and says whether this model will solve this query.
 *
 *   y(m,x) = v · relu(W [e; q; e ⊙ q] + b),   e = A a_m,   q = B φ(x);   P(Yes) = σ(y)
 *
 * a_m ∈ [0,1]^C is the report. The paper writes it as text and has a language model answer Yes or No.
 * Categories are the benchmarks (50 subjects of MMLU in the paper), with 20 probe queries each: those of
 * which about half the pool is solved, the same for all models, none of them trained on.
 *
 * The paper's loss takes one model at a time, a query it solved (0) and k − 1 it failed (1 … k − 1):
 *
 *   L = −ln( e^{y₀} / Σ_j e^{y_j} )
 *
 * It contrasts queries for a model where routing compares models for a query: adding to y what depends on
 * the model alone leaves L as it is. The pointwise loss of a later port, binary cross-entropy of y, does not
 * have this gap; both are in the grid.
 */
import type { FitContext, FittedRouter, Router, TrainingData } from "../src/router/mod.ts";
import { byId, columnMeans, extendPool, fillMissing, masked } from "../src/router/mod.ts";
import {
  add,
  binaryCrossEntropy,
  crossEntropy,
  linear,
  lookup,
  matmul,
  mul,
  relu,
  reshape,
  scale,
} from "../src/nn/mod.ts";
import {
  type Batch,
  Blocks,
  type Graph,
  normal,
  Parameters,
  type RowNetwork,
  type Tensor,
  trainNetwork,
  type TrainOptions,
  values,
  zeros,
} from "../src/nn/mod.ts";
import { type AptitudeTest, aptitudeTest, learnable } from "./_aptitude.ts";
import { drawGroups } from "./_groups.ts";

/** One configuration of the grid. */
export interface Config {
  /** Groups of queries of one model, as in the paper, or cell by cell. */
  readonly loss: "group" | "pointwise";
  /** Queries of a group, k; 1 for the pointwise loss. */
  readonly size: number;
}

/** Width of e, q and the hidden layer; groups of one step. */
const WIDTH = 32, GROUPS = 512;
const BATCH = 128, TRAINING = { epochs: 15, rate: 3e-3 };

/** The router. */
const router: Router<Config> = {
  name: "Model-SAT (vector)",
  summary: "a network reads the query and a model's accuracy per category of probe queries",
  source: "Model-SAT (arXiv 2502.17282, AAAI 2025); pointwise loss after LLMRouterBench's port",
  statement:
    "the textual aptitude report and the language model are replaced by the numeric profile and a small " +
    "network (width 32, 15 epochs); loss as in the paper or pointwise (tuned); trained on the former, " +
    "scores of different models are not on one scale.",
  effort: "seconds",
  grid: [
    { loss: "group", size: 4 },
    { loss: "group", size: 32 },
    { loss: "pointwise", size: 1 },
  ],
  unseen: "zero-update",
  unseenGrid: [{}], // a report is a report: there is nothing to choose
  scale: "rank",
  async fit(train, config, context) {
    const test = await aptitudeTest(train, context), reports = test.reports(train);
    // A model without probe answers is described by all its answers.
    const overall = columnMeans(train.scores, train.models.length);
    const described = fillMissing(reports, overall);
    const parameters = await trained(train, described, test, config, context);
    return reading(train.models, described, parameters, test);
  },
};
export default router;

/** y of every query and model, [B × M]; the three parts of W are matrices of their own. */
const network: RowNetwork = (_, parameter, x) => {
  const [B, D] = x.shape, M = parameter("reports").shape[1];
  // Coordinates of a unit vector are brought to order 1, as accuracies are.
  const q = linear(scale(x, Math.sqrt(D)), parameter("B"));
  const e = matmul(parameter("reports"), parameter("A"), { transposeA: true });
  const both = mul(reshape(q, [B, 1, WIDTH]), reshape(e, [1, M, WIDTH]));
  const ofQuery = reshape(linear(q, parameter("W query")), [B, 1, WIDTH]);
  const ofReport = reshape(linear(e, parameter("W report"), parameter("b")), [1, M, WIDTH]);
  const hidden = relu(add(add(linear(both, parameter("W both")), ofQuery), ofReport));
  return reshape(linear(hidden, parameter("v"), parameter("c")), [B, M]);
};

async function trained(
  train: TrainingData,
  reports: Float64Array,
  test: AptitudeTest,
  config: Config,
  context: FitContext,
): Promise<Parameters> {
  const { queries: { vectors: { data, width: D } }, models: { length: M } } = train;
  const examples = learnable(train, test);
  const C = reports.length / M, parameters = new Parameters(context.random);
  parameters.add("reports", [C, M], values(reports.map((accuracy) => accuracy || 0)));
  parameters.add("A", [C, WIDTH], normal(1 / Math.sqrt(C)));
  parameters.add("B", [D, WIDTH], normal(1 / Math.sqrt(D)));
  for (const part of ["W report", "W query", "W both"]) {
    parameters.add(part, [WIDTH, WIDTH], normal(1 / Math.sqrt(3 * WIDTH)));
  }
  parameters.add("b", [WIDTH], zeros);
  parameters.add("v", [WIDTH, 1], normal(1 / Math.sqrt(WIDTH)));
  parameters.add("c", [1], zeros);
  const { loss, feed } = config.loss === "group"
    ? groupLoss(train, config.size)
    : pointwiseLoss(train);
  await trainNetwork({
    ...TRAINING,
    parameters,
    examples,
    batch: BATCH,
    frozen: (name) => name === "reports",
    random: context.random.fork("training"),
    loss: (graph, parameter, batch) =>
      loss(graph, network(graph, parameter, batch.take(data, D)), batch),
    feed,
  }, context);
  return parameters;
}

/** A loss of y [B × M], and what its graph is fed. */
interface Loss {
  readonly loss: (graph: Graph, y: Tensor, batch: Batch) => Tensor;
  readonly feed?: TrainOptions["feed"];
}

/** The paper's loss on groups drawn within the batch, models in proportion to what they solved there. */
function groupLoss({ models, scores, solvedFrom }: TrainingData, k: number): Loss {
  const M = models.length;
  const order = byId({ ids: models });
  return {
    loss(graph, y) {
      const cells = graph.input("cells", [GROUPS, k], { type: "int64" });
      const first = graph.input("first", [GROUPS, 1], { type: "int64" });
      const groups = lookup(reshape(y, [y.shape[0] * M, 1]), cells);
      return crossEntropy(reshape(groups, [GROUPS, k]), first);
    },
    feed(batch, draw) {
      const solved: number[] = [], failed: number[][] = Array.from({ length: M }, () => []);
      batch.forEach((i, b) => {
        for (const m of order) {
          const score = scores[i * M + m];
          if (score >= solvedFrom[i]) solved.push(b * M + m);
          else if (!Number.isNaN(score)) failed[m].push(b * M + m);
        }
      });
      const outcomes = { solved, failedOf: (cell: number) => failed[cell % M] };
      const cells = drawGroups(outcomes, GROUPS, k, draw);
      return { cells, first: new BigInt64Array(GROUPS) };
    },
  };
}

/** Binary cross-entropy of all known cells. */
function pointwiseLoss({ models: { length: M }, scores }: TrainingData): Loss {
  const { labels, weights } = masked(scores);
  return { loss: (_, y, { take }) => binaryCrossEntropy(y, take(labels, M), take(weights, M)) };
}

/** @param reports accuracies per category [C × M], NaN for a model without a report */
function reading(
  models: readonly string[],
  reports: Float64Array,
  parameters: Parameters,
  test: AptitudeTest,
): FittedRouter {
  const M = models.length, data = reports.map((accuracy) => accuracy || 0);
  const described = parameters.copy({ reports: { shape: [reports.length / M, M], data } });
  const blocks = new Blocks(described, network);
  return {
    models,
    async predict({ vectors }) {
      const y = await blocks.apply(vectors);
      const quality = y.map((y, at) =>
        Number.isNaN(reports[at % M]) ? NaN : 1 / (1 + Math.exp(-y))
      );
      return { quality };
    },
    withModels(profiles) {
      const fresh = test.newReports(profiles), pool = extendPool(models, profiles);
      return reading(pool.models, pool.merge(reports, fresh), parameters, test);
    },
    describe: () => ({
      parameters: parameters.count,
      notes: [`${test.probes.size} probe queries in ${reports.length / M} categories`],
    }),
  };
}
