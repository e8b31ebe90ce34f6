/**
 * What the records of a pool say around a query: how known models fare there, which tasks lie there, how far away it
 * is. A recorded query does not count among its own neighbours.
 * @module
 */
import { type Matrix, row } from "../linalg/matrix.ts";
import type { Neighbours } from "../linalg/nearest.ts";
import { random } from "../base/random.ts";
import { TOKEN } from "./network.ts";

/** Neighbours that are looked at. One more is searched for, since a recorded query finds itself. */
export const AROUND = 20;

/** Of so many neighbours the mean cosine is how near the nearest are. */
export const NEAREST = 3;

/** Records of known models. */
export interface Records {
  /** Query vectors [N × D]. */
  readonly vectors: Matrix;
  /** Scores [N × M], NaN = missing. */
  readonly scores: Float64Array;
  /** Number of known models, M. */
  readonly models: number;
  /** Task of every row, 0…C−1. */
  readonly tasks: ArrayLike<number>;
  /** Number of tasks, C. */
  readonly taskCount: number;
  /** Rows in an order that does not depend on how they came in. */
  readonly order: Uint32Array;
}

/** Records with what is computed of them once. */
export interface KnownPool {
  /** The records. */
  readonly records: Records;
  /** Mean score of every known model, [M]. */
  readonly means: Float64Array;
  /** Mean and deviation of the cosine of two recorded queries. */
  readonly cosine: { readonly mean: number; readonly deviation: number };
  /** How near the nearest are to recorded queries, ascending, [N]. */
  readonly nearness: Float64Array;
}

/** What is known around some queries; the arrays are as `ReadingFeeds` has them. */
export interface Surroundings {
  /** [queries × TOKEN] */
  readonly tokens: Float32Array;
  /** [queries × M] */
  readonly behaviour: Float32Array;
  /** [queries × C] */
  readonly votes: Float32Array;
  /** How near the nearest recorded queries are, [queries]. */
  readonly nearness: Float64Array;
}

/**
 * Opens records.
 * @param near the neighbours of all recorded queries among themselves, at least {@link AROUND} + 1 if there are
 */
export function knownPool(records: Records, near: Neighbours): KnownPool {
  const { models: M, scores, order } = records;
  const total = new Float64Array(M), count = new Float64Array(M);
  for (const i of order) {
    for (let m = 0; m < M; m++) {
      const score = scores[i * M + m];
      if (score === score) total[m] += score, count[m]++;
    }
  }
  const rows = Int32Array.from(order.keys());
  const nearness = Float64Array.from(rows, (i) => nearTo(near, i, i)).sort();
  return {
    records,
    means: total.map((sum, m) => count[m] > 0 ? sum / count[m] : 0.5),
    cosine: cosines(records),
    nearness,
  };
}

/** Of a random half of a permutation of the rows with the other: as many pairs as rows. */
function cosines({ vectors, order }: Records): KnownPool["cosine"] {
  const drawn = random(0, "pairs").shuffle(order.slice()), N = drawn.length;
  let sum = 0, squares = 0;
  for (let i = 0; i < N; i++) {
    const a = row(vectors, drawn[i]), b = row(vectors, drawn[(i + 1) % N]);
    let product = 0;
    for (let j = 0; j < a.length; j++) product += a[j] * b[j];
    sum += product, squares += product * product;
  }
  const mean = sum / N, variance = squares / N - mean * mean;
  return { mean, deviation: Math.sqrt(Math.max(variance, 1e-4)) };
}

/** Mean cosine of the three nearest recorded queries but itself; −1 where there are none. */
function nearTo({ index, similarity, k }: Neighbours, query: number, self: number): number {
  let sum = 0, found = 0;
  for (let j = 0; j < k && found < NEAREST; j++) {
    if (index[query * k + j] !== self) sum += similarity[query * k + j], found++;
  }
  return found > 0 ? sum / found : -1;
}

/**
 * Looks around some queries.
 * @param near neighbours of the queries among the records
 * @param self the row that a query has among the records; −1 if none
 */
export function surroundings(
  pool: KnownPool,
  near: Neighbours,
  self: ArrayLike<number>,
): Surroundings {
  const { models: M, scores, tasks, taskCount: C } = pool.records, Q = self.length;
  const tokens = new Float32Array(Q * TOKEN);
  const behaviour = new Float32Array(Q * M), votes = new Float32Array(Q * C);
  const nearness = new Float64Array(Q);
  const around = new Float64Array(M), known = new Float64Array(M);
  const overall = mean(pool.means);
  for (let i = 0; i < Q; i++) {
    around.set(pool.means);
    known.fill(1);
    for (let j = 0, found = 0; j < near.k && found < AROUND; j++) {
      const at = near.index[i * near.k + j];
      if (at === self[i]) continue;
      found++;
      votes[i * C + tasks[at]]++;
      for (let m = 0; m < M; m++) {
        const score = scores[at * M + m];
        if (score === score) around[m] += score, known[m]++;
      }
    }
    for (let m = 0; m < M; m++) around[m] /= known[m];
    const ease = mean(around),
      spread = deviations(around, pool.means, behaviour.subarray(i * M, (i + 1) * M));
    const share = unit(votes.subarray(i * C, (i + 1) * C));
    const nearest = nearness[i] = nearTo(near, i, self[i]);
    const { mean: middle, deviation } = pool.cosine;
    tokens.set([
      (nearest - middle) / deviation / 3,
      logit(ease),
      rank(pool.nearness, nearest),
      4 * spread,
      share,
      logit(overall),
    ], i * TOKEN);
  }
  return { tokens, behaviour, votes, nearness };
}

/** How every model deviates from its mean more than all do, scaled to length < 1; returns the root mean square. */
function deviations(around: Float64Array, means: Float64Array, to: Float32Array): number {
  const shift = mean(around) - mean(means), M = around.length;
  let squares = 0;
  for (let m = 0; m < M; m++) squares += (to[m] = around[m] - means[m] - shift) ** 2;
  const length = Math.sqrt(squares + M * 0.03 ** 2);
  for (let m = 0; m < M; m++) to[m] /= length;
  return Math.sqrt(squares / M);
}

/** Scales to length 1, in place; returns the largest share before. */
function unit(votes: Float32Array): number {
  let squares = 0, most = 0, total = 0;
  for (const v of votes) squares += v * v, most = Math.max(most, v), total += v;
  if (total === 0) return 0;
  for (let t = 0; t < votes.length; t++) votes[t] /= Math.sqrt(squares);
  return most / total;
}

/** Share of an ascending list that is below a value. */
function rank(sorted: Float64Array, value: number): number {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low / sorted.length;
}

/** Of some numbers. */
export function mean(numbers: Float64Array): number {
  return numbers.reduce((a, b) => a + b, 0) / numbers.length;
}

/** Log-odds of a share, of at most 98 in 100 either way. */
export function logit(share: number): number {
  const inside = Math.min(0.98, Math.max(0.02, share));
  return Math.log(inside / (1 - inside));
}
