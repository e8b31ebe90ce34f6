/**
 * The last layer of networks with one output a model, ŝ(x,m) = σ(w_m · f(x) + b_m): it starts at the models' mean
 * scores, and a new model is one more output on frozen f (`_new_vectors.ts`).
 * @module
 */
import type { FittedRouter } from "../src/router/mod.ts";
import { type Matrix, matrix } from "../src/linalg/mod.ts";
import {
  Blocks,
  type Bound,
  linear,
  type Parameters,
  sigmoid,
  type Tensor,
  values,
  zeros,
} from "../src/nn/mod.ts";
import { type Spread, type Vectors, withNewVectors } from "./_new_vectors.ts";

/**
 * Adds w [H × M], all 0, and b [M], which says the mean scores; 0 for a model without one.
 * @param suffix tells the layers of several networks apart
 */
export function addOutputs(
  parameters: Parameters,
  H: number,
  means: Float64Array,
  suffix: string | number = "",
): void {
  parameters.add(`w${suffix}`, [H, means.length], zeros);
  const logits = means.map((mean) => Number.isNaN(mean) ? 0 : logit(mean));
  parameters.add(`b${suffix}`, [means.length], values(logits));
}

/** Of a mean score, which may be 0 or 1. */
function logit(mean: number): number {
  const inside = Math.min(0.99, Math.max(0.01, mean));
  return Math.log(inside / (1 - inside));
}

/** Logits of all models [B × M] from features [B × H]. */
export function outputs(parameter: Bound, h: Tensor, suffix: string | number = ""): Tensor {
  return linear(h, parameter(`w${suffix}`), parameter(`b${suffix}`));
}

/** w and b as columns, [(H + 1) × M]. A model that has no label is not known at all: NaN, and not chosen. */
export function trainedOutputs(
  parameters: Parameters,
  means: Float64Array,
  suffix: string | number = "",
): Float64Array {
  const [w, b] = ["w", "b"].map((name) => parameters.get(`${name}${suffix}`).data);
  const known = (value: number, at: number): number =>
    Number.isNaN(means[at % means.length]) ? NaN : value;
  return Float64Array.from([...w, ...b]).map(known);
}

/**
 * The router of a trained network.
 * @param f features of a batch of inputs, [B × H]
 * @param inputs of embeddings; by default these themselves
 */
export function networkRouter(
  name: string,
  { models, weights }: Vectors,
  trained: Parameters,
  f: (parameter: Bound, x: Tensor) => Tensor,
  inputs: (vectors: Matrix) => Matrix = (vectors) => vectors,
): FittedRouter<Spread> {
  const M = models.length, H = weights.length / M - 1;
  const parameters = trained.copy({
    w: { shape: [H, M], data: weights.subarray(0, H * M) },
    b: { shape: [M], data: weights.subarray(H * M) },
  });
  const last = new Blocks(parameters, (_, parameter, x) => f(parameter, x));
  const scores = new Blocks(
    parameters,
    (_, parameter, x) => sigmoid(outputs(parameter, f(parameter, x))),
  );
  const features = async (x: Matrix): Promise<Matrix> =>
    matrix(x.rows, H, Float32Array.from(await last.apply(inputs(x))));
  return {
    models,
    predict: async ({ vectors }) => ({ quality: await scores.apply(inputs(vectors)) }),
    withModels: async (profiles, way) => {
      const more = await withNewVectors(name, { models, weights }, profiles, features, way);
      return networkRouter(name, more, parameters, f, inputs);
    },
    describe: () => ({ parameters: parameters.count }),
  };
}
