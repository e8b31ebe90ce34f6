/**
 * GraphRouter (`_graph_router.ts`) without the test query's benchmark label: a query's task is the benchmark whose
 * training queries have the mean vector nearest to it, while training as well.
 */
import type { Router, TrainingData } from "../src/router/mod.ts";
import { byId } from "../src/router/mod.ts";
import { matrix, normaliseToGrid, product } from "../src/linalg/mod.ts";
import { type Config, DEPARTURES, graphRouter, type Tasks } from "./_graph_router.ts";

/** The router. */
const router: Router<Config> = {
  name: "GraphRouter (guessed task)",
  summary:
    "edge prediction on a graph of queries and models by two convolutions over known outcomes",
  source: "GraphRouter (arXiv 2410.03834), Performance First",
  statement:
    `${DEPARTURES}; the task of a query, known in the paper, is guessed: the benchmark with the ` +
    "nearest mean vector.",
  ...graphRouter(nearestBenchmark),
};
export default router;

/** One-hot tasks: the benchmark whose training queries have the nearest mean vector; ties go to the smaller name. */
export function nearestBenchmark({ queries }: TrainingData): Tasks {
  const { vectors, benchmarks } = queries;
  const names = [...new Set(benchmarks)].sort(), T = names.length, D = vectors.width;
  const sums = new Float64Array(T * D), to = benchmarks!.map((name) => names.indexOf(name));
  for (const i of byId(queries)) {
    for (let d = 0; d < D; d++) sums[to[i] * D + d] += vectors.data[i * D + d];
  }
  const prototypes = normaliseToGrid(matrix(T, D, Float32Array.from(sums)));
  return {
    count: T,
    async of({ vectors }) {
      const { data } = await product(vectors, prototypes), tasks = matrix(vectors.rows, T);
      for (let start = 0; start < data.length; start += T) {
        const mine = data.subarray(start, start + T);
        tasks.data[start + mine.indexOf(Math.max(...mine))] = 1;
      }
      return tasks;
    },
  };
}
