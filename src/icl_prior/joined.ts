/**
 * Training and validation rows as one.
 * @module
 */
import { matrix } from "../linalg/matrix.ts";
import type { TrainingData } from "../router/contract.ts";
import { createMemo } from "../router/memo.ts";

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
  return {
    queries: {
      ids: [...a.ids, ...b.ids],
      texts: [...a.texts, ...b.texts],
      vectors,
      benchmarks: a.benchmarks && b.benchmarks && [...a.benchmarks, ...b.benchmarks],
      memo: createMemo(`${a.memo.id} + ${b.memo.id}`),
    },
    models: first.models,
    scores: cells(({ scores }) => scores),
    costs: cells(({ costs }) => costs),
    meanCosts: first.meanCosts,
    solvedFrom: cells(({ solvedFrom }) => solvedFrom),
    tasks: [...first.tasks, ...second.tasks],
  };
}
