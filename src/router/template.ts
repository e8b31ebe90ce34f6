/**
 * nearest-template: a model's predicted score is its mean score on the training queries most similar
 * to the query.
 *
 * This is what `deno task new-router` starts from: put your method in its place and keep to the
 * contract (`Router` in `icl-router-bench/router`), which says more about every field.
 */
import {
  type FittedRouter,
  type QueryBatch,
  type Router,
  row,
  type TrainingData,
} from "icl-router-bench/router";

/** What can be tuned: plain JSON, since it is stored with every result. */
export interface Config {
  /** How many of the most similar training queries vote. */
  readonly neighbours: number;
}

/** The method as the harness finds it. */
const router: Router<Config> = {
  name: "nearest-template",
  summary: "mean score on the most similar training queries",
  source: "folklore",
  // The harness tries these on validation rows; the first is the default. At most 30.
  grid: [{ neighbours: 9 }, { neighbours: 3 }, { neighbours: 27 }],
  // Name here what you use beyond texts, vectors and training scores: "cost", "benchmark", "truth".
  needs: [],
  // A third argument carries seeded randomness, a progress callback and an abort signal.
  fit: (train, config) => fitted(train, config),
};
export default router;

/** Predicts only; choosing (cost trade-off, ties) is the harness's business. */
function fitted(train: TrainingData, { neighbours }: Config): FittedRouter {
  const { models, queries: stored, scores } = train;
  const M = models.length;
  return {
    models,
    predict(queries: QueryBatch) {
      const order = nearest(queries, stored), N = stored.ids.length;
      // Queries × models, row by row. NaN says: never choose this model for this query.
      const quality = new Float64Array(queries.ids.length * M).fill(NaN);
      for (let i = 0; i < queries.ids.length; i++) {
        for (let m = 0; m < M; m++) {
          let sum = 0, count = 0;
          for (let j = 0; j < N && count < neighbours; j++) {
            const score = scores[order[i * N + j] * M + m];
            // A missing outcome is NaN. It is passed over, never counted as a failure.
            if (!Number.isNaN(score)) sum += score, count++;
          }
          if (count > 0) quality[i * M + m] = sum / count;
        }
      }
      return { quality };
    },
    describe: () => ({ parameters: scores.length, notes: [`${neighbours} neighbours`] }),
    // To take in models that come later, add `withModels` here and `unseen` above.
  };
}

/** Positions of all stored queries, the most similar first, for every query: [Q × N]. */
function nearest(queries: QueryBatch, stored: QueryBatch): Uint32Array {
  // The memo keeps what depends on the queries alone, so that other configurations find it done.
  return queries.memo(`nearest-template/${stored.memo.id}`, () => {
    const Q = queries.ids.length, N = stored.ids.length;
    const order = new Uint32Array(Q * N), cosine = new Float64Array(N);
    for (let i = 0; i < Q; i++) {
      const x = row(queries.vectors, i);
      for (let j = 0; j < N; j++) {
        cosine[j] = dot(x, row(stored.vectors, j));
      }
      // Equal cosines go by id, not by position: the order of the rows must not matter.
      const byCosine = (a: number, b: number): number =>
        cosine[b] - cosine[a] || (stored.ids[a] < stored.ids[b] ? -1 : 1);
      order.set(Uint32Array.from(cosine.keys()).sort(byCosine), i * N);
    }
    return order;
  });
}

/** Inner product; of vectors of length 1, as all are here, the cosine. */
function dot(x: Float32Array, y: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < x.length; d++) sum += x[d] * y[d];
  return sum;
}
