/**
 * RouterDC as published but for the encoder: MiniLM in mDeBERTa's place, all of it trained by the two contrastive
 * losses, a query routed to the model of largest cosine.
 *
 *   ŝ(x,m) = cos(E(x), k_m),   E(x) = mean state of MiniLM behind its last block
 *
 * The losses and who meets whom in them are those of `routerdc.ts`, which trains a projection of a frozen vector
 * in the encoder's place: what differs between the two rows is what training the encoder brings.
 */
import type { FittedRouter, Router } from "../src/router/mod.ts";
import { byId, clusters, modelVectors } from "../src/router/mod.ts";
import {
  add,
  type Bound,
  matmul,
  scale,
  type Tensor,
  trainNetwork,
  unitLength,
  values,
} from "../src/nn/mod.ts";
import { inSteps, type StepTraining } from "./_encoder_training.ts";
import { type Kept, TrainedEncoder } from "../src/lm/trained_encoder.ts";
import { balanced, lineThrough, modelLoss, pairsOf, queryLoss, sidesOf } from "./_dual_contrast.ts";

/** One configuration of the grid. */
export interface Config extends StepTraining {
  /** τ, by which the cosines of L₁ are divided. */
  readonly temperature: number;
  /** λ_c, the weight of L₂. */
  readonly queryWeight: number;
  /** k-means clusters, for L₂. */
  readonly clusters: number;
  /** Tokens of a text. */
  readonly tokens: number;
  /** Which of a long text are kept. */
  readonly keep: Kept;
}

/** Deviation of the coordinates of new model vectors. */
const DEVIATION = 0.78;
/** Training rows that the line from cosines to scores is fitted on. */
const LINE_ROWS = 1000;

/**
 * RouterDC on an encoder of the store.
 * @param id of the encoder, as `deno task lm list` has it
 * @param root the store, unless it is that of this machine
 */
export function routerDcOn(id: string, root?: string): Pick<Router<Config>, "weights" | "fit"> {
  return {
    weights: id,
    async fit(train, config, context) {
      const { queries, models, scores } = train, { random, seed } = context, M = models.length;
      const encoder = await TrainedEncoder.open(id, { ...config, root });
      const { parameters, width } = encoder;
      const start = modelVectors(models, width, DEVIATION, random);
      parameters.add("models", [M, width], values(start));
      const sides = sidesOf(queries.ids, models, scores, random);
      const { assignment } = await clusters(queries, config.clusters, seed);
      const pairs = pairsOf(assignment), examples = balanced(queries);
      await trainNetwork({
        parameters,
        ...inSteps(config, examples),
        examples,
        random: random.fork("training"),
        loss: (graph, parameter, { size: B, take }) => {
          const E = unitLength(encoder.vectors(graph, parameter, B));
          const a = scale(cosines(parameter, E), 1 / config.temperature);
          const first = modelLoss(a, take(sides.positive, M), take(sides.negative, M));
          const toQueries = matmul(E, E, { transposeB: true });
          const like = graph.input("like", [B, B]), compared = graph.input("compared", [B, B]);
          return add(first, scale(queryLoss(toQueries, like, compared), config.queryWeight));
        },
        feed: (rows, draw) => ({
          ...encoder.feed(encoder.cut(Array.from(rows, (i) => queries.texts[i]))),
          ...pairs(rows, draw),
        }),
      }, context);
      const read = encoder.reader((parameter, x) => cosines(parameter, unitLength(x)));
      const order = byId(queries), every = Math.ceil(order.length / LINE_ROWS);
      const some = order.filter((_, n) => n % every === 0);
      const known = some.length * M,
        cells = Float64Array.from(
          { length: known },
          (_, at) => scores[some[Math.floor(at / M)] * M + at % M],
        );
      const made = await read(Array.from(some, (i) => queries.texts[i]));
      const [intercept, slope] = lineThrough(made, cells, M, some.keys());
      const taught = Math.round(100 * sides.rows.length / queries.ids.length);
      return {
        models,
        predict: async ({ texts }) => ({
          quality: (await read(texts)).map((cosine) => intercept + slope * cosine),
        }),
        describe: () => ({
          parameters: parameters.count + 2,
          notes: [
            `${taught}% of the queries teach`,
            `weights ${id} ${encoder.sha256.slice(0, 12)}`,
          ],
        }),
      } satisfies FittedRouter;
    },
  };
}

/** cos(E, k) from E of length 1. */
function cosines(parameter: Bound, E: Tensor): Tensor {
  return matmul(E, unitLength(parameter("models")), { transposeB: true });
}

/** The router. */
const router: Router<Config> = {
  name: "RouterDC (MiniLM)",
  summary:
    "cosine of an encoded query and one vector a model, the whole encoder trained by two contrastive losses",
  source: "RouterDC (arXiv 2409.19886, NeurIPS 2024) and its released code",
  statement:
    "all-MiniLM-L6-v2 in place of mDeBERTa-v3-base, the mean of its states in place of the first; " +
    "64 tokens in place of 512, the last of a text as there; 250 steps of 16 queries in place of 1,000, at a rate that " +
    "rises to 1e-4 and falls to 0; no dropout; clusters from k-means on the run's embedding without t-SNE; I⁺ and I⁻ of " +
    "⌈M/3⌉ models; no checkpoint selected; queries that every model fails are masked one by one, which the released " +
    "code gets wrong; for cost curves a line fitted on training rows turns cosines into scores.",
  effort: "minutes",
  grid: [{
    ...{ temperature: 1, queryWeight: 1, clusters: 5, tokens: 64, keep: "last" },
    ...{ batch: 16, steps: 250, rate: 1e-4 },
  }],
  scale: "rank",
  ...routerDcOn("minilm"),
};
export default router;
