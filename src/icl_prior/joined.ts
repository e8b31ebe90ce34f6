/**
 * Training and validation rows as one. What is searched for in a part serves the whole as well: tuning has looked for
 * the neighbours of training rows when the last fit asks for those of both.
 * @module
 */
import { matrix } from "../linalg/matrix.ts";
import type { Neighbours } from "../linalg/nearest.ts";
import type { QueryBatch, TrainingData } from "../router/contract.ts";
import { createMemo } from "../router/memo.ts";
import { neighbours } from "../router/neighbours.ts";
import { EXACT_UP_TO } from "../router/size_notes.ts";

/** Batches one behind the other. */
export interface JoinedBatch extends QueryBatch {
  /** In their order. */
  readonly parts: readonly QueryBatch[];
}

/** The batches that a batch was joined from: itself, if it was not. */
export function partsOf(batch: QueryBatch | JoinedBatch): readonly QueryBatch[] {
  return "parts" in batch ? batch.parts : [batch];
}

/** The rows of two parts of training data over the same models, one part behind the other. */
export function joined(first: TrainingData, second: TrainingData): TrainingData {
  const [a, b] = [first.queries, second.queries];
  const cells = (of: (part: TrainingData) => Float64Array): Float64Array => {
    const out = new Float64Array(of(first).length + of(second).length);
    out.set(of(first));
    out.set(of(second), of(first).length);
    return out;
  };
  const vectors = matrix(a.ids.length + b.ids.length, a.vectors.width);
  vectors.data.set(a.vectors.data);
  vectors.data.set(b.vectors.data, a.vectors.data.length);
  const queries: JoinedBatch = {
    ids: [...a.ids, ...b.ids],
    texts: [...a.texts, ...b.texts],
    vectors,
    benchmarks: a.benchmarks && b.benchmarks && [...a.benchmarks, ...b.benchmarks],
    memo: createMemo(`${a.memo.id} + ${b.memo.id}`),
    parts: [a, b],
  };
  return {
    queries,
    models: first.models,
    scores: cells(({ scores }) => scores),
    costs: cells(({ costs }) => costs),
    meanCosts: first.meanCosts,
    solvedFrom: cells(({ solvedFrom }) => solvedFrom),
    tasks: [...first.tasks, ...second.tasks],
  };
}

/** As `neighbours` finds them, put together from searches among the parts. */
export async function neighboursAcross(
  queries: QueryBatch,
  store: QueryBatch,
  k: number,
): Promise<Neighbours> {
  const stores = partsOf(store), asking = partsOf(queries), n = store.ids.length;
  // What a search in cells misses is its own: it can't be put together from others.
  const whole = stores.length === 1 && asking.length === 1;
  if (whole || n > EXACT_UP_TO) return await neighbours(queries, store, k);
  const most = Math.min(k, n), index = new Int32Array(queries.ids.length * most);
  const similarity = new Float32Array(index.length);
  let to = 0;
  for (const asked of asking) {
    const lists: Neighbours[] = [];
    for (const part of stores) lists.push(await neighbours(asked, part, k));
    const next = merging(lists, stores);
    for (let i = 0; i < asked.ids.length; i++) {
      for (const end = to + most, take = next(i); to < end; to++) {
        [index[to], similarity[to]] = take();
      }
    }
  }
  return { index, similarity, k: most };
}

/** Gives the rows of joined stores that are nearest to a query, one by one; ties go to the smaller id. */
function merging(
  lists: readonly Neighbours[],
  stores: readonly QueryBatch[],
): (query: number) => () => [row: number, similarity: number] {
  const starts = stores.map((_, s) => stores.slice(0, s).reduce((n, { ids }) => n + ids.length, 0));
  return (query) => {
    const at = lists.map(({ k }) => query * k);
    const likeness = (s: number): number =>
      at[s] < (query + 1) * lists[s].k ? lists[s].similarity[at[s]] : -Infinity;
    const id = (s: number): string => stores[s].ids[lists[s].index[at[s]]];
    return () => {
      let best = 0;
      for (let s = 1; s < lists.length; s++) {
        const ahead = likeness(s) - likeness(best);
        if (ahead > 0 || (ahead === 0 && id(s) < id(best))) best = s;
      }
      const found = likeness(best);
      return [starts[best] + lists[best].index[at[best]++], found];
    };
  };
}
