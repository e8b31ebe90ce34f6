/**
 * RouteLLM's matrix factorisation, for any number of models: which of two models wins on a query?
 *
 *   δ(m,x) = wᵀ( p̄_m ⊙ W φ(x) ),   P(m beats m′ on x) = σ( δ(m,x) − δ(m′,x) )
 *
 * p̄_m is a vector of length 1 a model, there are no biases, and Gaussian noise is added to the embedding φ
 * while training. It learns from comparisons alone: every query gives the pairs (m, m′) with
 * s(i,m) > s(i,m′), and the loss is −ln P(m beats m′), averaged over the pairs of a batch. Ties teach
 * nothing, so δ orders the models of a query and knows no absolute level. The model of largest δ is chosen;
 * RouteLLM's own use, a strong and a weak model, is in `routellm_mf_pair.ts`.
 */
import type { FitContext, QueryBatch, Router, TrainingData } from "../src/router/mod.ts";
import { byId, modelVectors } from "../src/router/mod.ts";
import { noisyRows } from "./_noise.ts";
import { logisticLoss, matmul, mul, reshape, sub, unitLength } from "../src/nn/mod.ts";
import {
  Blocks,
  type Bound,
  normal,
  Parameters,
  type Tensor,
  trainNetwork,
  values,
  zeros,
} from "../src/nn/mod.ts";

/** One configuration of the grid. */
export interface Config {
  /** Standard deviation of the noise on every coordinate of φ, which has length 1. */
  readonly noise: number;
}

/** Length of W φ(x) and p̄_m. */
const WIDTH = 128;
/** A query brings all its pairs at once, up to M²/4 of them, so few passes see as many as the paper's 100. */
const TRAINING = { batch: 256, epochs: 15, rate: 0.03, decay: 1e-5 };

/** What this and the two-model router depart in from the paper; printed under the table. */
export const DEPARTURES: string =
  "the embedder is the harness's, not text-embedding-3-small; the pairs are " +
  "made from scores, all pairs of a query in one step, instead of from votes; batches of 256 queries, " +
  "15 epochs, rate 0.03, no checkpoint selected; noise tuned, at most the paper's 0.1";

/** The configurations of both routers. */
export const GRID: readonly Config[] = [{ noise: 0.1 }, { noise: 0.03 }, { noise: 0 }];

/** The router. */
const router: Router<Config> = {
  name: "RouteLLM-MF (N models)",
  summary: "bilinear score of model and query, learned from which of two models wins",
  source: "RouteLLM (arXiv 2406.18665, ICLR 2025), matrix factorisation, and its released code",
  statement: `the paper chooses between two models, here argmax δ; ${DEPARTURES}.`,
  effort: "seconds",
  grid: GRID,
  scale: "rank",
  async fit(train, config, context) {
    const { delta, parameters, note } = await factorise(train, config, context);
    return {
      models: train.models,
      predict: async (queries) => ({ quality: await delta(queries) }),
      describe: () => ({ parameters, notes: [note] }),
    };
  },
};
export default router;

/** A trained factorisation. */
export interface Factors {
  /** δ of every query and model, [Q × M]. */
  readonly delta: (queries: QueryBatch) => Promise<Float64Array>;
  /** Learned numbers. */
  readonly parameters: number;
  /** How many queries taught. */
  readonly note: string;
}

/** Learns W, w and p from the comparisons in the training scores. */
export async function factorise(
  { queries, models, scores }: TrainingData,
  config: Config,
  context: FitContext,
): Promise<Factors> {
  const { random } = context, D = queries.vectors.width, M = models.length;
  const parameters = new Parameters(random);
  parameters.add("W", [D, WIDTH], normal(1 / Math.sqrt(D)));
  parameters.add("p", [M, WIDTH], values(modelVectors(models, WIDTH, 1, random)));
  parameters.add("w", [1, WIDTH], zeros); // before the first win all δ are 0
  const wins = winsOf(scores, M);
  const examples = byId(queries).filter((i) =>
    wins.subarray(i * M * M, (i + 1) * M * M).includes(1)
  );
  const noisy = noisyRows(queries.vectors.data, D, config.noise, random.fork("noise"));
  await trainNetwork({
    ...TRAINING,
    parameters,
    examples,
    random: random.fork("training"),
    loss: (graph, parameter, { size, take }) => {
      const delta = scored(parameter, graph.input("x", [size, D]));
      return pairLoss(delta, reshape(take(wins, M * M), [size, M, M]));
    },
    feed: (rows, draw) => ({ x: noisy(rows, draw) }),
  }, context);
  const network = new Blocks(parameters, (_, parameter, x) => scored(parameter, x));
  return {
    delta: ({ vectors }) => network.apply(vectors),
    parameters: parameters.count,
    note: `${examples.length} of ${queries.ids.length} queries have a winner and a loser`,
  };
}

/** δ [B × M] of φ [B × D]. W (w ⊙ p̄)ᵀ is multiplied out first: there are fewer models than queries. */
function scored(parameter: Bound, x: Tensor): Tensor {
  const models = mul(unitLength(parameter("p")), parameter("w"));
  return matmul(x, matmul(parameter("W"), models, { transposeB: true }));
}

/** Mean of ln(1 + exp(δ_loser − δ_winner)) over the pairs that `wins` [B × M × M] counts. */
export function pairLoss(delta: Tensor, wins: Tensor): Tensor {
  const [B, M] = delta.shape;
  const behind = sub(reshape(delta, [B, 1, M]), reshape(delta, [B, M, 1]));
  return logisticLoss(behind, wins);
}

/** 1 where model m has a higher score than m′ on a query, else (ties, missing) 0: [N × M × M]. */
export function winsOf(scores: Float64Array, M: number): Float32Array {
  const wins = new Float32Array(scores.length * M);
  for (let at = 0; at < scores.length; at++) {
    const start = at - at % M;
    for (let other = 0; other < M; other++) {
      if (scores[at] > scores[start + other]) wins[at * M + other] = 1;
    }
  }
  return wins;
}
