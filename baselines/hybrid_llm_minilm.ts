/**
 * HybridLLM with an encoder that is trained whole: MiniLM in DeBERTa's place. Labels, pair, dial and headline are
 * those of `hybrid_llm.ts`, whose classifier reads a frozen vector.
 *
 *   1 − p(x) = σ(−(w · E(x) + b)),   E(x) = mean state of MiniLM behind its last block
 */
import { inSteps, type StepTraining } from "./_encoder_training.ts";
import type { FitContext, QueryBatch, Router, TrainingData } from "../src/router/mod.ts";
import { byId, onceFor } from "../src/router/mod.ts";
import {
  binaryCrossEntropy,
  type Bound,
  linear,
  type Tensor,
  trainNetwork,
  values,
  zeros,
} from "../src/nn/mod.ts";
import { TrainedEncoder, type TrainedEncoderOptions } from "../src/lm/trained_encoder.ts";
import { type Config, GRID, hybrid, type Judge } from "./hybrid_llm.ts";

/** How the classifier is trained. */
export interface Training extends TrainedEncoderOptions, StepTraining {}

const TRAINING: Training = { tokens: 64, keep: "first", batch: 16, steps: 250, rate: 1e-4 };
/** Training rows on which shares of calls are measured. */
const KNOWN_ROWS = 1000;
/** Deviation of the weights behind the encoder, as BERT starts its own. */
const DEVIATION = 0.02;

/**
 * HybridLLM on an encoder of the store.
 * @param id of the encoder, as `deno task lm list` has it
 */
export function hybridOn(id: string, training: Training): Pick<Router<Config>, "weights" | "fit"> {
  return {
    weights: id,
    fit: hybrid((train, labels, context) => judge(id, training, train, labels, context)),
  };
}

async function judge(
  id: string,
  training: Training,
  { queries }: TrainingData,
  labels: Float64Array,
  context: FitContext,
): Promise<Judge> {
  const encoder = await TrainedEncoder.open(id, training), { parameters, width } = encoder;
  const draw = context.random.fork("out");
  const start = Float32Array.from({ length: width }, () => DEVIATION * draw.normal());
  parameters.add("out", [width, 1], values(start));
  parameters.add("out bias", [1], zeros);
  const examples = byId(queries).filter((i) => !Number.isNaN(labels[i]));
  const label = Float32Array.from(labels);
  await trainNetwork({
    parameters,
    ...inSteps(training, examples),
    examples,
    random: context.random.fork("training"),
    loss: (graph, parameter, { size, take }) =>
      binaryCrossEntropy(
        logits(parameter, encoder.vectors(graph, parameter, size)),
        take(label, 1),
      ),
    feed: (rows) => encoder.feed(encoder.cut(Array.from(rows, (i) => queries.texts[i]))),
  }, context);
  const read = encoder.reader(logits);
  const strengthOf = async (texts: readonly string[]): Promise<Float64Array> =>
    (await read(texts)).map((logit) => 1 / (1 + Math.exp(logit)));
  // The dial asks for the same queries again and again.
  const known = onceFor<Promise<Float64Array>>();
  const strength = ({ texts }: QueryBatch): Promise<Float64Array> =>
    known(texts, () => strengthOf(texts));
  const order = byId(queries), every = Math.ceil(order.length / KNOWN_ROWS);
  const some = order.filter((_, n) => n % every === 0);
  return {
    strength,
    onTraining: await strengthOf(Array.from(some, (i) => queries.texts[i])),
    parameters: parameters.count,
    notes: [`weights ${id} ${encoder.sha256.slice(0, 12)}`],
  };
}

/** Logits of p [B × 1] from vectors. */
function logits(parameter: Bound, x: Tensor): Tensor {
  return linear(x, parameter("out"), parameter("out bias"));
}

/** The router. */
const router: Router<Config> = {
  name: "HybridLLM (MiniLM)",
  summary:
    "the cheapest model where an encoder, trained whole, predicts it to do as well as the best single one",
  source: "HybridLLM (arXiv 2404.14618, ICLR 2024)",
  statement:
    "small = cheapest, large = best single model of the training rows; all-MiniLM-L6-v2 in place of DeBERTa, the " +
    "mean of its states, the first 64 tokens of a text; 250 steps of 16 queries, no dropout, no checkpoint selected; " +
    "labels from one reply a model; the headline's share of large calls is tuned on validation rows, and measured on " +
    "at most 1,000 training rows.",
  needs: ["cost"],
  effort: "minutes",
  grid: GRID,
  scale: "rank",
  ...hybridOn("minilm", TRAINING),
};
export default router;
