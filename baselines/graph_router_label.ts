/**
 * GraphRouter (`_graph_router.ts`) as published: a query's task is its benchmark label, and the label of the test query
 * is read too. An unseen one is an equal share of each known.
 */
import type { Router } from "../src/router/mod.ts";
import { matrix } from "../src/linalg/mod.ts";
import { type Config, DEPARTURES, graphRouter } from "./_graph_router.ts";

/** The router. */
const router: Router<Config> = {
  name: "GraphRouter (reads label)",
  summary: "GraphRouter, told which benchmark every test query is from",
  source: "GraphRouter (arXiv 2410.03834), Performance First",
  statement:
    "reads the benchmark label of the test query, as the paper does, and so is not comparable with " +
    `rows that do not; an unseen label is the mean of the known; ${DEPARTURES}.`,
  needs: ["benchmark"],
  ...graphRouter(({ queries: { benchmarks } }) => {
    const names = [...new Set(benchmarks)].sort(), T = names.length;
    return {
      count: T,
      async of({ benchmarks, ids }) {
        const tasks = matrix(ids.length, T);
        benchmarks!.forEach((name, i) => {
          const task = names.indexOf(name);
          if (task >= 0) tasks.data[i * T + task] = 1;
          else tasks.data.fill(1 / T, i * T, (i + 1) * T);
        });
        return tasks;
      },
    };
  }),
};
export default router;
