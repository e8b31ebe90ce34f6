/**
 * The network of Lookahead (latent regression). From the query it foresees the latent of every model's reply
 * (`_reply_latents.ts`), and from all of these together who will do well:
 *
 *   h = GELU( V φ(x) + v ),   r̃_t = F_t h + f_t,   ℓ = W GELU( X φ(x) + Σ_t U_t r̃_t + u ) + b
 *
 * Trained on L_route + λ · L_resp: binary cross-entropy of σ(ℓ) against the labels, and the share of the
 * latents' variance that r̃ leaves unexplained. Where true latents are given, r̃ and L_resp fall away.
 * @module
 */
import { columnMeans, type FitContext, masked, modelVectors } from "../src/router/mod.ts";
import { type Matrix, sideBySide } from "../src/linalg/mod.ts";
import {
  add,
  binaryCrossEntropy,
  Blocks,
  type Bound,
  gelu,
  linear,
  meanSquaredError,
  normal,
  Parameters,
  scale,
  sigmoid,
  slice,
  type Tensor,
  trainNetwork,
  values,
  zeros,
} from "../src/nn/mod.ts";
import { type Drop, keep, withDropout } from "./_dropout.ts";
import { addOutputs, outputs } from "./_output_layer.ts";
import { LATENT_WIDTH, type LearnedReading } from "./_reply_latents.ts";

const HIDDEN = 128, DROPOUT = 0.1, TRAINING = { batch: 256, rate: 0.01, decay: 0.01 };

/** What a network learns from. Models are in ascending order of id. */
export interface Lessons extends Pick<LearnedReading, "latents" | "variance"> {
  /** Ascending ids of M models. */
  readonly models: readonly string[];
  /** φ(x) of N queries. */
  readonly vectors: Matrix;
  /** [N × M] in [0, 1], NaN = unknown. */
  readonly labels: Float64Array;
  /** The rows to learn from, in ascending order of their ids. */
  readonly rows: Uint32Array;
}

/** How it is trained. */
export interface Settings {
  /** Weight λ of the latents in the loss; 0 = none. */
  readonly lambda: number;
  /** Passes over the queries. */
  readonly epochs: number;
  /** Whether true latents are given, in training and after. */
  readonly given?: boolean;
}

/** A trained network. */
export interface LookaheadNetwork {
  /**
   * σ(ℓ), [Q × M]; NaN for a model without labels.
   * @param latents the true ones, where these are given
   */
  chances(vectors: Matrix, latents?: Matrix): Promise<Float64Array>;
  /** r̃, [Q × M · {@link LATENT_WIDTH}]. */
  foresee(vectors: Matrix): Promise<Float64Array>;
  /** Learned numbers. */
  readonly parameters: number;
}

/** Trains a network. */
export async function fitLookahead(
  { models, vectors, labels, latents, variance, rows }: Lessons,
  { lambda, epochs, given = false }: Settings,
  { random, progress, signal }: Pick<FitContext, "random" | "progress" | "signal">,
): Promise<LookaheadNetwork> {
  const D = vectors.width, R = latents.width, M = models.length;
  const { labels: known, weights } = masked(labels), means = columnMeans(labels, M, rows);
  const parameters = new Parameters(random), weight = variance > 0 ? lambda / variance : 0;
  const start = modelVectors(models, LATENT_WIDTH * HIDDEN, 0.3 / Math.sqrt(M), random);
  parameters.add("X", [D, HIDDEN], normal(0.3));
  parameters.add("U", [R, HIDDEN], values(start));
  parameters.add("u", [HIDDEN], zeros);
  addOutputs(parameters, HIDDEN, means);
  if (!given) {
    parameters.add("V", [D, HIDDEN], normal(0.3));
    parameters.add("v", [HIDDEN], zeros);
    parameters.add("F", [HIDDEN, R], zeros);
    parameters.add("f", [R], zeros);
  }
  await trainNetwork({
    ...TRAINING,
    parameters,
    epochs,
    examples: rows.filter((i) => weights.subarray(i * M, (i + 1) * M).includes(1)),
    random: random.fork("training"),
    ...withDropout(DROPOUT, (drop, parameter, { take }) => {
      const x = take(vectors.data, D);
      if (given) return route(logits(parameter, x, take(latents.data, R), drop));
      const r = foreseen(parameter, x, drop), loss = route(logits(parameter, x, r, drop));
      if (weight === 0) return loss;
      return add(loss, scale(meanSquaredError(r, take(latents.data, R)), weight));

      function route(l: Tensor): Tensor {
        return binaryCrossEntropy(l, take(known, M), take(weights, M));
      }
    }),
  }, { progress, signal });
  const chances = new Blocks(parameters, (_, parameter, input) => {
    const x = slice(input, -1, 0, D);
    const r = given ? slice(input, -1, D, D + R) : foreseen(parameter, x);
    return sigmoid(logits(parameter, x, r));
  });
  const latent = new Blocks(parameters, (_, parameter, x) => foreseen(parameter, x));
  return {
    async chances(vectors, latents) {
      const all = await chances.apply(latents ? sideBySide(vectors, latents) : vectors);
      return all.map((chance, at) => Number.isNaN(means[at % M]) ? NaN : chance);
    },
    foresee: (vectors) => latent.apply(vectors),
    parameters: parameters.count,
  };
}

/** r̃ [B × R]. */
function foreseen(parameter: Bound, x: Tensor, drop: Drop = keep): Tensor {
  const h = drop(gelu(linear(x, parameter("V"), parameter("v"))), "query");
  return linear(h, parameter("F"), parameter("f"));
}

/** ℓ [B × M]. */
function logits(parameter: Bound, x: Tensor, r: Tensor, drop: Drop = keep): Tensor {
  const inner = add(linear(x, parameter("X"), parameter("u")), linear(r, parameter("U")));
  return outputs(parameter, drop(gelu(inner), "all"));
}
