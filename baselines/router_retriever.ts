/**
 * RouterRetriever: one prototype per expert and dataset, the mean of the queries the expert is best at.
 *
 *   c_{D,m} = mean of φ(i) over i ∈ D with a(i) = m,   a(i) = argmax_m s(i,m)
 *   ŝ(x,m) = max_D (or mean_D) sim(φ(x), c_{D,m})
 *
 * over the datasets where m is best at something. Nothing is trained. The paper's experts are LoRA query
 * encoders of a retriever and s is nDCG@10; here they are LLMs and s is the score.
 *
 * The released code takes the expert of the single closest prototype (max, this file), the paper's text
 * averages an expert's similarities (mean, `router_retriever_mean.ts`).
 *
 * Scores tie far more often than nDCG. A query at which all models score the same says nothing and is left
 * out; where k of them win, each gets 1/k of the query, or the query is left out too (tuned). A model that
 * is best at nothing is never chosen. Nor does the rule know how often a model is best: one that wins nearly
 * everywhere has prototypes near the mean of all queries, and a narrow specialist is closer to most of them.
 */
import type { FittedRouter, ModelProfiles, QueryBatch, Router } from "../src/router/mod.ts";
import { byId, CapabilityError, extendPool, onceFor } from "../src/router/mod.ts";
import { productF64 } from "../src/linalg/mod.ts";

/** One configuration of the grid. */
export interface Config {
  /** How a query is compared with a prototype: by direction alone, or with the prototype's length. */
  readonly similarity: "cosine" | "dot";
  /** What becomes of a query with several winners: they share it, or it counts for none. */
  readonly winners: "share" | "single";
}

/** What becomes of an expert's similarities, one a dataset. */
export type Reading = "max" | "mean";

/** Queries with their labels and the scores of the experts. */
interface Library {
  readonly queries: QueryBatch;
  /** [N × M], NaN = missing. */
  readonly scores: Float64Array;
  readonly models: readonly string[];
}

const RULES: Record<Reading, string> = {
  max:
    "the expert of the closest prototype (mean of the queries an expert is best at, per dataset)",
  mean:
    "the expert whose prototypes (mean of the queries it is best at, per dataset) are closest on average",
};
const SOURCES: Record<Reading, string> = {
  max: "the rule of its code",
  mean: "the rule of its text",
};

/** The router in one of its two readings. */
export function routerRetriever(reading: Reading): Router<Config> {
  return {
    name: `RouterRetriever (${reading})`,
    summary: RULES[reading],
    source: `RouterRetriever (arXiv 2409.02685, AAAI 2025), ${SOURCES[reading]}`,
    statement:
      "RouterRetriever's routing rule applied to an LLM pool; base encoder = the shared embedder; tie " +
      "rule = queries at which all models score the same are skipped, several winners share a query or " +
      "it is skipped too (tuned, as is cosine or dot product); the mixture-of-LoRA retrievers is not " +
      "reproduced.",
    grid: [
      { similarity: "cosine", winners: "share" },
      { similarity: "cosine", winners: "single" },
      { similarity: "dot", winners: "share" },
      { similarity: "dot", winners: "single" },
    ],
    unseen: "zero-update",
    scale: "rank",
    fit: (train, config) => routed(train, config, reading),
  };
}

/** The router, as the released code reads. */
const router: Router<Config> = routerRetriever("max");
export default router;

function routed(library: Library, config: Config, reading: Reading): FittedRouter {
  const { models, queries: { vectors: { width } } } = library, M = models.length;
  const { owners, columns } = prototypes(library, config);
  const count = new Float64Array(M);
  for (const m of owners) count[m]++;
  return {
    models,
    async predict({ ids, vectors }) {
      const Q = ids.length, P = owners.length;
      // Where nothing tells the models apart they are all alike, else one without a prototype is out.
      const quality = new Float64Array(Q * M).fill(P === 0 ? 0 : NaN);
      if (P === 0) return { quality };
      const similarity = await productF64(Float64Array.from(vectors.data), columns, Q, width, P);
      for (let at = 0; at < similarity.length; at++) {
        const m = owners[at % P], cell = Math.floor(at / P) * M + m, before = quality[cell];
        const value = reading === "max" ? similarity[at] : similarity[at] / count[m];
        if (Number.isNaN(before)) quality[cell] = value;
        else quality[cell] = reading === "max" ? Math.max(before, value) : before + value;
      }
      return { quality };
    },
    withModels: (profiles) => routed(joined(library, profiles), config, reading),
    describe: () => ({
      parameters: columns.length,
      notes: [
        `${owners.length} prototypes of ${count.filter((n) => n > 0).length} models; ` +
        `best at nothing: ${count.filter((n) => n === 0).length}`,
      ],
    }),
  };
}

/** c_{D,m} as the columns of a matrix [width × P], and the models they belong to. Length P. */
function prototypes(
  library: Library,
  config: Config,
): { owners: number[]; columns: Float64Array } {
  const width = library.queries.vectors.width;
  const kept = groups(library.scores, () => groupsOf(library, config.winners), config.winners);
  const columns = new Float64Array(width * kept.length);
  kept.forEach(({ sum, size }, p) => {
    const divisor = config.similarity === "dot" ? size : Math.hypot(...sum) || 1;
    for (let d = 0; d < width; d++) columns[d * kept.length + p] = sum[d] / divisor;
  });
  return { owners: kept.map(({ m }) => m), columns };
}

/** The queries of a dataset that an expert is best at. */
interface Group {
  /** The expert. */
  readonly m: number;
  /** Sum of their vectors, those with several winners counting in part. */
  readonly sum: Float64Array;
  /** How many they are, likewise. */
  size: number;
}

/** Groups with queries in them: both readings and both similarities share them. */
const groups = onceFor<Group[]>();

function groupsOf({ queries, scores, models }: Library, rule: Config["winners"]): Group[] {
  const { vectors: { data, width }, benchmarks } = queries, M = models.length;
  const byDataset = new Map<string, Group[]>();
  for (const i of byId(queries)) {
    const winners = best(scores.subarray(i * M, (i + 1) * M), rule), share = 1 / winners.length;
    const experts = byDataset.get(benchmarks![i]) ??
      models.map((_, m) => ({ m, sum: new Float64Array(width), size: 0 }));
    byDataset.set(benchmarks![i], experts);
    for (const m of winners) {
      const { sum } = experts[m];
      for (let d = 0, at = i * width; d < width; d++, at++) sum[d] += share * data[at];
      experts[m].size += share;
    }
  }
  return [...byDataset.keys()].sort().flatMap((dataset) =>
    byDataset.get(dataset)!.filter(({ size }) => size > 0)
  );
}

/** The models with the best score of a query; none where that tells nothing. */
function best(scores: Float64Array, rule: Config["winners"]): number[] {
  const known = [...scores.keys()].filter((m) => !Number.isNaN(scores[m]));
  const top = Math.max(...known.map((m) => scores[m]));
  const winners = known.filter((m) => scores[m] === top);
  const most = rule === "single" ? 1 : known.length - 1;
  return winners.length <= Math.min(most, known.length - 1) ? winners : [];
}

/**
 * The library with the scores of new models on those of its queries that they were labelled on. Their wins
 * are the old models' losses, so everybody's prototypes are computed again.
 */
function joined({ queries, scores, models }: Library, profiles: ModelProfiles): Library {
  const row = new Map(queries.ids.map((id, i) => [id, i])), k = profiles.models.length;
  const fresh = new Float64Array(queries.ids.length * k).fill(NaN);
  profiles.queries.ids.forEach((id, i) => {
    const to = row.get(id);
    if (to !== undefined) fresh.set(profiles.scores.subarray(i * k, (i + 1) * k), to * k);
  });
  if (fresh.every(Number.isNaN)) {
    throw new CapabilityError(
      "RouterRetriever compares models query by query: it needs a new model's score on at least one " +
        `of its ${queries.ids.length} training queries`,
    );
  }
  const pool = extendPool(models, profiles);
  return { queries, models: pool.models, scores: pool.merge(scores, fresh) };
}
