/**
 * Negative controls: what a router must not survive.
 * @module
 */
import type { Random } from "../base/random.ts";

/**
 * Shuffles labels: whole rows of outcomes change places, so that every model keeps its mean and the
 * models their correlation, but the queries say nothing any more. A router trained on this must fall to
 * the best single model.
 *
 * @param scores row-major [N × M], training and validation rows only
 * @param costs row-major [N × M], moved along with the scores
 * @returns new arrays; the arguments are left alone
 */
export function shuffleLabels(
  scores: Float64Array,
  costs: Float64Array,
  models: number,
  random: Random,
): { scores: Float64Array; costs: Float64Array } {
  const order = random.shuffle(Uint32Array.from({ length: scores.length / models }, (_, i) => i));
  const permuted = (cells: Float64Array): Float64Array => {
    const out = new Float64Array(cells.length);
    order.forEach((from, to) => {
      out.set(cells.subarray(from * models, (from + 1) * models), to * models);
    });
    return out;
  };
  return { scores: permuted(scores), costs: permuted(costs) };
}
