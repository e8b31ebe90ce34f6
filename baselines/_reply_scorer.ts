/**
 * g(query, reply): how good a reply looks. One network for all models, from the query's vector, features of the reply
 * (`_reply_features.ts`) and who said it, to the score:
 *
 *   g = σ( w · GELU( V [φ(x); f(x,y)] + v + e_m ) + b )
 *
 * Trained by binary cross-entropy on scores as soft labels, missing ones left out.
 */
import { byId, type FitContext, masked, modelVectors } from "../src/router/mod.ts";
import type { QueryBatch, Random, Reply, TrainingData } from "../src/router/mod.ts";
import { type Matrix, matrix } from "../src/linalg/mod.ts";
import {
  add,
  binaryCrossEntropy,
  Blocks,
  type Bound,
  gelu,
  linear,
  lookup,
  normal,
  Parameters,
  sigmoid,
  type Tensor,
  trainNetwork,
  values,
  zeros,
} from "../src/nn/mod.ts";
import { withDropout } from "./_dropout.ts";
import { formScaling, replyFeatures, scaleForm, type Scaling } from "./_reply_features.ts";

const HIDDEN = 64, DROPOUT = 0.1, BATCH = 256, RATE = 0.01;
/** On large pools there are fewer passes. */
const MOST_STEPS = 1200;

/** Training data as scorers take them, made once for all folds. */
export interface ScorerData {
  /** Rows with replies. */
  readonly train: TrainingData;
  /** Features of all replies, [N·M × R], scaled. */
  readonly features: Matrix;
  /** Model by model. */
  readonly scalings: readonly Scaling[];
}

/** A trained scorer. */
export interface ReplyScorer {
  /** g of one reply a query, all of the same model. Length N. */
  score(queries: QueryBatch, replies: readonly Reply[], model: number): Promise<Float64Array>;
  /** g of rows of the training data, [rows × M]. */
  scoreRows(rows: readonly number[]): Promise<Float64Array>;
  /** Learned numbers. */
  readonly parameters: number;
}

/** Reads all replies of training data. */
export function scorerData(train: TrainingData): ScorerData {
  const { queries, models, replies } = train, M = models.length;
  const texts = queries.texts.flatMap((text) => models.map(() => text));
  const features = replyFeatures(texts, replies!), order = byId(queries);
  const scalings = models.map((_, m) => {
    const rows = order.map((i) => i * M + m), scaling = formScaling(features, rows);
    scaleForm(features, rows, scaling);
    return scaling;
  });
  return { train, features, scalings };
}

/**
 * Trains a scorer on some rows of the data.
 * @param look may ask after every step for the scorer so far
 */
export async function fitReplyScorer(
  data: ScorerData,
  rows: ReadonlySet<number>,
  epochs: number,
  random: Random,
  context: Pick<FitContext, "progress" | "signal">,
  look?: (soFar: () => ReplyScorer, steps: number) => Promise<void> | void,
): Promise<ReplyScorer> {
  const { train: { queries, models, scores }, features } = data, M = models.length;
  const D = queries.vectors.width, R = features.width;
  const { labels, weights } = masked(scores);
  const sorted = [...byId({ ids: models })];
  const examples = Array.from(byId(queries)).filter((i) => rows.has(i))
    .flatMap((i) => sorted.map((m) => i * M + m)).filter((at) => weights[at] > 0);
  const parameters = new Parameters(random);
  parameters.add("Q", [D, HIDDEN], normal(0.3));
  parameters.add("R", [R, HIDDEN], normal(0.3));
  parameters.add("E", [M, HIDDEN], values(modelVectors(models, HIDDEN, 0.3, random)));
  parameters.add("v", [HIDDEN], zeros);
  parameters.add("w", [HIDDEN, 1], zeros);
  parameters.add("b", [1], zeros);
  const size = Math.min(BATCH, examples.length);
  const at = { queryRows: new BigInt64Array(size), modelRows: new BigInt64Array(size) };
  const training = withDropout(DROPOUT, (drop, parameter, { take }, graph) => {
    const index = (name: string): Tensor => graph.input(name, [size], { type: "int64" });
    const x = lookup(graph.input("queries", [queries.ids.length, D]), index("queryRows"));
    const who = lookup(parameter("E"), index("modelRows"));
    const f = take(features.data, R);
    const inner = add(
      add(linear(x, parameter("Q"), parameter("v")), linear(f, parameter("R"))),
      who,
    );
    const g = outer(parameter, drop(gelu(inner), "h"));
    return binaryCrossEntropy(g, take(labels, 1), take(weights, 1));
  });
  await trainNetwork({
    parameters,
    examples,
    batch: BATCH,
    rate: RATE,
    epochs: Math.min(epochs, MOST_STEPS * size / Math.max(1, examples.length)),
    random: random.fork("training"),
    loss: training.loss,
    feed: (chosen, draw) => {
      chosen.forEach((example, b) => {
        at.queryRows[b] = BigInt(Math.floor(example / M));
        at.modelRows[b] = BigInt(example % M);
      });
      return { ...training.feed(chosen, draw), ...at, queries: queries.vectors.data };
    },
  }, {
    progress: context.progress,
    signal: context.signal,
    look: look && ((steps) => look(() => trained(data, parameters, random), steps)),
  });
  return trained(data, parameters, random);
}

function trained(
  { train, features, scalings }: ScorerData,
  parameters: Parameters,
  random: Random,
): ReplyScorer {
  const M = train.models.length, D = train.queries.vectors.width, R = features.width;
  // Query, reply and model as one input: their weights under each other.
  const stacked = new Parameters(random);
  const weights = ["Q", "R", "E"].flatMap((name) => [...parameters.get(name).data]);
  stacked.add("V", [D + R + M, HIDDEN], values(weights));
  for (const name of ["v", "w", "b"]) {
    const { shape, data } = parameters.get(name);
    stacked.add(name, shape, values(data));
  }
  const network = new Blocks(
    stacked,
    (_, parameter, x) => sigmoid(outer(parameter, gelu(linear(x, parameter("V"), parameter("v"))))),
  );
  const inputs = (count: number, parts: (i: number) => [Float32Array, Float32Array], m: number) => {
    const width = D + R + M, x = matrix(count, width);
    for (let i = 0; i < count; i++) {
      const [query, reply] = parts(i);
      x.data.set(query, i * width), x.data.set(reply, i * width + D);
      x.data[i * width + D + R + m] = 1;
    }
    return x;
  };
  const rowOf = ({ data, width }: Matrix, i: number): Float32Array =>
    data.subarray(i * width, (i + 1) * width);
  return {
    parameters: parameters.count,
    score: async ({ texts, vectors }, replies, m) => {
      const f = replyFeatures(texts, replies);
      scaleForm(f, texts.keys(), scalings[m]);
      return await network.apply(inputs(texts.length, (i) => [rowOf(vectors, i), rowOf(f, i)], m));
    },
    scoreRows: async (rows) => {
      const out = new Float64Array(rows.length * M), { vectors } = train.queries;
      for (let m = 0; m < M; m++) {
        const parts = (k: number): [Float32Array, Float32Array] => [
          rowOf(vectors, rows[k]),
          rowOf(features, rows[k] * M + m),
        ];
        (await network.apply(inputs(rows.length, parts, m))).forEach((g, k) => out[k * M + m] = g);
      }
      return out;
    },
  };
}

function outer(parameter: Bound, h: Tensor): Tensor {
  return linear(h, parameter("w"), parameter("b"));
}
