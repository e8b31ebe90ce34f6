/**
 * EmbedLLM: matrix factorisation of the table of outcomes, with the query's side read off its embedding φ.
 *
 *   logit(x,m) = a · (p_m ⊙ (W φ(x) + w)) + a₀,   ŝ(x,m) = σ(logit)
 *
 * p_m is a learned vector of the model, W φ + w the query's, and the linear classifier (a, a₀) weighs the
 * products of their coordinates. The paper's classifier has two outputs, wrong and right, and cross-entropy;
 * as only their difference matters, one output with binary cross-entropy is the same model. In training
 * Gaussian noise is added to φ, again every time a query is seen.
 *
 * Nothing stands between the factors, so they multiply out to one weight vector a model, u_m = W (a ⊙ p_m):
 * with fewer models than coordinates these are logistic regressions on φ, held back by noise and by few
 * epochs alone. A new model's p is fitted on the frozen features a ⊙ (W φ + w) (`_new_vectors.ts`).
 */
import type { FittedRouter, Random, Router } from "../src/router/mod.ts";
import { columnMeans, labelledExamples } from "../src/router/mod.ts";
import type { Matrix } from "../src/linalg/mod.ts";
import { logisticPredict, matrix, productF64, ridgePredict } from "../src/linalg/mod.ts";
import { add, binaryCrossEntropy, matmul, mul } from "../src/nn/mod.ts";
import { type Bound, normal, Parameters, type Tensor, trainNetwork, zeros } from "../src/nn/mod.ts";
import { type Spread, SPREADS, type Vectors, withNewVectors } from "./_new_vectors.ts";
import { noisyRows } from "./_noise.ts";

/** One configuration of the grid. */
export interface Config {
  /** Length of p_m. */
  readonly dimensions: number;
  /**
   * α√D, the deviation of the noise on a coordinate of φ over the root mean square coordinate, for φ of
   * length 1. The published α = 0.05 on 768 coordinates is 1.4.
   */
  readonly noise: number;
  /** Passes over the queries. */
  readonly epochs: number;
}

/** The published batch is 2,048 cells; the rate is 100 times the published one, for far fewer steps. */
export const TRAINING = { batch: 256, rate: 0.01, decay: 1e-5 };

/** The router. */
const router: Router<Config, Spread> = {
  name: "EmbedLLM (MF)",
  summary:
    "matrix factorisation: a vector a model times a projected query, then a linear classifier",
  source: "EmbedLLM (arXiv 2410.02223, ICLR 2025) and its released code",
  statement: "one logit and binary cross-entropy in place of two and cross-entropy, the same " +
    "model; embedder ≠ all-mpnet-base-v2; a step takes 256 queries with all their models, which share " +
    "the noise; rate 0.01 (published 0.0001) for 10 to 30 epochs (50), tuned on validation, no " +
    "checkpoint selected; a new model is a vector fitted under the spread of the known ones.",
  effort: "seconds",
  grid: [
    { dimensions: 232, noise: 1.4, epochs: 20 },
    { dimensions: 232, noise: 0.1, epochs: 10 },
    { dimensions: 128, noise: 0, epochs: 10 },
    { dimensions: 32, noise: 0.1, epochs: 30 },
  ],
  unseen: "fit-new-vector",
  unseenGrid: SPREADS,
  async fit(train, config, context) {
    const { queries, models, scores } = train, { random } = context;
    const D = queries.vectors.width, M = models.length;
    const parameters = starting(D, models, config.dimensions, random);
    const { examples, labels, weights } = labelledExamples(train);
    const deviation = config.noise / Math.sqrt(D);
    const noisy = noisyRows(queries.vectors.data, D, deviation, random.fork("noise"));
    await trainNetwork({
      ...TRAINING,
      parameters,
      examples,
      epochs: config.epochs,
      random: random.fork("training"),
      loss: (graph, parameter, { size, take }) => {
        const logits = factorised(parameter, graph.input("x", [size, D]));
        return binaryCrossEntropy(logits, take(labels, M), take(weights, M));
      },
      feed: (rows, draw) => ({ x: noisy(rows, draw) }),
    }, context);
    // A model that has no label is not known at all, and is not chosen.
    const means = columnMeans(scores, M), a0 = parameters.get("a0").data[0];
    const p = Float64Array.from(
      parameters.get("p").data,
      (value, at) => means[at % M] >= 0 ? value : NaN,
    );
    return routed(
      { models, weights: Float64Array.from([...p, ...models.map(() => a0)]) },
      parameters,
    );
  },
};
export default router;

/** At random, spread as PyTorch spreads them; a model's vector depends on its id. */
function starting(D: number, models: readonly string[], d: number, random: Random): Parameters {
  const parameters = new Parameters(random), M = models.length;
  parameters.add("W", [D, d], normal(1 / Math.sqrt(3 * D)));
  parameters.add("w", [1, d], normal(1 / Math.sqrt(3 * D)));
  parameters.add("a", [d, 1], normal(1 / Math.sqrt(3 * d)));
  parameters.add("a0", [1], zeros);
  parameters.add("p", [d, M], (data, random) => {
    models.forEach((id, m) => {
      const draw = random.fork(id);
      for (let j = 0; j < d; j++) data[j * M + m] = draw.normal();
    });
  });
  return parameters;
}

/** Logits of all models [B × M] of φ [B × D]; multiplied out first, as there are fewer models than queries. */
export function factorised(parameter: Bound, x: Tensor): Tensor {
  const p = mul(parameter("p"), parameter("a"));
  const bias = add(matmul(parameter("w"), p), parameter("a0"));
  return add(matmul(x, matmul(parameter("W"), p)), bias);
}

/**
 * The router of trained parameters, of which p and a₀ are taken from `vectors`.
 * @param vectors p_m and a₀ of every model, as columns
 */
export async function routed(
  vectors: Vectors,
  parameters: Parameters,
): Promise<FittedRouter<Spread>> {
  const { models, weights } = vectors, M = models.length, { data: a } = parameters.get("a");
  const { W, w } = { W: parameters.get("W").data, w: parameters.get("w").data }, d = a.length;
  // a ⊙ (W φ + w) and u·φ + bias as linear maps, the bias in the last row: [(D + 1) × d], [(D + 1) × M].
  const features = new Float64Array(W.length + w.length);
  features.set(W);
  features.set(w, W.length);
  for (let at = 0; at < features.length; at++) features[at] *= a[at % d];
  const p = weights.subarray(0, d * M), D = W.length / d;
  const u = await productF64(features, p, D + 1, d, M);
  for (let m = 0; m < M; m++) u[D * M + m] += weights[d * M + m];
  const project = async (x: Matrix): Promise<Matrix> =>
    matrix(x.rows, d, Float32Array.from(await ridgePredict(x, features)));
  return {
    models,
    predict: async (batch) => ({ quality: await logisticPredict(batch.vectors, u) }),
    withModels: async (profiles, way) =>
      routed(await withNewVectors("EmbedLLM", vectors, profiles, project, way), parameters),
    describe: () => ({ parameters: W.length + w.length + a.length + 1 + p.length }),
  };
}
