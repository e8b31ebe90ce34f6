/**
 * A model's level: the log-odds of its mean score. A network that counts its answers from there has to learn only on
 * which queries a model does better or worse than on others.
 * @module
 */

/** Labelled queries that the overall mean is worth beside a model's own. */
const WEIGHT = 8;

/** Log-odds of the mean of some scores (NaN = missing, left out), which leans towards an overall mean in [0, 1]. */
export function levelOf(scores: Iterable<number>, overall: number): number {
  let sum = WEIGHT * overall, n = WEIGHT;
  for (const score of scores) if (!Number.isNaN(score)) sum += score, n++;
  // Half a query on either side: a model that solved everything is not certain of the next.
  const p = (sum + 0.5) / (n + 1);
  return Math.log(p / (1 - p));
}
