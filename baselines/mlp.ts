/**
 * MLP: one small network from the query embedding to the scores of all models.
 *
 *   h = GELU(V x + v)   (once or twice),   ŝ(x,m) = σ(w_m · h + b_m)
 *
 * Trained by binary cross-entropy on the scores as soft labels, missing ones left out. It starts at the
 * models' mean scores (w = 0, b = logit of the mean) and learns from there who is better where; how far is
 * settled by the number of epochs, tuned in place of early stopping.
 *
 * A new model is one more output on the frozen hidden layer (`_output_layer.ts`).
 */
import type { Random, Router } from "../src/router/mod.ts";
import { columnMeans, labelledExamples } from "../src/router/mod.ts";
import { binaryCrossEntropy, gelu, linear } from "../src/nn/mod.ts";
import { type Bound, normal, Parameters, type Tensor, trainNetwork, zeros } from "../src/nn/mod.ts";
import { type Drop, keep, withDropout } from "./_dropout.ts";
import { type Spread, SPREADS } from "./_new_vectors.ts";
import { addOutputs, networkRouter, outputs, trainedOutputs } from "./_output_layer.ts";

/** One configuration of the grid. */
export interface Config {
  /** Hidden layers. */
  readonly layers: 1 | 2;
  /** Units of each. */
  readonly hidden: number;
  /** Share of hidden units dropped in training. */
  readonly dropout: number;
  /** Passes over the queries. */
  readonly epochs: number;
}

/** Ten times the usual 0.001, for a fifth of the usual 100 epochs. */
export const TRAINING = { batch: 256, rate: 0.01 };

/** The router. */
const router: Router<Config, Spread> = {
  name: "MLP",
  summary: "a network with one or two hidden layers from the query embedding to all models' scores",
  source: "folklore; the MLP routers of RouterBench (arXiv 2403.12031) and RouterEval",
  statement:
    "GELU; AdamW in batches of 256 at rate 0.01; the number of epochs is tuned in place of early " +
    "stopping; starts at the models' mean scores; costs are not predicted; a new model is one more " +
    "output fitted on the frozen hidden layer.",
  effort: "seconds",
  grid: [
    { layers: 1, hidden: 100, dropout: 0.1, epochs: 20 },
    { layers: 1, hidden: 100, dropout: 0.3, epochs: 30 },
    { layers: 1, hidden: 256, dropout: 0.1, epochs: 10 },
    { layers: 2, hidden: 100, dropout: 0.1, epochs: 20 },
  ],
  unseen: "fit-new-vector",
  unseenGrid: SPREADS,
  async fit(train, config, context) {
    const { queries, models, scores } = train, D = queries.vectors.width, M = models.length;
    const means = columnMeans(scores, M), parameters = starting(D, means, config, context.random);
    const { examples, labels, weights: known } = labelledExamples(train);
    await trainNetwork({
      ...TRAINING,
      parameters,
      examples,
      epochs: config.epochs,
      random: context.random.fork("training"),
      ...withDropout(config.dropout, (drop, parameter, { take }) => {
        const h = hidden(parameter, take(queries.vectors.data, D), drop);
        return binaryCrossEntropy(outputs(parameter, h), take(labels, M), take(known, M));
      }),
    }, context);
    const weights = trainedOutputs(parameters, means);
    return networkRouter("MLP", { models, weights }, parameters, hidden);
  },
};
export default router;

/** Hidden weights at random, for inputs of length 1; outputs that say the mean scores. */
function starting(D: number, means: Float64Array, config: Config, random: Random): Parameters {
  const parameters = new Parameters(random), { layers, hidden: H } = config;
  for (let layer = 1; layer <= layers; layer++) {
    const [width, deviation] = layer === 1 ? [D, 0.3] : [H, 1 / Math.sqrt(H)];
    parameters.add(`V${layer}`, [width, H], normal(deviation));
    parameters.add(`v${layer}`, [H], zeros);
  }
  addOutputs(parameters, H, means);
  return parameters;
}

/** h of a batch, [B × hidden]; `drop` hears the name of every layer. */
export function hidden(parameter: Bound, x: Tensor, drop: Drop = keep): Tensor {
  let h = x;
  for (let layer = 1; parameter.has(`V${layer}`); layer++) {
    h = drop(gelu(linear(h, parameter(`V${layer}`), parameter(`v${layer}`))), `${layer}`);
  }
  return h;
}
