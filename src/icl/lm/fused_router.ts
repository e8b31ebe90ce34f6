/**
 * ICL-Router on the middle of a pre-trained language model as a router of the harness.
 *
 * A query's vector is the mean state of its tokens behind the model's lower blocks: the harness's embedding
 * `lm:<model>:<block>`. The blocks above, with low-rank adapters, read records of such vectors and answer.
 * @module
 */
import { CapabilityError } from "../../base/errors.ts";
import { takeRows } from "../../linalg/matrix.ts";
import type { FittedRouter, ModelProfiles, Router } from "../../router/contract.ts";
import { poolMean } from "../../router/training.ts";
import { calibrated, type Platt, plattProbabilities } from "../calibration.ts";
import { trainedParameters } from "../answer_network.ts";
import { type KernelShape, leaningMeans } from "../kernel_prior.ts";
import type { Reader } from "../reader.ts";
import { solvedOf } from "../record.ts";
import type { Presented, Reading } from "../router.ts";
import type { FusedNetwork } from "./fused.ts";
import { answer, type ReadPool, readPool } from "./fused_pool.ts";
import {
  type FusedMethod,
  meansOf,
  type Trained,
  trained,
  validationRows,
} from "./fused_training.ts";

/** A fitted router: all that its predictions depend on. */
interface Fitted {
  readonly method: FusedMethod;
  /** Absent where the prior is all there is. */
  readonly reader?: Reader<FusedNetwork>;
  readonly kernel: KernelShape;
  readonly platt: Platt;
  /** The models trained on, and pools that joined later; of a model in two, the later counts. */
  readonly pools: readonly ReadPool[];
  readonly presentedAs: Presented;
  readonly notes: readonly string[];
}

/** The sentence under every table of the row that is no variant. */
export const STATEMENT: string =
  "a small language model in place of the paper's 7 B; records enter its middle blocks, whose attention has adapters, " +
  "one token a labelled query; the target query is a vector as well, not text; no stage 1; answers are counted from " +
  "the mean of the nearest labelled queries, weighed by nearness, and a second loss compares models on a query. Validation rows " +
  "stop its training, choose the kernel and place it on the curve.";

/** ICL-Router on a language model, or a control of it. Weights are looked for by the first fit. */
export function fusedRouter(
  name: string,
  summary: string,
  method: FusedMethod,
  reading: Reading = "own",
  statement = `${summary}; else as ICL-Router (SmolLM2).`,
): Router<FusedMethod> {
  return {
    ...{ name, summary, statement },
    source: "ICL-Router (arXiv 2510.09719)",
    grid: [method],
    effort: "minutes",
    ...(method.priorOnly ? {} : { weights: method.model }),
    refit: "train", // validation rows choose among the weights of the run
    ...(method.byName ? {} : { unseen: "zero-update" as const }),
    fit: async (train, config, context) => {
      const network = await trained(train, config, context);
      return await routerOf(network, config, { whose: reading, seed: context.seed });
    },
  };
}

/**
 * The router of a trained network: records read, answers calibrated.
 * @param shown rows that are labelled queries when it counts, the first ones; all if absent
 */
export async function routerOf(
  network: Trained,
  method: FusedMethod,
  presentedAs: Presented,
  shown = network.rows.ids.length,
): Promise<FittedRouter> {
  const { reader, rows, models, kernel } = network;
  const read = async (count: number): Promise<ReadPool> =>
    await readPool(rows, count, models, meansOf(rows, count), reader, method, presentedAs);
  const { platt, notes } = await calibrate(network, await read(rows.training));
  return routed({
    ...{ method, reader, kernel, platt, presentedAs },
    // Once chosen and calibrated, validation rows are labelled queries like the others.
    pools: [await read(shown)],
    notes: [...network.notes, ...notes],
  });
}

/** The pool's Platt scaling on validation rows, if there are any, and how reliable that makes the scores there. */
export async function calibrate(
  { rows, reader, kernel }: Trained,
  pool: ReadPool,
): Promise<{ readonly platt: Platt; readonly notes: readonly string[] }> {
  const shown = takeRows(rows.vectors, validationRows(rows));
  const scores = rows.scores.subarray(rows.training * rows.models);
  return calibrated(pool.models, await answer(shown, pool, reader, kernel), scores);
}

function routed(fitted: Fitted): FittedRouter {
  const { pools, reader, kernel, platt, method, notes } = fitted;
  const models = [...new Set(pools.flatMap((pool) => pool.models))].sort(), M = models.length;
  return {
    models,
    predict: async ({ vectors }) => {
      reader?.expectWidth(vectors);
      const quality = new Float64Array(vectors.rows * M);
      for (const pool of pools) {
        const logits = plattProbabilities(platt, await answer(vectors, pool, reader, kernel));
        const columns = pool.models.map((id) => models.indexOf(id)), own = columns.length;
        logits.forEach((p, at) => quality[Math.floor(at / own) * M + columns[at % own]] = p);
      }
      return { quality };
    },
    ...(method.byName ? {} : {
      withModels: async (profiles) =>
        routed({ ...fitted, pools: [...pools, await joining(fitted, profiles)] }),
    }),
    describe: () => ({
      parameters: (reader ? trainedParameters(reader.network) : [])
        .reduce((sum, [, { data }]) => sum + data.length, 0),
      notes: [...notes],
    }),
  };
}

/** The models of profiles, whose means lean towards that of the known models. */
async function joining(
  { pools: [known], reader, method, presentedAs }: Fitted,
  { queries: { ids, vectors }, scores, solvedFrom, models }: ModelProfiles,
): Promise<ReadPool> {
  reader?.expectWidth(vectors);
  if (presentedAs.whose === "another" && models.length === 1) {
    throw new CapabilityError("one new model has no other to take a record from");
  }
  const mean = poolMean(known.labels.scores, known.models.length);
  const means = leaningMeans(scores, models.length, mean);
  const told = { ids, vectors, scores, labels: solvedOf(scores, solvedFrom) };
  return await readPool(told, ids.length, models, means, reader, method, presentedAs);
}
