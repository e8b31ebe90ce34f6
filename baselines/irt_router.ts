/**
 * IRT-Router (MIRT): item response theory, with models as the persons and queries as the items of a test.
 *
 *   P(x,m) = σ( a(x)·θ_m − b(x) ),   a(x) = softplus(A φ(x)),   b(x) = B φ(x)
 *
 * θ_m are the abilities of a model in 25 latent skills, a(x) ≥ 0 says how much the query asks of each skill
 * (so more of an ability never hurts) and b(x) how hard it is. A, B and θ are trained together by binary
 * cross-entropy on all cells of the table; soft scores are soft labels.
 *
 * A query to be routed is cold, none of its outcomes were seen. Its embedding is warmed up with those of
 * training queries: φ' = (1 − λ_w)·φ(x) + λ_w · mean of the nearest ones.
 *
 * A new model is a θ fitted to its labelled queries, A and B as they are.
 *
 * The paper decides by α·P − β·C with α + β = 1 and C the price scaled to [0, 1]: up to the factor α that
 * is the harness's own rule P − λ·c̃ with λ = β/α, which is used.
 */
import type {
  FitContext,
  FittedRouter,
  ModelProfiles,
  QueryBatch,
  Router,
  TrainingData,
} from "../src/router/mod.ts";
import {
  AT_THIS_SIZE,
  expectLabel,
  extendPool,
  labelledExamples,
  onceFor,
} from "../src/router/mod.ts";
import { logisticFit, type Matrix, matrix, productF64 } from "../src/linalg/mod.ts";
import { binaryCrossEntropy, concat, linear, matmul, scale, softplus, sub } from "../src/nn/mod.ts";
import {
  Blocks,
  type Bound,
  normal,
  Parameters,
  type Tensor,
  trainNetwork,
  zeros,
} from "../src/nn/mod.ts";
import { type Spread, SPREADS } from "./_new_vectors.ts";
import { type Config, warmedUp } from "./_irt.ts";

/** Latent skills, cells of the table a step and learning rate, as published. */
const SKILLS = 25, CELLS = 512, RATE = 1e-3;

/**
 * With more cells than LARGE, steps are larger than published, so that a pass takes STEPS_A_PASS: at 512 cells a step
 * it would take more than 8,000, or one for every query where models are thousands.
 */
const LARGE = 2 ** 22, STEPS_A_PASS = 1000;

/** Queries a step. */
export function batchOf(queries: number, models: number): number {
  return queries * models > LARGE
    ? Math.ceil(queries / STEPS_A_PASS)
    : Math.max(1, Math.round(CELLS / models));
}

/** The router. */
const router: Router<Config, Spread> = {
  name: "IRT-Router (MIRT, id)",
  summary: "item response theory: abilities of a model against demands and difficulty of a query",
  source: "IRT-Router (arXiv 2506.01048, ACL 2025), MIRT variant",
  statement:
    "a model's abilities are a free vector, not a projection of its description; φ is the shared " +
    "embedding, scaled to unit variance, where the paper has BERT; 10 nearest queries warm up a cold " +
    "one; 10 passes, as published, or 30 (tuned); α·P − β·C is decided by the shared λ rule, λ = β/α.",
  effort: "seconds",
  grid: [
    { epochs: 10, warmUp: 0.3 },
    { epochs: 10, warmUp: 0 },
    { epochs: 30, warmUp: 0.3 },
    { epochs: 30, warmUp: 0 },
  ],
  unseen: "fit-new-vector",
  unseenGrid: SPREADS,
  async fit(train, config, context) {
    const { epochs } = config, key = `${context.seed}/${epochs}`;
    const test = await trained(train.scores, () => calibrate(train, epochs, context), key);
    return answering(train.models, test.abilities, test, train.queries, config);
  },
};
export default router;

/** A trained test: what it knows of queries, and the abilities of the models that took it. */
interface Test {
  /** θ as columns, [skills × M]. */
  readonly abilities: Float64Array;
  /** a(x) [Q × skills] and b(x) [Q] of embeddings. */
  items(vectors: Matrix): Promise<{ demands: Float64Array; difficulty: Float64Array }>;
  /** Numbers in A and B. */
  readonly size: number;
  /** What a large pool changed. */
  readonly notes: readonly string[];
}

/** Trained tests: the warm-up only concerns prediction, so its settings share one. */
const trained = onceFor<Promise<Test>>();

/** Learns A, B and θ from all cells with an outcome. */
async function calibrate(train: TrainingData, epochs: number, context: FitContext): Promise<Test> {
  const D = train.queries.vectors.width, M = train.models.length;
  const parameters = new Parameters(context.random);
  parameters.add("A", [D, SKILLS], normal(1 / Math.sqrt(D)));
  parameters.add("B", [D, 1], normal(1 / Math.sqrt(D)));
  parameters.add("abilities", [SKILLS, M], zeros); // models differ by their outcomes alone
  const { examples, labels, weights } = labelledExamples(train);
  await trainNetwork({
    parameters,
    examples,
    batch: batchOf(examples.length, M),
    epochs,
    rate: RATE,
    random: context.random.fork("training"),
    loss: (_, parameter, { take }) => {
      const { demands, difficulty } = item(parameter, take(train.queries.vectors.data, D));
      const merit = matmul(demands, parameter("abilities"));
      return binaryCrossEntropy(sub(merit, difficulty), take(labels, M), take(weights, M));
    },
  }, context);
  const network = new Blocks(parameters, (_, parameter, x) => {
    const { demands, difficulty } = item(parameter, x);
    return concat([demands, difficulty], 1);
  });
  return {
    abilities: Float64Array.from(parameters.get("abilities").data),
    items: async (vectors) => itemsOf(await network.apply(vectors)),
    size: parameters.count - M * SKILLS,
    notes: examples.length * M > LARGE
      ? [
        `${AT_THIS_SIZE} a step takes ${
          batchOf(examples.length, M)
        } queries, a pass ${STEPS_A_PASS} steps`,
      ]
      : [],
  };
}

/** a(x) and b(x). Coordinates of a unit vector are brought to order 1, as those of BERT are. */
function item(parameter: Bound, x: Tensor): { demands: Tensor; difficulty: Tensor } {
  const phi = scale(x, Math.sqrt(x.shape[1]));
  return {
    demands: softplus(linear(phi, parameter("A"))),
    difficulty: linear(phi, parameter("B")),
  };
}

/** Separates rows of demands and difficulty, [Q × (skills + 1)]. */
function itemsOf(rows: Float64Array): { demands: Float64Array; difficulty: Float64Array } {
  const Q = rows.length / (SKILLS + 1);
  const demands = new Float64Array(Q * SKILLS), difficulty = new Float64Array(Q);
  for (let i = 0, at = 0; i < Q; i++) {
    for (let skill = 0; skill < SKILLS; skill++) demands[i * SKILLS + skill] = rows[at++];
    difficulty[i] = rows[at++];
  }
  return { demands, difficulty };
}

/** @param abilities θ of the models as columns, [skills × M] */
function answering(
  models: readonly string[],
  abilities: Float64Array,
  test: Test,
  store: QueryBatch,
  config: Config,
): FittedRouter<Spread> {
  const M = models.length;
  return {
    models,
    async predict(batch) {
      const items = await test.items(await warmedUp(batch, store, config.warmUp));
      const quality = await productF64(items.demands, abilities, batch.ids.length, SKILLS, M);
      for (let i = 0, at = 0; i < batch.ids.length; i++) {
        for (let m = 0; m < M; m++, at++) quality[at] = sigmoid(quality[at] - items.difficulty[i]);
      }
      return { quality };
    },
    async withModels(profiles, way) {
      const pool = extendPool(models, profiles);
      const fresh = await examine(profiles, test, way);
      return answering(pool.models, pool.merge(abilities, fresh), test, store, config);
    },
    describe: () => ({ parameters: test.size + abilities.length, notes: test.notes }),
  };
}

/**
 * Abilities of new models [skills × new models], A and B as they are: the most probable ones given their
 * outcomes, if abilities are spread around the training pool's mean as those of the training pool.
 */
async function examine(
  profiles: ModelProfiles,
  test: Test,
  { spread: factor } = SPREADS[0],
): Promise<Float64Array> {
  expectLabel(profiles, "IRT-Router");
  const { queries: { ids, vectors }, models: { length: k }, scores } = profiles;
  const { abilities } = test, M = abilities.length / SKILLS, prior = new Float64Array(SKILLS);
  abilities.forEach((ability, at) => prior[Math.floor(at / M)] += ability / M);
  const spread = abilities.reduce((sum, x, at) => sum + (x - prior[Math.floor(at / M)]) ** 2, 0);
  const { demands, difficulty } = await test.items(vectors);
  const weights = await logisticFit(
    matrix(ids.length, SKILLS, Float32Array.from(demands)),
    scores,
    {
      penalty: (spread > 0 ? abilities.length / spread : 1) / factor, // 1 / variance
      prior,
      offsets: scores.map((_, at) => -difficulty[Math.floor(at / k)]),
      bias: false,
    },
  );
  return weights.slice(0, SKILLS * k);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
