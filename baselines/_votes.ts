/**
 * Votes of the nearest labelled queries, of `knn.ts` and what builds on it.
 * @module
 */
import { columnMeans, neighbours, onceFor, type QueryBatch } from "../src/router/mod.ts";
import { squareNorms } from "../src/linalg/mod.ts";

/** Who votes. */
export interface Voting {
  /** Neighbours that vote. */
  readonly k: number;
  /** Equal votes, or by 1/distance: `inverse` gives exact matches all the weight. */
  readonly weights: "uniform" | "inverse";
}

/** The numbers of neighbours that configurations ask for: one search, and one pass over its finds, serves them all. */
export function numbersOf(configs: readonly unknown[]): number[] {
  return (configs as Pick<Voting, "k">[]).map(({ k }) => k);
}

/** Labelled queries. */
export interface Labelled {
  /** N of them. */
  readonly queries: QueryBatch;
  /** Models that have scores of them. */
  readonly models: readonly string[];
  /** Scores [N × models], NaN = missing. */
  readonly scores: Float64Array;
}

/** Up to this distance two vectors point the same way: one step of the grid is about 10⁻⁷. */
const EXACT = 1e-8;

/**
 * ŝ(x,m) = Σ_j w_j s(j,m) / Σ_j w_j over the k nearest labelled queries that have a score of m, else m's mean; [Q × M].
 * Not to be changed: others may ask for the same.
 *
 * @param ks other numbers of neighbours that will be asked for, see {@link numbersOf}
 * @param own whether a labelled query of the same id may vote; `apart`: it may not
 */
export function vote(
  batch: QueryBatch,
  labelled: Labelled,
  { k, weights }: Voting,
  ks: readonly number[],
  own: "votes" | "apart" = "votes",
): Promise<Float64Array> {
  const make = (numbers: readonly number[], most: number) =>
    voteForEach(batch, labelled, weights, numbers, most, own === "apart");
  return kept(batch, labelled, k, ks, make, `${weights} ${own}`);
}

const kept = onceForEachK<Float64Array>();

/** {@link vote} for every k of an ascending list: more neighbours go on where fewer have ended. */
async function voteForEach(
  batch: QueryBatch,
  { queries, models: { length: M }, scores }: Labelled,
  weights: Voting["weights"],
  ks: readonly number[],
  most: number,
  apart: boolean,
): Promise<Map<number, Float64Array>> {
  const { index, similarity, k: found } = await neighbours(batch, queries, most + Number(apart));
  const qualities = ks.map(() => new Float64Array(batch.ids.length * M));
  let means: Float64Array | undefined; // of all rows: longer to compute than a vote, and seldom needed
  const sum = new Float64Array(M), total = new Float64Array(M);
  const asked = lengths(batch), stored = lengths(queries);
  for (let i = 0; i < batch.ids.length; i++) {
    sum.fill(0), total.fill(0);
    let voters = 0, isExact = false, at = i * found;
    for (let n = 0; n < ks.length; n++) {
      for (; voters < ks[n] && at < (i + 1) * found; at++) {
        const row = index[at];
        if (apart && queries.ids[row] === batch.ids[i]) continue;
        voters++;
        let weight = 1;
        if (weights === "inverse") {
          const distance = 1 - similarity[at] / (asked[i] * stored[row] || 1);
          if (isExact && distance >= EXACT) continue;
          // The first exact match silences those before it.
          if (!isExact && distance < EXACT) isExact = true, sum.fill(0), total.fill(0);
          if (!isExact) weight = 1 / (distance + 1e-8);
        }
        addVote(scores, row * M, weight, sum, total);
      }
      for (let m = 0; m < M; m++) {
        const mean = total[m] > 0 ? sum[m] / total[m] : (means ??= columnMeans(scores, M))[m];
        qualities[n][i * M + m] = mean;
      }
    }
  }
  return new Map(ks.map((k, at) => [k, qualities[at]]));
}

/** Adds a voter's scores, which begin at `at`, to the sums and its weight to those of the models it has scores of. */
function addVote(
  scores: Float64Array,
  at: number,
  weight: number,
  sum: Float64Array,
  total: Float64Array,
): void {
  for (let m = 0; m < sum.length; m++, at++) {
    const score = scores[at];
    if (score === score) sum[m] += weight * score, total[m] += weight;
  }
}

/** |x| of every query: rounding to the grid leaves lengths up to 0.1% off 1. */
function lengths({ vectors, memo }: QueryBatch): Float64Array {
  return memo("lengths", () => squareNorms(vectors).map(Math.sqrt));
}

/** Makes something for every number of an ascending list, of the nearest of `most` neighbours. */
export type ForEachK<T> = (ks: readonly number[], most: number) => Promise<ReadonlyMap<number, T>>;

/** Cells [queries × models × numbers] that are made together and kept: 64 MB. */
const MOST_CELLS = 2 ** 23;

/**
 * What depends on labels, a batch and a number of neighbours, made for all numbers of a list and kept with the labels.
 * Of large pools, where that would fill the memory, it is made for the one number, and again for who asks next.
 */
export function onceForEachK<T>(): (
  batch: QueryBatch,
  labelled: Pick<Labelled, "scores"> & { readonly models: { readonly length: number } },
  k: number,
  ks: readonly number[],
  make: ForEachK<T>,
  key?: string,
) => Promise<T> {
  type Found = ReturnType<ForEachK<T>>;
  const byLabels = onceFor<ReturnType<typeof onceFor<Found>>>();
  return async ({ ids, vectors }, { models, scores }, k, ks, make, key = "") => {
    const all = [...new Set([k, ...ks])].sort((a, b) => a - b), most = all[all.length - 1];
    if (ids.length * models.length * all.length > MOST_CELLS) {
      return (await make([k], most)).get(k)!;
    }
    const once = byLabels(scores, () => onceFor<Found>());
    let made: Found | undefined; // by the first number that nobody has asked for yet, for all
    const found = (number: number): Found =>
      once(vectors, () => made ??= make(all, most), `${key} ${number}`);
    all.forEach(found);
    return (await found(k)).get(k)!;
  };
}
