/**
 * Control: does RTD need the router it reads? Its read-out, K, T and values on the plain query vectors φ(x).
 *
 *   ŝ(x,m) = Σ_j w_j s(j,m),  w_j ∝ exp(−|φ(x) − φ(x_j)|²/T)  over the K nearest training queries
 *
 * There is no head here to mix with, and no record: all training rows are stored.
 */
import type { FittedRouter, Router } from "../../src/router/mod.ts";
import { byId, columnMeans, takeTraining } from "../../src/router/mod.ts";
import { takeRows } from "../../src/linalg/mod.ts";
import { baseTemperature, distancesTo, readOut, type Store } from "../../src/icl/variants/rtd.ts";
import type { RtdConfig } from "../../src/icl/variants/rtd_router.ts";

/** One configuration of the grid. */
export type Config = Pick<RtdConfig, "k" | "temperature">;

/** The router. */
const router: Router<Config> = {
  name: "RTD on raw vectors",
  summary: "control: RTD's exponential kNN on the query vectors in place of decision states",
  source: "Reference Trustable Decoding (arXiv 2409.20181), a control",
  grid: [64, 16, 256].flatMap((k) => [1, 10].map((temperature): Config => ({ k, temperature }))),
  unseen: "zero-update",
  refit: "train", // as RTD
  fit: async (train, { k, temperature }) => {
    const { queries, models, scores } = takeTraining(train, [...byId(train.queries)], "by id");
    const store = { keys: queries.vectors, values: scores, columns: models.length };
    const held = train.validation?.queries.vectors ?? queries.vectors;
    const [distances] = await distancesTo(store, held, [k], !train.validation);
    return routed(models, [{ models, store }], k, temperature * baseTemperature(distances));
  },
};
export default router;

/** Labelled queries, and the models they are labelled with. */
interface Source {
  readonly models: readonly string[];
  readonly store: Store;
}

function routed(
  models: readonly string[],
  sources: readonly Source[],
  k: number,
  temperature: number,
): FittedRouter {
  return {
    models,
    predict: async ({ vectors }) => {
      const M = models.length, quality = new Float64Array(vectors.rows * M).fill(NaN);
      for (const { models: own, store } of sources) {
        const fallback = columnMeans(store.values, own.length);
        const [r] = await readOut(store, vectors, 1, [{ k, temperature }]);
        r.forEach((value, at) => {
          const m = at % own.length, to = Math.floor(at / own.length) * M + models.indexOf(own[m]);
          quality[to] = Number.isNaN(value) ? fallback[m] : value;
        });
      }
      return { quality };
    },
    withModels: (profiles) => {
      const { queries, models: fresh, scores } = profiles, order = byId(queries);
      const values = Float64Array.from(
        scores,
        (_, at) => scores[order[Math.floor(at / fresh.length)] * fresh.length + at % fresh.length],
      );
      const store = { keys: takeRows(queries.vectors, order), values, columns: fresh.length };
      const all = [...new Set([...models, ...fresh])].sort();
      return routed(all, [...sources, { models: fresh, store }], k, temperature);
    },
    describe: () => ({ parameters: sources.reduce((n, { store }) => n + store.values.length, 0) }),
  };
}
