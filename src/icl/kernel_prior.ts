/**
 * What a model's whole record says about a query, before a network looks at it: the mean score of the labelled queries
 * nearest to it, weighed by how near they lie (Nadaraya 1964, Watson 1964), which leans towards the model's mean.
 *
 *   p(x, m) = (a·s̄_m + Σ_i w_i s_im) / (a + Σ_i w_i),   w_i = exp((cos(x, x_i) − max_j cos(x, x_j)) / τ)
 *
 * It is attention with one head over all labelled queries, of which a network reads only some. Those beyond the
 * {@link NEAREST} nearest count for nothing: two thousand far ones together would outweigh a handful of near ones.
 * @module
 */
import { type Matrix, takeRows } from "../linalg/matrix.ts";
import { product } from "../linalg/gemm.ts";

/** τ and a. */
export interface KernelShape {
  /** Bandwidth, in cosines. */
  readonly bandwidth: number;
  /** Weight of a model's mean, in queries as near as the nearest. */
  readonly weight: number;
}

/** Shapes to choose among. */
export const SHAPES: readonly KernelShape[] = [0.05, 0.08, 0.12, 0.2].flatMap((bandwidth) =>
  [0.25, 1, 4].map((weight) => ({ bandwidth, weight }))
);

/** Labelled queries that count, and all that are as near as the last of them. */
export const NEAREST = 100;

/** Probabilities are kept so far from 0 and 1. */
const MARGIN = 1e-3;

/** Labelled queries of models. */
export interface Labels {
  /** Query vectors, of length 1 [N × input]. */
  readonly vectors: Matrix;
  /** Scores in [0, 1], NaN = missing, row-major [N × M]. */
  readonly scores: Float64Array;
  /** Mean score of each model, or what stands for it. Length M. */
  readonly means: ArrayLike<number>;
}

/** The labels of some models, by their columns. */
export function ofModels({ vectors, scores, means }: Labels, models: readonly number[]): Labels {
  const M = means.length, G = models.length;
  const own = Float64Array.from(
    { length: vectors.rows * G },
    (_, at) => scores[Math.floor(at / G) * M + models[at % G]],
  );
  return { vectors, scores: own, means: models.map((m) => means[m]) };
}

/**
 * Log-odds of p of every query and model, row-major [Q × M].
 * @param rows labelled queries that count; all if absent
 */
export async function kernelPrior(
  queries: Matrix,
  { vectors, scores, means }: Labels,
  { bandwidth, weight }: KernelShape,
  rows?: Uint32Array,
): Promise<Float64Array> {
  const M = means.length, known = rows ?? Uint32Array.from({ length: vectors.rows }, (_, i) => i);
  const { data: cosines } = await product(queries, rows ? takeRows(vectors, rows) : vectors);
  const out = new Float64Array(queries.rows * M), K = known.length;
  const sums = new Float64Array(M), weights = new Float64Array(M);
  for (let q = 0; q < queries.rows; q++) {
    const own = cosines.subarray(q * K, (q + 1) * K), ascending = own.slice().sort();
    const farthest = ascending[Math.max(0, K - NEAREST)], nearest = ascending[K - 1];
    for (let m = 0; m < M; m++) sums[m] = weight * means[m], weights[m] = weight;
    for (let k = 0; k < K; k++) {
      if (own[k] < farthest) continue;
      const w = Math.exp((own[k] - nearest) / bandwidth);
      for (let m = 0, at = known[k] * M; m < M; m++, at++) {
        const score = scores[at];
        if (score === score) sums[m] += w * score, weights[m] += w;
      }
    }
    for (let m = 0; m < M; m++) {
      const p = Math.min(1 - MARGIN, Math.max(MARGIN, sums[m] / weights[m]));
      out[q * M + m] = Math.log(p / (1 - p));
    }
  }
  return out;
}

/**
 * The shape whose log-odds lose least, by mean cross-entropy, on rows that are not among the labelled ones.
 * @param judged their vectors [Q × input] and scores [Q × M]
 */
export async function chooseShape(
  labels: Labels,
  judged: Pick<Labels, "vectors" | "scores">,
): Promise<KernelShape> {
  let best = SHAPES[0], least = Infinity;
  for (const shape of SHAPES) {
    const loss = crossEntropyOf(await kernelPrior(judged.vectors, labels, shape), judged.scores);
    if (loss < least) best = shape, least = loss;
  }
  return best;
}

/** Mean cross-entropy of σ(ℓ) beside scores in [0, 1]; NaN = missing, left out. */
export function crossEntropyOf(logits: Float64Array, scores: Float64Array): number {
  let sum = 0, cells = 0;
  for (let at = 0; at < logits.length; at++) {
    const score = scores[at], z = logits[at];
    if (Number.isNaN(score)) continue;
    sum += Math.max(z, 0) - z * score + Math.log1p(Math.exp(-Math.abs(z)));
    cells++;
  }
  return sum / cells;
}

/** Labelled queries that the known models' mean is worth beside a new model's own. */
const LEAN = 8;

/** Means of new models [k] from their scores [n × k], which lean towards the mean of the known models. */
export function leaningMeans(scores: Float64Array, models: number, known: number): Float64Array {
  const sums = new Float64Array(models).fill(LEAN * known),
    counts = new Float64Array(models).fill(LEAN);
  scores.forEach((score, at) => {
    if (!Number.isNaN(score)) sums[at % models] += score, counts[at % models]++;
  });
  return sums.map((sum, m) => sum / counts[m]);
}
