/**
 * IRT-Router (NIRT): item response theory whose response function is a network that cannot decrease.
 *
 *   P(x,m) = σ( f( r(x) ⊙ (σ(θ_m) − d(x)) ) ),   r(x) = σ(R φ(x)),   d(x) = σ(D φ(x))
 *
 * θ_m are the abilities of a model in 25 latent skills, d(x) says how hard the query is in each of them and r(x)
 * which of them matter to it. f is a network with one hidden layer whose weights are squares, and so never below 0:
 * more of an ability never hurts, as in the linear variant (MIRT, `irt_router.ts`), but skills may add up in any
 * other way. This is the network of NeuralCD, a model of students and exercises. All is trained together by binary
 * cross-entropy on all cells of the table; soft scores are soft labels.
 *
 * A cold query is warmed up and the decision is made as in MIRT. A new model is a θ fitted to its labelled queries,
 * the rest frozen: the most probable one, if abilities are spread as those of the training pool.
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
  byId,
  columnMeans,
  expectLabel,
  extendPool,
  labelledExamples,
  masked,
  onceFor,
  random,
} from "../src/router/mod.ts";
import { type Matrix, matrix } from "../src/linalg/mod.ts";
import {
  add,
  binaryCrossEntropy,
  concat,
  expand,
  linear,
  matmul,
  mul,
  negate,
  reshape,
  scale,
  shift,
  sigmoid,
  split,
  square,
  sub,
  sumAll,
  tanh,
  transpose,
} from "../src/nn/mod.ts";
import {
  Blocks,
  type Bound,
  normal,
  Parameters,
  type Tensor,
  trainNetwork,
  zeros,
} from "../src/nn/mod.ts";
import { type Config, warmedUp } from "./_irt.ts";

/** One way of taking in a new model. */
export interface Way {
  /** The pull to the mean ability, as a multiple of 1 / variance of the known abilities. */
  readonly pull: number;
}

/** Latent skills, as published; hidden units of f; cells of the table a step and the learning rate. */
const SKILLS = 25, HIDDEN = 64, CELLS = 2048, RATE = 0.02;
/** What squares of weights lose their last digits beside: far less than these sums can tell. */
const FLUSHED = 1e-12;
/** Steps on all labels at once, and their rate, that fit the abilities of new models. */
const EXAM = { steps: 150, rate: 0.1 };
const WAYS: readonly Way[] = [0.25, 1, 1 / 16, 1 / 64].map((pull) => ({ pull }));

/** The router. */
const router: Router<Config, Way> = {
  name: "IRT-Router (NIRT, id)",
  summary: "item response theory with a monotone network between abilities and success",
  source: "IRT-Router (arXiv 2506.01048, ACL 2025), NIRT variant; network after NeuralCD",
  statement:
    "a query's relevance to the skills is learned from its embedding, where the paper has a language " +
    "model tag it; a model's abilities are a free vector, not a projection of its description; φ is the " +
    "shared embedding, scaled to unit variance; one hidden layer of 64 units, squares as weights; 2,048 " +
    "cells a step; 10 nearest queries warm up a cold one; 10 or 30 passes (tuned); α·P − β·C is decided " +
    "by the shared λ rule, λ = β/α.",
  effort: "seconds",
  grid: [
    { epochs: 30, warmUp: 0.3 },
    { epochs: 30, warmUp: 0 },
    { epochs: 10, warmUp: 0.3 },
    { epochs: 10, warmUp: 0 },
  ],
  unseen: "fit-new-vector",
  unseenGrid: WAYS,
  async fit(train, config, context) {
    const { epochs } = config, key = `${context.seed}/${epochs}`;
    const test = await trained(train.scores, () => calibrate(train, epochs, context), key);
    return answering(train.models, test.abilities, test.parameters, train.queries, config);
  },
};
export default router;

/** A trained test. */
interface Test {
  /** R, D and f. */
  readonly parameters: Parameters;
  /** θ as columns, [skills × M]; NaN for a model without an outcome. */
  readonly abilities: Float64Array;
}

/** Trained tests: the warm-up only concerns prediction, so its settings share one. */
const trained = onceFor<Promise<Test>>();

/** Learns R, D, f and θ from all cells with an outcome. */
async function calibrate(train: TrainingData, epochs: number, context: FitContext): Promise<Test> {
  const { queries: { vectors }, models, scores } = train;
  const D = vectors.width, M = models.length, parameters = new Parameters(context.random);
  parameters.add("R", [D, SKILLS], normal(1 / Math.sqrt(D)));
  parameters.add("D", [D, SKILLS], normal(1 / Math.sqrt(D)));
  parameters.add("in", [SKILLS, HIDDEN], normal(Math.sqrt(4 / SKILLS)));
  parameters.add("in bias", [HIDDEN], normal(0.5)); // units that bend at different places
  parameters.add("out", [HIDDEN, 1], normal(Math.sqrt(1 / Math.sqrt(HIDDEN))));
  parameters.add("out bias", [1], zeros);
  parameters.add("abilities", [SKILLS, M], zeros); // models differ by their outcomes alone
  const { examples, labels, weights } = labelledExamples(train), x = phi(vectors).data;
  await trainNetwork({
    parameters,
    examples,
    batch: Math.max(1, Math.round(CELLS / M)),
    epochs,
    rate: RATE,
    random: context.random.fork("training"),
    loss: (_, parameter, { take }) => {
      const logits = answers(parameter, items(parameter, take(x, D)));
      return binaryCrossEntropy(logits, take(labels, M), take(weights, M));
    },
  }, context);
  const means = columnMeans(scores, M);
  const abilities = Float64Array.from(
    parameters.get("abilities").data,
    (ability, at) => Number.isNaN(means[at % M]) ? NaN : ability,
  );
  return { parameters, abilities };
}

/** φ as the network reads it: coordinates of a unit vector brought to order 1, as BERT's are. */
function phi({ rows, width, data }: Matrix): Matrix {
  const out = matrix(rows, width), factor = Math.fround(Math.sqrt(width));
  for (let at = 0; at < data.length; at++) out.data[at] = factor * data[at];
  return out;
}

/** r(x) and −d(x), [B × skills] each. */
function items(parameter: Bound, phi: Tensor): readonly [Tensor, Tensor] {
  const [relevance, difficulty] = ["R", "D"].map((name) => sigmoid(matmul(phi, parameter(name))));
  return [relevance, negate(difficulty)];
}

/** Logits of all models, [B × M], on items as {@link items} makes them. */
function answers(parameter: Bound, [relevance, ease]: readonly [Tensor, Tensor]): Tensor {
  const B = relevance.shape[0], theta = transpose(parameter("abilities"), [1, 0]);
  const M = theta.shape[0], each = (x: Tensor): Tensor => reshape(x, [B, 1, SKILLS]);
  const x = mul(each(relevance), add(reshape(sigmoid(theta), [1, M, SKILLS]), each(ease)));
  const flat = reshape(x, [B * M, SKILLS]);
  const h = tanh(linear(flat, monotone(parameter("in")), parameter("in bias")));
  // A single number is slow to add to a column.
  const bias = expand(parameter("out bias"), [B * M, 1]);
  return reshape(add(matmul(h, monotone(parameter("out"))), bias), [B, M]);
}

/**
 * w², 0 where it is below some 10⁻¹⁹. Many weights end there, and products with squares smaller still would be
 * subnormal, on which a CPU computes many times slower.
 */
function monotone(w: Tensor): Tensor {
  return shift(shift(square(w), FLUSHED), -FLUSHED);
}

/** @param abilities θ of the models as columns, [skills × M] */
function answering(
  models: readonly string[],
  abilities: Float64Array,
  test: Parameters,
  store: QueryBatch,
  config: Config,
): FittedRouter<Way> {
  const parameters = test.copy({
    abilities: { shape: [SKILLS, models.length], data: abilities },
  });
  const network = new Blocks(
    parameters,
    (_, parameter, x) => sigmoid(answers(parameter, items(parameter, x))),
  );
  return {
    models,
    async predict(batch) {
      return { quality: await network.apply(phi(await warmedUp(batch, store, config.warmUp))) };
    },
    async withModels(profiles, way = WAYS[0]) {
      const pool = extendPool(models, profiles);
      const fresh = await examine(profiles, parameters, abilities, way);
      return answering(pool.models, pool.merge(abilities, fresh), test, store, config);
    },
    describe: () => ({ parameters: parameters.count }),
  };
}

/** Abilities of new models as columns, [skills × new models], all else as it is; NaN for one without a label. */
async function examine(
  { queries, models: { length: k }, scores }: ModelProfiles,
  test: Parameters,
  known: Float64Array,
  { pull }: Way,
): Promise<Float64Array> {
  expectLabel({ scores }, "IRT-Router");
  const { mean, variance } = spread(known);
  const prior = Float32Array.from({ length: SKILLS * k }, (_, at) => mean[Math.floor(at / k)]);
  const parameters = test.copy({ abilities: { shape: [SKILLS, k], data: prior } });
  const network = new Blocks(test, (_, parameter, x) => concat(items(parameter, x), 1));
  const table = Float32Array.from(await network.apply(phi(queries.vectors)));
  const { labels, weights } = masked(scores), count = weights.reduce((sum, w) => sum + w, 0);
  await trainNetwork({
    parameters,
    examples: byId(queries),
    batch: queries.ids.length,
    epochs: EXAM.steps,
    rate: EXAM.rate,
    frozen: (name) => name !== "abilities",
    random: random(0), // only orders the queries, which are all taken at every step
    loss: (graph, parameter, { take }) => {
      const [relevance, ease] = split(take(table, 2 * SKILLS), 2, 1);
      const logits = answers(parameter, [relevance, ease]);
      const far = sub(parameter("abilities"), graph.constant("prior", [SKILLS, k], () => prior));
      return add(
        binaryCrossEntropy(logits, take(labels, k), take(weights, k)),
        scale(sumAll(square(far)), pull / (2 * variance * count)),
      );
    },
  });
  const means = columnMeans(scores, k);
  return Float64Array.from(
    parameters.get("abilities").data,
    (ability, at) => Number.isNaN(means[at % k]) ? NaN : ability,
  );
}

/** Mean ability in every skill, and the variance around it, over known models; 0 and 1 where there are none. */
function spread(abilities: Float64Array): { mean: Float64Array; variance: number } {
  const M = abilities.length / SKILLS, mean = new Float64Array(SKILLS);
  let sum = 0, count = 0;
  for (let skill = 0; skill < SKILLS; skill++) {
    const known = abilities.subarray(skill * M, (skill + 1) * M).filter((x) => !Number.isNaN(x));
    mean[skill] = known.reduce((sum, x) => sum + x, 0) / known.length || 0;
    for (const ability of known) sum += (ability - mean[skill]) ** 2, count++;
  }
  return { mean, variance: sum / count || 1 };
}
