/**
 * nDCG at 10 of documents that are relevant or not.
 * @module
 */

/** Documents a ranking is judged by. */
export const CUT = 10;

const GAINS = Array.from({ length: CUT }, (_, rank) => 1 / Math.log2(rank + 2));

/**
 * nDCG@10 = DCG / DCG of the best ranking, DCG = Σ_{r=1..10} rel_r / log₂(r + 1). ↑, within 0…1
 * (Järvelin and Kekäläinen 2002).
 *
 * @param hits the first ten of the ranking as bits, the lowest for rank 1, set where the document is relevant
 * @param relevant how many documents are relevant; NaN without one
 */
export function ndcg(hits: number, relevant: number): number {
  let dcg = 0, best = 0;
  for (let rank = 0; rank < CUT; rank++) {
    if (hits >> rank & 1) dcg += GAINS[rank];
    if (rank < relevant) best += GAINS[rank];
  }
  return relevant > 0 ? dcg / best : NaN;
}
