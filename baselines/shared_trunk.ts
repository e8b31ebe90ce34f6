/**
 * Shared trunk: one deep network from the query's embedding to the scores of all models at once, after the routers
 * that read a language model's activations at the end of the prompt.
 *
 *   z = (φ(x) − μ) / σ                      every coordinate standardised on the training queries
 *   h = LN(V z + v),   h ← h + U₂ GELU(U₁ h + u₁) + u₂      the trunk, all models' alike
 *   ŝ(x,m) = σ(w_m · LN(h) + b_m)
 *
 * Where the MLP (`mlp.ts`) is made for short vectors of length 1, this takes vectors of any width and scale: hidden
 * states of a language model have thousands of coordinates, a few of which are far larger than all others. Hence the
 * standardised inputs, normalised layers, a residual block, dropout on the inputs and weight decay. Trained by
 * binary cross-entropy on the scores as soft labels, from the models' mean scores on (w = 0).
 *
 * A new model is one more output on the frozen trunk (`_output_layer.ts`).
 */
import type { QueryBatch, Random, Router } from "../src/router/mod.ts";
import { columnMeans, labelledExamples } from "../src/router/mod.ts";
import { type Matrix, matrix } from "../src/linalg/mod.ts";
import { add, binaryCrossEntropy, gelu, layerNorm, linear } from "../src/nn/mod.ts";
import {
  type Bound,
  normal,
  ones,
  Parameters,
  type Tensor,
  trainNetwork,
  zeros,
} from "../src/nn/mod.ts";
import { type Drop, keep, withDropout } from "./_dropout.ts";
import { type Spread, SPREADS } from "./_new_vectors.ts";
import { addOutputs, networkRouter, outputs, trainedOutputs } from "./_output_layer.ts";

/** One configuration of the grid. */
export interface Config {
  /** Units of the trunk. */
  readonly hidden: number;
  /** Share of inputs and of hidden units dropped in training. */
  readonly dropout: number;
  /** Passes over the queries. */
  readonly epochs: number;
}

/** Settings of the training that are not tuned. */
const TRAINING = { batch: 256, rate: 0.006, decay: 0.1 };

/** The router. */
const router: Router<Config, Spread> = {
  name: "shared trunk",
  summary: "a residual network on standardised embeddings of any width, with one output a model",
  source: "folklore; after routers on prefill activations",
  statement:
    "on the shared embedding: the activations of a language model where a run is given those; AdamW in " +
    "batches of 256; the number of epochs is tuned in place of early stopping; a new model is one more output " +
    "fitted on the frozen trunk.",
  effort: "seconds",
  grid: [
    { hidden: 96, dropout: 0.4, epochs: 20 },
    { hidden: 96, dropout: 0.2, epochs: 10 },
  ],
  unseen: "fit-new-vector",
  unseenGrid: SPREADS,
  async fit(train, config, context) {
    const { queries, models, scores } = train, D = queries.vectors.width, M = models.length;
    const means = columnMeans(scores, M), parameters = starting(D, means, config, context.random);
    const { examples, labels, weights: known } = labelledExamples(train),
      scaling = scalingOf(queries);
    const z = standardised(queries.vectors, scaling).data;
    await trainNetwork({
      ...TRAINING,
      parameters,
      examples,
      epochs: config.epochs,
      random: context.random.fork("training"),
      ...withDropout(config.dropout, (drop, parameter, { take }) => {
        const h = trunk(parameter, take(z, D), drop);
        return binaryCrossEntropy(outputs(parameter, h), take(labels, M), take(known, M));
      }),
    }, context);
    const weights = trainedOutputs(parameters, means),
      inputs = (x: Matrix) => standardised(x, scaling);
    return networkRouter("shared trunk", { models, weights }, parameters, trunk, inputs);
  },
};
export default router;

/** Layers at random, for inputs of variance 1; a block that starts as the identity; outputs that say the means. */
function starting(
  D: number,
  means: Float64Array,
  { hidden: H }: Config,
  random: Random,
): Parameters {
  const parameters = new Parameters(random);
  parameters.add("V", [D, H], normal(1 / Math.sqrt(D)));
  parameters.add("U1", [H, H], normal(1 / Math.sqrt(H)));
  parameters.add("U2", [H, H], zeros);
  for (const bias of ["v", "u1", "u2", "shift in", "shift out"]) parameters.add(bias, [H], zeros);
  for (const gain of ["gain in", "gain out"]) parameters.add(gain, [H], ones);
  addOutputs(parameters, H, means);
  return parameters;
}

/** LN(h) of a batch of standardised inputs, [B × hidden]; `drop` hears the name of every site. */
function trunk(parameter: Bound, z: Tensor, drop: Drop = keep): Tensor {
  const first = linear(drop(z, "inputs"), parameter("V"), parameter("v"));
  const h = layerNorm(first, parameter("gain in"), parameter("shift in"));
  const inner = drop(gelu(linear(h, parameter("U1"), parameter("u1"))), "block");
  const sum = add(h, linear(inner, parameter("U2"), parameter("u2")));
  return layerNorm(sum, parameter("gain out"), parameter("shift out"));
}

/** μ and 1/σ of every coordinate of training vectors; 0 in place of 1/σ where a coordinate does not vary. */
interface Scaling {
  readonly mean: Float64Array;
  readonly inverse: Float64Array;
}

/** Of a batch, once for all configurations. */
function scalingOf({ vectors: { data, width }, memo }: QueryBatch): Scaling {
  return memo("scaling", () => {
    const mean = columnMeans(data, width), squares = new Float64Array(data);
    for (let at = 0; at < squares.length; at++) squares[at] = (squares[at] - mean[at % width]) ** 2;
    const variance = columnMeans(squares, width);
    return { mean, inverse: variance.map((square) => square > 0 ? 1 / Math.sqrt(square) : 0) };
  });
}

/** z of every row. */
function standardised({ data, rows, width }: Matrix, { mean, inverse }: Scaling): Matrix {
  const out = matrix(rows, width);
  for (let at = 0; at < data.length;) {
    for (let j = 0; j < width; j++, at++) out.data[at] = (data[at] - mean[j]) * inverse[j];
  }
  return out;
}
