/**
 * RouterDC: training draws a query towards the models that answer it well, away from those that do not.
 *
 *   ŝ(x,m) = cos(E(x), k_m),   E(x) = W e(x) on the frozen embedding e, one vector k_m a model
 *
 * For a training query let I⁺ be the K models with the highest scores and I⁻ the K with the lowest,
 * K = ⌈M/3⌉ (3 of the paper's 7), without positives that score 0 and negatives that score above ½. With
 * a_m = cos(E(x), k_m)/τ and c = cos(E(x), E(·)):
 *
 *   L₁(x) = Σ_{p∈I⁺} −ln( e^{a_p} / (e^{a_p} + Σ_{n∈I⁻} e^{a_n}) )     a query and the models
 *   L₂(x) = −ln( e^{c(x⁺)} / (e^{c(x⁺)} + Σ_{j=1..3} e^{c(x⁻_j)}) )    a query and other queries
 *
 * Every positive has a softmax of its own: good models do not compete. x⁺ is another query of x's
 * k-means cluster, the x⁻ are of other clusters, all of the same batch. Loss: mean L₁ + λ_c · mean L₂.
 */
import type {
  FittedRouter,
  ModelProfiles,
  Random,
  Router,
  TrainingData,
} from "../src/router/mod.ts";
import {
  byId,
  CapabilityError,
  clusters,
  gather,
  modelVectors,
  onceFor,
} from "../src/router/mod.ts";
import { add, concat, linear, matmul, scale, unitLength } from "../src/nn/mod.ts";
import {
  Blocks,
  type Bound,
  normal,
  Parameters,
  type Tensor,
  trainNetwork,
  values,
} from "../src/nn/mod.ts";
import {
  balanced,
  type Line,
  lineThrough,
  modelLoss,
  pairsOf,
  queryLoss,
  sidesOf,
} from "./_dual_contrast.ts";

/** One configuration of the grid. */
export interface Config {
  /** τ, by which the cosines of L₁ are divided. */
  readonly temperature: number;
  /** λ_c, the weight of L₂. */
  readonly queryWeight: number;
  /** k-means clusters, for L₂. */
  readonly clusters: number;
  /** Whether smaller benchmarks are repeated until all are of one size; else every query is seen equally often. */
  readonly balanced: boolean;
}

/** Width of E(x) and k_m. */
const WIDTH = 128;
/** Deviation of a coordinate with which vectors of that width are about 1 long. */
const LENGTH_ONE = 1 / Math.sqrt(WIDTH);
/** The paper takes 1,000 steps of 64 queries from 5,000 rows, 13 passes; here fewer, larger steps. */
const TRAINING = { passes: 13, leastSteps: 150, leastBatch: 64, mostBatch: 256, rate: 1e-3 };
/** A new model's vector is learned alone, in 100 steps. */
const NEW_MODEL = { batch: 256, steps: 100, rate: 0.02 };

/** A way of taking in new models. */
export interface Trust {
  /** Share of its learned direction in a new model's vector; the rest is the mean direction of the known models. */
  readonly trust: number;
}

/** The router. */
const router: Router<Config, Trust> = {
  name: "RouterDC (head)",
  summary: "cosine of a projected query and one vector a model, trained by two contrastive losses",
  source: "RouterDC (arXiv 2409.19886, NeurIPS 2024) and its released code",
  statement: "the encoder is a trained projection of a frozen sentence embedding, not a " +
    "fine-tuned mDeBERTa; clusters from k-means without t-SNE; τ tuned; 128 dimensions; batches of " +
    "64 to 256 queries, the released script's are of 16; benchmarks repeated until balanced, as there, in two of the " +
    "four configurations; no checkpoint selected; queries that every model fails are masked one by one, which the " +
    "released code gets wrong; for cost curves a line fitted on training rows turns cosines into " +
    "scores; a new model is a vector fitted to its profile, our extension.",
  effort: "seconds",
  grid: [
    { temperature: 1, queryWeight: 1, clusters: 5, balanced: true },
    { temperature: 0.3, queryWeight: 1, clusters: 8, balanced: true },
    { temperature: 0.1, queryWeight: 1, clusters: 20, balanced: false },
    { temperature: 0.1, queryWeight: 0, clusters: 5, balanced: false },
  ],
  unseen: "fit-new-vector",
  unseenGrid: [1, 0.5, 0.25, 0.1].map((trust) => ({ trust })),
  scale: "rank",
  async fit(train, config, context) {
    const { queries, models, scores } = train, { random, seed } = context;
    const D = queries.vectors.width, M = models.length;
    const parameters = new Parameters(random);
    parameters.add("projection", [D, WIDTH], normal(1 / Math.sqrt(D)));
    parameters.add("models", [M, WIDTH], values(modelVectors(models, WIDTH, LENGTH_ONE, random)));
    const sides = sidesOf(queries.ids, models, scores, random);
    const { assignment } = await clusters(queries, config.clusters, seed);
    const pairs = pairsOf(assignment);
    const examples = config.balanced ? balanced(queries) : byId(queries);
    await trainNetwork({
      parameters,
      ...lengthOf(queries.ids.length, examples.length),
      rate: TRAINING.rate,
      examples,
      random: random.fork("training"),
      loss: (graph, parameter, { size: B, take }) => {
        const E = project(parameter, take(queries.vectors.data, D));
        const toModels = matmul(E, unitLength(parameter("models")), { transposeB: true });
        const a = scale(toModels, 1 / config.temperature);
        const first = modelLoss(a, take(sides.positive, M), take(sides.negative, M));
        if (config.queryWeight === 0) return first;
        const toQueries = matmul(E, E, { transposeB: true });
        const second = queryLoss(
          toQueries,
          graph.input("like", [B, B]),
          graph.input("compared", [B, B]),
        );
        return add(first, scale(second, config.queryWeight));
      },
      ...(config.queryWeight > 0 && { feed: pairs }),
    }, context);
    const trained = { train, config, random, parameters }, learned = onceFor<Promise<Learned>>();
    const line = lineThrough(
      await cosines(parameters).apply(queries.vectors),
      scores,
      M,
      byId(queries),
    );
    const taught = Math.round(100 * sides.rows.length / queries.ids.length);
    return {
      ...routed(models, parameters, line, `${taught}% of the queries teach`),
      withModels: async (profiles, way = { trust: 1 }) => {
        const found = await learned(profiles.scores, () => learn(trained, profiles));
        return extended(trained, line, profiles, found, way);
      },
    };
  },
};
export default router;

/** E(x), of length 1. */
function project(parameter: Bound, x: Tensor): Tensor {
  return unitLength(linear(x, parameter("projection")));
}

/** The batch, and how often examples are seen, so that rows (not their repetitions) are seen 13 times. */
function lengthOf(rows: number, examples: number): { batch: number; epochs: number } {
  const { passes, leastSteps, leastBatch, mostBatch } = TRAINING;
  const fit = Math.round(passes * rows / leastSteps);
  const batch = Math.min(Math.max(fit, leastBatch), mostBatch, examples);
  return { batch, epochs: Math.max(leastSteps * batch, passes * rows) / examples };
}

function cosines(parameters: Parameters): Blocks {
  return new Blocks(
    parameters,
    (_, parameter, x) =>
      matmul(project(parameter, x), unitLength(parameter("models")), { transposeB: true }),
  );
}

function routed(
  models: readonly string[],
  parameters: Parameters,
  [intercept, slope]: Line,
  note: string,
): FittedRouter {
  const network = cosines(parameters);
  return {
    models,
    predict: async ({ vectors }) => ({
      quality: (await network.apply(vectors)).map((cosine) => intercept + slope * cosine),
    }),
    describe: () => ({ parameters: parameters.count + 2, notes: [note] }),
  };
}

/** What a fit leaves behind. */
interface Trained {
  readonly train: TrainingData;
  readonly config: Config;
  readonly random: Random;
  readonly parameters: Parameters;
}

/** Vectors of new models, and of whom they were learned: the same for every trust. */
interface Learned {
  /** Indices of the training models that are no new models. */
  readonly old: readonly number[];
  /** Row-major [new models × width]; NaN for a model without a label. */
  readonly vectors: Float32Array;
  /** Queries that taught them. */
  readonly examples: number;
}

/** The router with new models: their learned vectors, as far as they are trusted. */
function extended(
  { train, parameters }: Trained,
  line: Line,
  profiles: ModelProfiles,
  { old, vectors, examples }: Learned,
  { trust }: Trust,
): FittedRouter<Trust> {
  const models = [...old.map((m) => train.models[m]), ...profiles.models], M = models.length;
  const oldVectors = gather(parameters.get("models").data, WIDTH, old);
  const mean = direction(meanRow(rowsOf(oldVectors).map(direction)));
  const added = rowsOf(vectors).flatMap((vector) =>
    Array.from(direction(vector), (value, d) => trust * value + (1 - trust) * mean[d])
  );
  const order = [...byId({ ids: models })];
  const data = gather(Float32Array.from([...oldVectors, ...added]), WIDTH, order);
  const all = parameters.copy({ models: { shape: [M, WIDTH], data } });
  return routed(order.map((m) => models[m]), all, line, `new models from ${examples} queries`);
}

function rowsOf(vectors: Float32Array): Float32Array[] {
  return Array.from(
    { length: vectors.length / WIDTH },
    (_, m) => vectors.subarray(m * WIDTH, (m + 1) * WIDTH),
  );
}

/** A vector at length 1; one of length 0 stays. */
function direction(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

function meanRow(rows: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(WIDTH);
  for (const row of rows) row.forEach((value, d) => sum[d] += value / rows.length);
  return sum;
}

/**
 * New models: L₁ on the profile queries, all but the new vectors fixed. Who is better or worse than a new
 * model there is known of the profile queries that are training queries.
 */
async function learn(
  { train, config, random, parameters }: Trained,
  { queries, models: fresh, scores }: ModelProfiles,
): Promise<Learned> {
  const old = [...train.models.keys()].filter((m) => !fresh.includes(train.models[m]));
  const models = [...old.map((m) => train.models[m]), ...fresh], M = models.length;
  const trained = new Map(train.queries.ids.map((id, row) => [id, row]));
  const cells = Float64Array.from({ length: queries.ids.length * M }, (_, at) => {
    const i = Math.floor(at / M), m = at % M, row = trained.get(queries.ids[i]);
    if (m >= old.length) return scores[i * fresh.length + m - old.length];
    return row === undefined ? NaN : train.scores[row * train.models.length + old[m]];
  });
  const sides = sidesOf(queries.ids, models, cells, random), took = new Set(sides.rows);
  const examples = byId(queries).filter((i) => took.has(i));
  const labelled = fresh.map((_, m) =>
    queries.ids.some((_, i) => !Number.isNaN(scores[i * fresh.length + m]))
  );
  if (!labelled.includes(true) || examples.length === 0) {
    throw new CapabilityError(
      "RouterDC needs training queries that a new model is labelled on, some better and some worse " +
        "answered",
    );
  }
  const training = new Parameters(random);
  const oldVectors = gather(parameters.get("models").data, WIDTH, old);
  training.add(
    "new",
    [fresh.length, WIDTH],
    values(modelVectors(fresh, WIDTH, LENGTH_ONE, random)),
  );
  const encoder = new Blocks(parameters, (_, parameter, x) => project(parameter, x));
  const E = Float32Array.from(await encoder.apply(queries.vectors));
  await trainNetwork({
    ...NEW_MODEL,
    parameters: training,
    examples,
    epochs: NEW_MODEL.steps * Math.min(1, NEW_MODEL.batch / examples.length),
    random: random.fork("new models"),
    loss: (graph, parameter, { take }) => {
      const known = old.length > 0 ? [graph.input("old", [old.length, WIDTH])] : [];
      const k = unitLength(concat([...known, parameter("new")], 0));
      const a = scale(matmul(take(E, WIDTH), k, { transposeB: true }), 1 / config.temperature);
      return modelLoss(a, take(sides.positive, M), take(sides.negative, M));
    },
    feed: () => ({ old: oldVectors }),
  });
  const vectors = training.get("new").data.map((value, at) =>
    labelled[Math.floor(at / WIDTH)] ? value : NaN
  );
  return { old, vectors, examples: examples.length };
}
