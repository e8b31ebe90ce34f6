/**
 * Policy table after Arch-Router: a user's table says which model serves which kind of query, and a matcher
 * says which kind a query is of. model = T(F(query, routes)).
 *
 * Routes have two levels, as Arch-Router's do: a domain (benchmark) and its actions (tasks). There they are
 * described in words, read by a language model trained on matching; here a route is the prototype p_r, the
 * mean vector of its training queries, and
 *
 *   F(x) = argmax_r cos(x, p_r),  `other` where no cosine reaches θ
 *   T(r) = argmax_m mean score of m on the training queries labelled r;  T(other) = best single model
 *
 * θ is a quantile of the training queries' own cosines. An action without five scores of a model takes its
 * domain's mean, a domain without five the overall mean. A new model is an edit of T, from its labelled
 * queries as F sorts them. "Best per benchmark" reads the query's label; F has to guess it.
 */
import type { FittedRouter, Router, TrainingData } from "../src/router/mod.ts";
import {
  byId,
  clusterMeans,
  columnMeans,
  expectLabel,
  extendPool,
  onceFor,
} from "../src/router/mod.ts";
import { type Matrix, matrix, normaliseToGrid, product, row } from "../src/linalg/mod.ts";

/** One configuration of the grid. */
export interface Config {
  /** Domains with their actions, or domains alone. */
  readonly routes: "actions" | "domains";
  /** Share of training queries that θ would send to `other`. */
  readonly other: number;
}

/** Fewest queries an action needs, and fewest scores a mean. */
const FEWEST = 5;

/** What a user would write down, R routes, and how alike a query must be to one of them. */
interface Policies {
  /** p_r [R × D]. */
  readonly prototypes: Matrix;
  /** The domain of each route, itself for a domain. Length R. */
  readonly domain: readonly number[];
  /** θ. */
  readonly threshold: number;
}

/** Scores of a set of models: of each route [R × M], and overall [M]. */
interface Table {
  readonly routes: Float64Array;
  readonly overall: Float64Array;
}

/** The route of a query that is like none. */
const OTHER = -1;

/** The router. */
const router: Router<Config> = {
  name: "policy table (Arch-style)",
  summary: "matches the query to a benchmark or task by vector, takes the model that is best there",
  source: "after Arch-Router (arXiv 2506.16655)",
  statement:
    "Policy-table baseline after Arch-Router; policies are our benchmark and task labels, described by " +
    "the mean vector of their training queries, not in words; matcher = cosine, not a language model; no " +
    "preference data. Unlike best per benchmark it does not see the query's label, and like it, it knows " +
    "of quality only what the table says.",
  grid: (["actions", "domains"] as const).flatMap((routes): Config[] => [
    { routes, other: 0.05 },
    { routes, other: 0 },
    { routes, other: 0.25 },
  ]),
  unseen: "zero-update",
  async fit(train, { routes, other }) {
    const { policies, table, found, notes } = await described(
      train.scores,
      () => describe(train, routes),
      routes,
    );
    const threshold = other > 0
      ? found.cosine.toSorted()[Math.floor(other * found.cosine.length)]
      : -Infinity;
    return routed(train.models, table, { ...policies, threshold }, [
      ...notes,
      `\`other\` below a cosine of ${threshold.toFixed(3)}`,
    ]);
  },
};
export default router;

/** What does not depend on θ, and is made once for every set of routes and outcomes. */
interface Described {
  readonly policies: Omit<Policies, "threshold">;
  readonly table: Table;
  /** Of the training queries. */
  readonly found: Matched;
  readonly notes: readonly string[];
}

const described = onceFor<Promise<Described>>();

async function describe(
  { queries, tasks, models, scores }: TrainingData,
  routes: Config["routes"],
): Promise<Described> {
  const benchmarks = queries.benchmarks!, order = byId(queries);
  const rowsOf = (labels: readonly string[]): Map<string, number[]> =>
    Map.groupBy(order, (i) => labels[i]);
  const domains = [...rowsOf(benchmarks)].sort(byName);
  const names = domains.map(([name]) => name);
  const actions = routes === "domains" ? [] : [...rowsOf(tasks)].sort(byName)
    .filter(([name, rows]) => rows.length >= FEWEST && !names.includes(name));
  const all = [...domains, ...actions];
  const domain = all.map(([, [first]]) => names.indexOf(benchmarks[first]));
  const prototypes = normaliseToGrid(
    matrix(all.length, queries.vectors.width, meansOf(queries.vectors, all.map((r) => r[1]))),
  );
  const policies = { prototypes, domain };
  const found = await match(queries.vectors, { prototypes, threshold: -Infinity });
  // The table goes by true labels; how F matches the same queries is only reported.
  const label = new Int32Array(benchmarks.length);
  all.forEach(([, rows], r) => rows.forEach((i) => label[i] = r));
  const right = label.reduce((n, r, i) => n + Number(domain[r] === domain[found.route[i]]), 0);
  return {
    policies,
    table: tableOf(scores, models.length, label, domain),
    found,
    notes: [
      `${all.length} routes, ${domains.length} of them domains`,
      `training queries matched to their own domain: ${(100 * right / label.length).toFixed(1)}%`,
    ],
  };
}

function routed(
  models: readonly string[],
  table: Table,
  policies: Policies,
  notes: readonly string[],
): FittedRouter {
  const M = models.length;
  return {
    models,
    predict: async ({ ids, vectors }) => {
      const { route } = await match(vectors, policies), quality = new Float64Array(ids.length * M);
      route.forEach((r, i) => {
        quality.set(r === OTHER ? table.overall : table.routes.subarray(r * M, (r + 1) * M), i * M);
      });
      return { quality };
    },
    withModels: async (profiles) => {
      expectLabel(profiles, "a policy table");
      const pool = extendPool(models, profiles);
      const { route } = await match(profiles.queries.vectors, policies);
      const fresh = tableOf(profiles.scores, profiles.models.length, route, policies.domain);
      const edited = {
        routes: pool.merge(table.routes, fresh.routes),
        overall: pool.merge(table.overall, fresh.overall),
      };
      return routed(pool.models, edited, policies, notes);
    },
    describe: () => ({
      parameters: policies.prototypes.data.length + table.routes.length + M,
      notes,
    }),
  };
}

/** The route of every query, and how near it is. */
interface Matched {
  readonly route: Int32Array;
  readonly cosine: Float32Array;
}

/** F: the nearest route of every query, domains before actions where they are equally near. */
async function match(
  vectors: Matrix,
  { prototypes, threshold }: Pick<Policies, "prototypes" | "threshold">,
): Promise<Matched> {
  const cosines = await product(vectors, prototypes);
  const route = new Int32Array(vectors.rows), cosine = new Float32Array(vectors.rows);
  for (let i = 0; i < vectors.rows; i++) {
    const of = row(cosines, i);
    const best = of.reduce((best, value, r) => value > of[best] ? r : best, 0);
    cosine[i] = of[best];
    route[i] = cosine[i] < threshold ? OTHER : best;
  }
  return { route, cosine };
}

/**
 * Mean scores per route; those of a domain are over its actions too.
 * @param route the narrowest route of every row
 */
function tableOf(
  scores: Float64Array,
  M: number,
  route: Int32Array,
  domain: readonly number[],
): Table {
  const R = domain.length, overall = columnMeans(scores, M);
  // One more cluster takes the rows of no route.
  const means = (of: (r: number) => number): ReturnType<typeof clusterMeans> =>
    clusterMeans(scores, M, route.map((r) => r === OTHER ? R : of(r)), R + 1);
  const narrow = means((r) => r), wide = means((r) => domain[r]);
  const routes = new Float64Array(R * M);
  for (let r = 0; r < R; r++) {
    for (let m = 0; m < M; m++) {
      const at = r * M + m, above = domain[r] * M + m;
      const broad = wide.count[above] >= FEWEST ? wide.mean[above] : overall[m];
      const own = domain[r] !== r && narrow.count[at] >= FEWEST;
      routes[at] = own ? narrow.mean[at] : broad;
    }
  }
  return { routes, overall };
}

/** Mean vector of each group of rows, [groups × D]. */
function meansOf(vectors: Matrix, groups: readonly (readonly number[])[]): Float32Array {
  const D = vectors.width, means = new Float32Array(groups.length * D);
  groups.forEach((rows, g) => {
    const sum = new Float64Array(D);
    for (const i of rows) {
      for (let d = 0, at = i * D; d < D; d++, at++) sum[d] += vectors.data[at];
    }
    means.set(sum.map((s) => s / rows.length), g * D);
  });
  return means;
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
