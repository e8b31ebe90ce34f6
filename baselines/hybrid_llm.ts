/**
 * HybridLLM: does the small model do? A classifier on the query decides between two models.
 *
 *   p(x) = P(small is good enough),   small if p(x) ≥ threshold, else large
 *
 * Small is the cheapest model, large the best single one. With the quality gap H = s_small − s_large, good
 * enough means H ≥ 0 (`deterministic`) or H ≥ −t (`transformed`: the small model may be worse by t). Of t = 0, .02,
 * … .98 the one is taken at which two labels differ most often, largest 2p̂(1 − p̂), where p̂ is the share of good
 * enough. A network with one hidden layer learns p from the labels.
 *
 * p says where nothing is lost, ties included, not who is better: by its own measure the method can only lose
 * quality, and "quality only" would be the large model alone. The curve starts there and sends fewer and
 * fewer queries to it (`_two_models.ts`, where strength = 1 − p). The headline is a point of the curve, by the
 * share of training queries that go to the large model: a configuration, chosen on validation rows.
 */
import type { FitContext, QueryBatch, Router, TrainingData } from "../src/router/mod.ts";
import { byId, columnMeans, onceFor, TIE } from "../src/router/mod.ts";
import type { Matrix } from "../src/linalg/mod.ts";
import { binaryCrossEntropy, gelu, linear } from "../src/nn/mod.ts";
import {
  Blocks,
  type Bound,
  normal,
  Parameters,
  type Tensor,
  trainNetwork,
  zeros,
} from "../src/nn/mod.ts";
import { type Drop, keep, withDropout } from "./_dropout.ts";
import { betweenTwo, type Pair, pairOf } from "./_two_models.ts";

/** One configuration of the grid. */
export interface Config {
  /** When the small model counts as good enough. */
  readonly labels: "deterministic" | "transformed";
  /** Share of the training queries that the headline sends to the large model. */
  readonly calls: number;
}

const HIDDEN = 100, DROPOUT = 0.1;
const TRAINING = { batch: 128, epochs: 15, rate: 5e-3 };
/** Allowances t to choose from: 0, .02, … .98. */
const ALLOWANCES = Array.from({ length: 50 }, (_, i) => i / 50);

/** Both kinds of labels, with headlines from the large model alone down to half of the calls. */
export const GRID: readonly Config[] = [1, 0.95, 0.9, 0.8, 0.7, 0.5].flatMap((calls): Config[] => [
  { labels: "deterministic", calls },
  { labels: "transformed", calls },
]);

/** The router. */
const router: Router<Config> = {
  name: "HybridLLM (MLP)",
  summary: "the cheapest model where it is predicted to do as well as the best single one",
  source: "HybridLLM (arXiv 2404.14618, ICLR 2024)",
  statement:
    "small = cheapest, large = best single model of the training rows; a network with 100 " +
    "hidden units on a frozen embedding instead of DeBERTa; labels from one reply a model; the headline's " +
    "share of large calls is tuned on validation rows.",
  needs: ["cost"],
  effort: "seconds",
  grid: GRID,
  scale: "rank",
  fit: hybrid(judge),
};
export default router;

/**
 * The method around a classifier.
 * @param judge learns p from labels, NaN where there is none
 */
export function hybrid(
  judge: (train: TrainingData, labels: Float64Array, context: FitContext) => Promise<Judge>,
): Router<Config>["fit"] {
  // Headlines that differ only in their calls share a network, which depends on the outcomes and the seed.
  const networks = onceFor<Promise<Judge>>();
  return async (train, { labels, calls }, context) => {
    const { models, scores } = train, pair = pairOf(train), gap = gaps(train, pair);
    const t = labels === "transformed" ? allowance(gap) : 0;
    const key = [context.stage, context.seed, pair.weak, pair.strong, t].join();
    const judging = networks(scores, () => judge(train, goodEnough(gap, t), context), key);
    const { strength, onTraining, parameters, notes = [] } = await judging;
    const share = Math.round(100 * calls);
    return betweenTwo({
      models,
      pair,
      strength,
      known: onTraining,
      least: 0,
      headline: calls,
      parameters,
      notes: [`t = ${t}`, `headline: ${share}% of the training queries to large`, ...notes],
    });
  };
}

/** H of every training query; NaN where one of the two scores is missing. */
function gaps({ models, scores, queries }: TrainingData, { weak, strong }: Pair): Float64Array {
  const M = models.length;
  return Float64Array.from(queries.ids, (_, i) => scores[i * M + weak] - scores[i * M + strong]);
}

/** 1[H ≥ −t]; NaN where H is unknown. */
export function goodEnough(gap: Float64Array, t: number): Float64Array {
  return gap.map((H) => Number.isNaN(H) ? NaN : Number(H >= -t - TIE));
}

/** The t whose labels differ most, the smallest of equals. */
export function allowance(gap: Float64Array): number {
  const spread = (t: number): number => {
    const [share] = columnMeans(goodEnough(gap, t), 1);
    return 2 * share * (1 - share);
  };
  return ALLOWANCES.reduce((best, t) => spread(t) > spread(best) + TIE ? t : best, 0);
}

/** A trained classifier. */
export interface Judge {
  /** 1 − p of every query. */
  readonly strength: (queries: QueryBatch) => Promise<Float64Array>;
  /** The same of training queries. */
  readonly onTraining: Float64Array;
  /** Learned numbers. */
  readonly parameters: number;
  /** For the router card. */
  readonly notes?: readonly string[];
}

/** Learns p from labels, NaN where there is none. */
async function judge(
  { queries }: TrainingData,
  labels: Float64Array,
  context: FitContext,
): Promise<Judge> {
  const { random } = context, D = queries.vectors.width;
  const parameters = new Parameters(random);
  parameters.add("hidden", [D, HIDDEN], normal(1)); // φ has length 1
  parameters.add("hidden bias", [HIDDEN], zeros);
  parameters.add("out", [HIDDEN, 1], zeros); // before the first label p is ½ everywhere
  parameters.add("out bias", [1], zeros);
  const label = Float32Array.from(labels);
  await trainNetwork({
    ...TRAINING,
    parameters,
    examples: byId(queries).filter((i) => !Number.isNaN(labels[i])),
    random: random.fork("training"),
    ...withDropout(DROPOUT, (drop, parameter, { take }) => {
      const logits = network(parameter, take(queries.vectors.data, D), drop);
      return binaryCrossEntropy(logits, take(label, 1));
    }),
  }, context);
  const logits = new Blocks(parameters, (_, parameter, x) => network(parameter, x));
  const strengthOf = async (vectors: Matrix): Promise<Float64Array> =>
    (await logits.apply(vectors)).map((logit) => 1 / (1 + Math.exp(logit)));
  return {
    strength: ({ vectors }) => strengthOf(vectors),
    onTraining: await strengthOf(queries.vectors),
    parameters: parameters.count,
  };
}

/** Logits of p [B × 1]. */
function network(parameter: Bound, x: Tensor, drop: Drop = keep): Tensor {
  const hidden = gelu(linear(x, parameter("hidden"), parameter("hidden bias")));
  return linear(drop(hidden, "hidden"), parameter("out"), parameter("out bias"));
}
