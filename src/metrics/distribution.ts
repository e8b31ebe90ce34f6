/**
 * What was routed where: shares, entropy, collapse; and the spread of predictions (RouterEval's E_p).
 *
 * None of these has a direction: read them beside accuracy.
 * @module
 */
import type { Decisions } from "./shapes.ts";

/** How the queries spread over the pool. */
export interface ChoiceDistribution {
  /** p_m, share of queries sent to each model; length M. */
  readonly shares: Float64Array;
  /** H = −Σ p log₂ p, bits. */
  readonly entropy: number;
  /** H / log₂ M; null for a single model. */
  readonly normalised: number | null;
  /** 2^H, effective number of models. */
  readonly effective: number;
  /** max_m p_m: 1 = a constant router. */
  readonly collapse: number;
}

/**
 * Distribution of choices. A router that sends 98.6 % to one model must show it.
 *
 * @param decisions chosen model per query [N], or mixture weights [M]
 * @param models pool size M
 * @throws {RangeError} without decisions, or naming the row with an unknown model
 */
export function choiceDistribution(decisions: Decisions, models: number): ChoiceDistribution {
  const shares = decisions instanceof Uint16Array
    ? shareOfEach(decisions, models)
    : decisions.slice();
  if (shares.length !== models) throw new RangeError(`${shares.length} weights, ${models} models`);
  const entropy = entropyBits(shares);
  return {
    shares,
    entropy,
    normalised: models > 1 ? entropy / Math.log2(models) : null,
    effective: 2 ** entropy,
    collapse: Math.max(...shares),
  };
}

/** Entropy −Σ p log₂ p of a probability vector, in bits. */
export function entropyBits(probabilities: Float64Array): number {
  let sum = 0;
  for (const p of probabilities) if (p > 0) sum -= p * Math.log2(p);
  return sum;
}

/**
 * E_p (RouterEval): mean entropy in bits of softmax(ŝ(i,·)). Measures spread, not calibration, and its
 * temperature is arbitrary: predictions in [0, 1] always look near-uniform. (RouterEval's own mixtures
 * of random and oracle skip the softmax: use {@link entropyBits} on the weights.)
 *
 * @param predicted ŝ, row-major [N × M]; NaN = cannot be chosen, probability 0
 * @param models pool size M
 * @throws {RangeError} when the predictions are not whole rows, or naming a row without any
 */
export function predictionEntropy(predicted: Float64Array, models: number): number {
  const rows = predicted.length / models;
  if (!(rows >= 1) || !Number.isInteger(rows)) {
    throw new RangeError(`${predicted.length} predictions are not whole rows of ${models}`);
  }
  const weights = new Float64Array(models);
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const row = predicted.subarray(i * models, (i + 1) * models);
    const top = row.reduce((high, s) => s > high ? s : high, -Infinity);
    if (top === -Infinity) throw new RangeError(`row ${i}: no prediction`);
    let total = 0;
    row.forEach((s, m) => total += weights[m] = Number.isNaN(s) ? 0 : Math.exp(s - top));
    sum += entropyBits(weights.map((w) => w / total));
  }
  return sum / rows;
}

function shareOfEach(choice: Uint16Array, models: number): Float64Array {
  if (choice.length === 0) throw new RangeError("no decisions");
  const counts = new Float64Array(models);
  choice.forEach((m, i) => {
    if (m >= models) throw new RangeError(`row ${i}: model ${m} chosen, but there are ${models}`);
    counts[m]++;
  });
  return counts.map((count) => count / choice.length);
}
