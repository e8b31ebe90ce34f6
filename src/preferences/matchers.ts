/**
 * Matchers: from a query's vector to a route and how well it is supported. `other` is the index after the last
 * route.
 */
import { seededOrder } from "../base/random.ts";
import {
  logisticFit,
  logisticPredict,
  type Matrix,
  matrix,
  nearest,
  normaliseToGrid,
  product,
  row,
  takeRows,
} from "../linalg/mod.ts";

/** What a matcher learns from: the routes of one level, and labelled training queries. */
export interface Level {
  /** Number of routes R; R itself is the label of queries out of scope. */
  readonly routes: number;
  /** Encoded names [R × D]. */
  readonly names: Matrix;
  /** Encoded descriptions [R × D]. */
  readonly descriptions: Matrix;
  /** Encoded training queries [N × D]. */
  readonly queries: Matrix;
  /** Their ids. Length N. */
  readonly ids: readonly string[];
  /** Their routes. Length N. */
  readonly labels: Int32Array;
}

/** The route of every query that fits best, and how well: `other` is for the caller where that is too little. */
export interface Match {
  /** Length Q. */
  readonly route: Int32Array;
  /** Length Q. */
  readonly support: Float64Array;
}

/** A fitted matcher. */
export type Fitted = (vectors: Matrix) => Promise<Match>;

/** A kind of matcher. */
export interface Matcher {
  /** As in the results. */
  readonly id: string;
  /** As in tables. */
  readonly name: string;
  /** What it knows of a route. */
  readonly knows: string;
  /** Whether it draws anything. */
  readonly random?: boolean;
  /** One fitted matcher for each setting; validation rows choose. */
  fit(level: Level, seed: number): Promise<readonly Fitted[]>;
}

/** Example queries of a route, as a user would write them down. */
const EXAMPLES = 5;

/** All matchers, in the order of the tables. */
export const MATCHERS: readonly Matcher[] = [
  {
    id: "names",
    name: "cosine to the name",
    knows: "its name",
    fit: async ({ names }) => [closest(names)],
  },
  {
    id: "descriptions",
    name: "cosine to the description",
    knows: "one line in words",
    fit: async ({ descriptions }) => [closest(descriptions)],
  },
  {
    id: "examples",
    name: `kNN on ${EXAMPLES} examples`,
    knows: `${EXAMPLES} queries`,
    random: true,
    fit: async (level, seed) => {
      const byRoute = Map.groupBy(level.labels.keys(), (i) => level.labels[i]);
      byRoute.delete(level.routes);
      const chosen = [...byRoute.values()].flatMap((rows) =>
        seededOrder(rows, (i) => level.ids[i], seed, "preferences/examples").slice(0, EXAMPLES)
      ).sort((a, b) => a - b);
      return [1, 3, EXAMPLES].map((k) => votes(level, chosen, k));
    },
  },
  {
    id: "prototypes",
    name: "cosine to the mean query (as the policy table)",
    knows: "all training queries",
    fit: async (level) => [closest(meanQueries(level))],
  },
  {
    id: "knn",
    name: "kNN",
    knows: "all training queries",
    fit: async (level) => [1, 5, 10, 20].map((k) => votes(level, [...level.labels.keys()], k)),
  },
  {
    id: "logistic",
    name: "logistic regression (upper reference)",
    knows: "all training queries",
    fit: logistic,
  },
];

/** The route of the nearest prototype, supported by its cosine. */
function closest(prototypes: Matrix): Fitted {
  return async (vectors) => {
    const { data, width } = await product(vectors, prototypes);
    return best(Float64Array.from(data), width);
  };
}

/** The route with the largest sum of cosines among the k nearest queries, supported by the sum over k. */
function votes({ queries, labels, routes }: Level, rows: readonly number[], k: number): Fitted {
  const store = takeRows(queries, rows), width = routes + 1;
  return async (vectors) => {
    const found = await nearest(vectors, store, k), sums = new Float64Array(vectors.rows * width);
    found.index.forEach((at, i) => {
      sums[Math.floor(i / found.k) * width + labels[rows[at]]] += found.similarity[i] / found.k;
    });
    return best(sums, width);
  };
}

/**
 * One regression a route against all others, queries out of scope among these; supported by its probability.
 * The penalty was best on validation queries of clinc150 among 1, .1 and .01.
 */
async function logistic({ queries, labels, routes }: Level): Promise<Fitted[]> {
  const cells = new Float64Array(labels.length * routes);
  labels.forEach((route, i) => route < routes && (cells[i * routes + route] = 1));
  const weights = await logisticFit(queries, cells, { penalty: 0.1 });
  return [async (vectors) => best(await logisticPredict(vectors, weights), routes)];
}

/** Mean vector of every route's training queries, of length 1. */
function meanQueries({ queries, labels, routes }: Level): Matrix {
  const sums = new Float64Array(routes * queries.width);
  labels.forEach((route, i) => {
    if (route === routes) return;
    row(queries, i).forEach((value, d) => sums[route * queries.width + d] += value);
  });
  return normaliseToGrid(matrix(routes, queries.width, Float32Array.from(sums)));
}

/** The largest of every row's cells [Q × width], the first where several are. */
function best(cells: Float64Array, width: number): Match {
  const Q = cells.length / width, route = new Int32Array(Q), support = new Float64Array(Q);
  for (let i = 0; i < Q; i++) {
    const own = cells.subarray(i * width, (i + 1) * width);
    route[i] = own.reduce((at, value, r) => value > own[at] ? r : at, 0);
    support[i] = own[route[i]];
  }
  return { route, support };
}
