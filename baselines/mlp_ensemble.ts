/**
 * MLP ensemble: several small networks; where they disagree about a model, it is trusted less.
 *
 *   ŝ(x,m) = mean_e ŝ_e(x,m) − κ·sd_e ŝ_e(x,m)
 *
 * Each member is the network of `mlp.ts` with one hidden layer. It starts from random numbers of its own and
 * weighs every training query by an exponential number of its own (the Bayesian bootstrap, Rubin 1981):
 * members agree where the data leave no choice. They are trained side by side in one graph, as one wide
 * hidden layer of which every member sees its part, and one training serves every κ.
 *
 * A new model is one more output on each member's frozen hidden layer (`_new_vectors.ts`).
 */
import type {
  FitContext,
  FittedRouter,
  ModelProfiles,
  QueryBatch,
  Random,
  Router,
  TrainingData,
} from "../src/router/mod.ts";
import {
  columnMeans,
  extendPool,
  labelledExamples,
  onceFor,
  oncePerBatch,
} from "../src/router/mod.ts";
import { logisticPredict, type Matrix, matrix } from "../src/linalg/mod.ts";
import {
  binaryCrossEntropy,
  Blocks,
  concat,
  normal,
  Parameters,
  split,
  trainNetwork,
  zeros,
} from "../src/nn/mod.ts";
import { withDropout } from "./_dropout.ts";
import { hidden, TRAINING } from "./mlp.ts";
import { type Spread, SPREADS, type Vectors, withNewVectors } from "./_new_vectors.ts";
import { addOutputs, outputs, trainedOutputs } from "./_output_layer.ts";

/** One configuration of the grid. */
export interface Config {
  /** Standard deviations over members that a prediction is lowered by, κ. */
  readonly kappa: number;
}

/** Networks, units of each, share of units dropped in training, passes over the queries. */
const MEMBERS = 5, HIDDEN = 64, DROPPED = 0.1, EPOCHS = 20;

/** A way of taking in new models. */
export interface FewLabels extends Config, Spread {}

/** The router. */
const router: Router<Config, FewLabels> = {
  name: "MLP ensemble",
  summary: "mean of five small networks less κ standard deviations over them",
  source: "ours: a deep ensemble (arXiv 1612.01474) with its lower confidence bound",
  statement:
    "five members of 64 units, trained for 20 epochs in one graph; the Bayesian bootstrap in " +
    "place of adversarial examples.",
  effort: "seconds",
  grid: [0.5, 0, 1, 2].map((kappa) => ({ kappa })),
  unseen: "fit-new-vector",
  unseenGrid: SPREADS.flatMap((width) => [0.5, 0, 1].map((kappa) => ({ kappa, ...width }))),
  fit: async (train, { kappa }, context) => {
    const ensemble = trained(train.scores, () => trainMembers(train, context), context.seed);
    return discounted(await ensemble, kappa);
  },
};
export default router;

/** Members by the outcomes they learned from and the seed: all κ share them. */
const trained = onceFor<Promise<Ensemble>>();

/** Trained members. */
interface Ensemble {
  readonly models: readonly string[];
  /** Frozen hidden layers of rows of vectors, one matrix [rows × HIDDEN] a member. */
  readonly features: (x: Matrix) => Promise<Matrix[]>;
  /** Outputs, member by member. */
  readonly outputs: readonly Vectors[];
  /** Learned numbers. */
  readonly parameters: number;
}

async function trainMembers(train: TrainingData, context: FitContext): Promise<Ensemble> {
  const { queries, models, scores } = train, D = queries.vectors.width, M = models.length;
  const means = columnMeans(scores, M), parameters = starting(D, means, context.random);
  const { examples, labels, weights } = labelledExamples(train);
  const drawn = bootstrap(queries.ids, weights, context.random.fork("bootstrap"));
  await trainNetwork({
    ...TRAINING,
    parameters,
    examples,
    epochs: EPOCHS,
    random: context.random.fork("training"),
    ...withDropout(DROPPED, (drop, parameter, { take }) => {
      const x = take(queries.vectors.data, D), known = take(labels, M);
      const h = hidden(parameter, x, drop);
      const logits = split(h, MEMBERS, 1)
        .map((part, e) => outputs(parameter, part, e));
      const all = logits.map(() => known);
      return binaryCrossEntropy(concat(logits, 1), concat(all, 1), take(drawn, MEMBERS * M));
    }),
  }, context);
  const layer = new Blocks(parameters, (_, parameter, x) => hidden(parameter, x));
  const members = Array.from({ length: MEMBERS }, (_, e): Vectors => ({
    models,
    weights: trainedOutputs(parameters, means, e),
  }));
  const features = async (x: Matrix) => memberParts(x.rows, await layer.apply(x));
  return { models, features, outputs: members, parameters: parameters.count };
}

/** One hidden layer for all members, and outputs that say the mean scores. */
function starting(D: number, means: Float64Array, random: Random): Parameters {
  const parameters = new Parameters(random);
  parameters.add("V1", [D, MEMBERS * HIDDEN], normal(0.3));
  parameters.add("v1", [MEMBERS * HIDDEN], zeros);
  for (let e = 0; e < MEMBERS; e++) addOutputs(parameters, HIDDEN, means, e);
  return parameters;
}

/**
 * Weights of all members' outputs, [N × (MEMBERS · M)]: exponential by query and member, 0 where there is no label.
 * @param weights [N × M], 0 or 1
 */
function bootstrap(ids: readonly string[], weights: Float32Array, random: Random): Float32Array {
  const M = weights.length / ids.length, out = new Float32Array(weights.length * MEMBERS);
  ids.forEach((id, i) => {
    const draw = random.fork(id);
    for (let e = 0; e < MEMBERS; e++) {
      const weight = -Math.log(1 - draw.next());
      for (let m = 0; m < M; m++) {
        out[(i * MEMBERS + e) * M + m] = weight * weights[i * M + m];
      }
    }
  });
  return out;
}

/** [rows × (MEMBERS · HIDDEN)] as a matrix a member. */
function memberParts(rows: number, all: Float64Array): Matrix[] {
  return Array.from({ length: MEMBERS }, (_, e) => {
    const part = matrix(rows, HIDDEN);
    for (let i = 0; i < rows; i++) {
      const start = (i * MEMBERS + e) * HIDDEN;
      part.data.set(all.subarray(start, start + HIDDEN), i * HIDDEN);
    }
    return part;
  });
}

/** Mean and standard deviation over members of every query and model, [Q × M]. */
interface Moments {
  readonly mean: Float64Array;
  readonly sd: Float64Array;
}

async function moments(x: readonly Matrix[], outputs: readonly Vectors[]): Promise<Moments> {
  const said: Float64Array[] = [];
  for (let e = 0; e < MEMBERS; e++) said.push(await logisticPredict(x[e], outputs[e].weights));
  const mean = said[0].map((_, at) => said.reduce((sum, p) => sum + p[at], 0) / MEMBERS);
  const sd = mean.map((centre, at) =>
    Math.sqrt(said.reduce((sum, p) => sum + (p[at] - centre) ** 2, 0) / (MEMBERS - 1))
  );
  return { mean, sd };
}

function discounted(ensemble: Ensemble, kappa: number): FittedRouter<FewLabels> {
  const { models, features, outputs, parameters } = ensemble;
  const said = oncePerBatch(async ({ vectors }: QueryBatch) => {
    const x = await features(vectors);
    return { x, ...await moments(x, outputs) };
  });
  const lower = ({ mean, sd }: Moments, kappa: number): Float64Array =>
    mean.map((centre, at) => centre - kappa * sd[at]);
  const taken = onceFor<Promise<Vectors[]>>();
  return {
    models,
    predict: async (batch) => ({ quality: lower(await said(batch), kappa) }),
    withModels: async (profiles, way = { kappa, ...SPREADS[0] }) => {
      const pool = extendPool(models, profiles), { spread } = way;
      const take = (): Promise<Vectors[]> => newOutputs(ensemble, profiles, { spread });
      const fresh = await taken(profiles.scores, take, spread);
      return {
        models: pool.models,
        predict: async (batch) => {
          const old = await said(batch), added = await moments(old.x, fresh);
          return { quality: pool.merge(lower(old, kappa), lower(added, way.kappa)) };
        },
        describe: () => ({
          parameters: parameters + MEMBERS * (HIDDEN + 1) * profiles.models.length,
        }),
      };
    },
    describe: () => ({ parameters }),
  };
}

/** Outputs of new models, member by member; every κ shares them. */
async function newOutputs(
  { features, outputs }: Ensemble,
  profiles: ModelProfiles,
  way: Spread,
): Promise<Vectors[]> {
  const fresh: Vectors[] = [];
  let parts: Promise<Matrix[]> | undefined;
  for (const [e, vectors] of outputs.entries()) {
    // All members are asked for the same rows.
    const own = async (x: Matrix): Promise<Matrix> => (await (parts ??= features(x)))[e];
    const all = await withNewVectors("MLP ensemble", vectors, profiles, own, way);
    fresh.push(columns(all, profiles.models));
  }
  return fresh;
}

/** The outputs of some models. */
function columns({ models, weights }: Vectors, wanted: readonly string[]): Vectors {
  const M = models.length, at = wanted.map((id) => models.indexOf(id)), k = wanted.length;
  const part = new Float64Array(weights.length / M * k);
  return {
    models: wanted,
    weights: part.map((_, cell) => weights[Math.floor(cell / k) * M + at[cell % k]]),
  };
}
