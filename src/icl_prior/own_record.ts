/**
 * What a model's whole record says around a query, however long it is: attention reads only part of a long one.
 * @module
 */
import type { Neighbours } from "../linalg/nearest.ts";
import { OWN } from "./network.ts";
import { AROUND, type KnownPool, logit, mean } from "./surroundings.ts";

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
 * Says what is around a query in whole records, as `ReadingFeeds` has it: [models × queries × OWN].
 * @param votes tasks around the queries, as `surroundings` gives them
 * @param near neighbours of the queries among the recorded ones, at least {@link AROUND} + 1 if there are
 * @param self the row that a query has among the records; −1 if none
 */
export type OwnAround = (
  votes: Float32Array,
  near: Neighbours,
  self: ArrayLike<number>,
) => Float32Array;

/**
 * Opens whole records. Of each model they say: its mean score on the nearest recorded queries, pulled towards its
 * mean on all; how near these are; how many scores it has; what the known models score on this very query, 0 where it is not
 * recorded; how much better than they the model is on its record; its mean score on the tasks around the query, and how
 * much is known of these.
 */
export function ownAround(records: WholeRecords, pool: KnownPool): OwnAround {
  const { scores, models, rows, columns } = records, { cosine } = pool, overall = mean(pool.means);
  const known = Array.from({ length: models }, (_, m) => {
    const others = new Float64Array(rows.length);
    for (let i = 0; i < others.length; i++) {
      others[i] = scoreOfOthers(pool.records, rows[i], columns[m], overall);
    }
    const levels = levelOf(records, m, others);
    return { others, ...levels, byTask: taskMeans(records, m, levels.level, pool) };
  });
  return (votes, near, self) => {
    const Q = self.length, out = new Float32Array(models * Q * OWN);
    known.forEach(({ others, level, count, lead, byTask }, m) => {
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
        const task = byTask(votes, i, self[i]);
        out.set([
          logit(sum / weight),
          close,
          0.2 * Math.log(1 + count),
          self[i] >= 0 ? logit(others[self[i]]) : 0,
          4 * lead,
          logit(task.mean),
          task.known,
        ], (m * Q + i) * OWN);
      }
    });
    return out;
  };
}

/** Mean score of the known models but one on a recorded query, pulled towards their mean on all, `overall`, by one score. */
function scoreOfOthers(
  { scores, models: M }: KnownPool["records"],
  row: number,
  except: number,
  overall: number,
): number {
  let sum = overall, count = 1;
  for (let m = 0; m < M && row >= 0; m++) {
    const score = scores[row * M + m];
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
  const sums = lists.map(sumInOrder);
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
  const count = own.length;
  return {
    level: (sumInOrder(own) + 0.5) / (count + 1),
    count,
    lead: sumInOrder(leads) / (count + 2),
  };
}

/** Σ from the smallest number on, so that no sum depends on the order of the record. */
function sumInOrder(list: readonly number[]): number {
  return Float64Array.from(list).sort().reduce((a, b) => a + b, 0);
}
