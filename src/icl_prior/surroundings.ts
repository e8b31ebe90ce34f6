/**
 * What the records of a pool say around a query: how known models fare there, which tasks lie there, how far away it
 * is. A recorded query does not count among its own neighbours.
 * @module
 */
import { type Matrix, row } from "../linalg/matrix.ts";
import type { Neighbours } from "../linalg/nearest.ts";
import { random } from "../base/random.ts";
import { OWN, TOKEN } from "./network.ts";

/** Neighbours that are looked at. One more is searched for, since a recorded query finds itself. */
export const AROUND = 20;

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
  readonly tokens: Float32Array;
  readonly behaviour: Float32Array;
  readonly votes: Float32Array;
}

/** @param near the neighbours of all recorded queries among themselves, at least {@link AROUND} + 1 if there are */
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
  for (let j = 0; j < k && found < 3; j++) {
    if (index[query * k + j] !== self) sum += similarity[query * k + j], found++;
  }
  return found > 0 ? sum / found : -1;
}

/**
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
    const nearest = nearTo(near, i, self[i]);
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
  return { tokens, behaviour, votes };
}

/** Whole records of some models on the same N queries. */
export interface WholeRecords {
  /** Scores [N × models], NaN = missing. */
  readonly scores: Float64Array;
  /** Number of models. */
  readonly models: number;
  /** The row that every query has in the pool's records; −1 if none. Length N. */
  readonly rows: ArrayLike<number>;
  /** The column that every model has there, which does not count when it is compared with the others; −1 if none. */
  readonly columns: ArrayLike<number>;
}

/**
 * What whole records say around some queries, as `ReadingFeeds` has it: each model's mean score on the nearest recorded
 * queries, pulled towards its mean on all; how near these are; how many scores it has; what the known models score on
 * this very query, 0 where it is not recorded; how much better than they the model is on its record; its mean score on
 * the tasks around the query, and how much is known of these.
 *
 * @param votes tasks around the queries, as {@link surroundings} gives them
 * @param near neighbours of the queries among the recorded ones, at least {@link AROUND} + 1 if there are
 * @param self the row that a query has among the records; −1 if none
 * @returns [models × queries × OWN]
 */
export function ownAround(
  records: WholeRecords,
  pool: KnownPool,
  votes: Float32Array,
  near: Neighbours,
  self: ArrayLike<number>,
): Float32Array {
  const { scores, models, rows, columns } = records, { cosine } = pool;
  const Q = self.length, out = new Float32Array(models * Q * OWN);
  for (let m = 0; m < models; m++) {
    const others = Float64Array.from(rows, (row) => scoreOfOthers(pool, row, columns[m]));
    const { level, count, lead } = levelOf(records, m, others);
    const byTask = taskMeans(records, m, level, pool);
    for (let i = 0; i < Q; i++) {
      let sum = level, weight = 1, nearness = 0;
      for (let j = 0, found = 0; j < near.k && found < AROUND; j++) {
        const at = near.index[i * near.k + j], score = scores[at * models + m];
        if (at === self[i]) continue;
        found++;
        if (score === score) sum += score, weight++, nearness += near.similarity[i * near.k + j];
      }
      const close = weight > 1
        ? (nearness / (weight - 1) - cosine.mean) / cosine.deviation / 3
        : -1;
      const here = self[i] >= 0 ? logit(others[self[i]]) : 0;
      const task = byTask(votes, i, self[i]);
      out.set([
        logit(sum / weight),
        close,
        0.2 * Math.log(1 + count),
        here,
        4 * lead,
        logit(task.mean),
        task.known,
      ], (m * Q + i) * OWN);
    }
  }
  return out;
}

/** Mean score of the known models but one on a recorded query, pulled towards their mean on all by one score. */
function scoreOfOthers({ records, means }: KnownPool, row: number, except: number): number {
  const M = records.models, overall = mean(means);
  let sum = overall, count = 1;
  for (let m = 0; m < M && row >= 0; m++) {
    const score = records.scores[row * M + m];
    if (m !== except && score === score) sum += score, count++;
  }
  return sum / count;
}

/** Scores at a model's level that are added to those of every task. */
const TASK_PRIOR = 3;

/** A model's mean score on the tasks around a query i, in the shares of their votes; `self` of the record left out. */
function taskMeans(
  { scores, models, rows }: WholeRecords,
  m: number,
  level: number,
  { records: { tasks, taskCount: C } }: KnownPool,
): (votes: Float32Array, i: number, self: number) => { mean: number; known: number } {
  const lists = Array.from({ length: C }, (): number[] => []);
  const scoreOf = (k: number): number => rows[k] >= 0 ? scores[k * models + m] : NaN;
  for (let k = 0; k < rows.length; k++) {
    const score = scoreOf(k);
    if (score === score) lists[tasks[rows[k]]].push(score);
  }
  const counts = lists.map((list) => list.length);
  const sums = lists.map((list) => list.sort((a, b) => a - b).reduce((a, b) => a + b, 0));
  return (votes, i, self) => {
    const own = self >= 0 && scoreOf(self) === scoreOf(self) ? tasks[rows[self]] : -1;
    let total = 0, mean = 0, known = 0;
    for (let t = 0; t < C; t++) {
      const share = votes[i * C + t];
      if (share === 0) continue;
      const count = counts[t] - Number(t === own), sum = sums[t] - (t === own ? scoreOf(self) : 0);
      total += share;
      mean += share * (sum + TASK_PRIOR * level) / (count + TASK_PRIOR);
      known += share * count / (count + TASK_PRIOR);
    }
    return total > 0 ? { mean: mean / total, known: known / total } : { mean: level, known: 0 };
  };
}

/** Mean score of a model with one score at ½ added, and its mean lead over the others with two at 0 added. */
function levelOf(
  { scores, models }: WholeRecords,
  m: number,
  others: Float64Array,
): { level: number; count: number; lead: number } {
  const own: number[] = [], leads: number[] = [];
  for (let i = 0; i < others.length; i++) {
    const score = scores[i * models + m];
    if (score === score) own.push(score), leads.push(score - others[i]);
  }
  // Sorted, so that no sum depends on the order of the record.
  const sum = (list: number[]): number => list.sort((a, b) => a - b).reduce((a, b) => a + b, 0);
  const count = own.length;
  return { level: (sum(own) + 0.5) / (count + 1), count, lead: sum(leads) / (count + 2) };
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

function mean(numbers: Float64Array): number {
  return numbers.reduce((a, b) => a + b, 0) / numbers.length;
}

function logit(share: number): number {
  const inside = Math.min(0.98, Math.max(0.02, share));
  return Math.log(inside / (1 - inside));
}
