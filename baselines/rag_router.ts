/**
 * RAGRouter: which model answers a query best once it has read the documents that were retrieved for it.
 *
 * A model has a vector of what it knows, v_k, and one of how it uses documents, v_r. Documents move the first:
 *
 *   v_k' = v_k + v_f,   v_f = MultiHeadAttention(v_r; [v_d, v_c]),   ŝ = σ(cos(v_q, v_k'))
 *
 * with v_q, v_d the projected frozen embeddings of query and documents and v_c = layer[v_q ⊙ v_d, |v_q − v_d|].
 * Training has 2M states a query, every model without and with the documents, the first with v_k, the others with
 * v_k'. V⁺ are the vectors of the states that are right, V⁻ the others:
 *
 *   L_CT  = Σ_{p∈V⁺} −ln( e^{cos(v_q,p)/τ} / (e^{cos(v_q,p)/τ} + Σ_{n∈V⁻} e^{cos(v_q,n)/τ}) )
 *   L_CLS = −Σ_states [ y ln σ(cos) + (1 − y) ln(1 − σ(cos)) ],   L = L_CT + λ L_CLS
 *
 * Trading cost against score: the cheapest model whose ŝ is at most θ below the best one's.
 */
import type { QueryBatch, Random, Router, TrainingData } from "../src/router/mod.ts";
import { byId, CapabilityError, modelVectors, tieOrder } from "../src/router/mod.ts";
import { type Matrix, matrix, sideBySide } from "../src/linalg/mod.ts";
import { add, attention, concat, expand, linear, matmul, mul, negate } from "../src/nn/mod.ts";
import { relu, reshape, scale, slice, sub, sumAll, transpose, unitLength } from "../src/nn/mod.ts";
import {
  binaryCrossEntropy,
  Blocks,
  type Bound,
  normal,
  Parameters,
  type Tensor,
  trainNetwork,
  values,
  zeros,
} from "../src/nn/mod.ts";
import { modelLoss } from "./_dual_contrast.ts";

/** One configuration of the grid. */
export interface Config {
  /** Passes over the training rows. */
  readonly passes: number;
  /** Least steps; 300 if absent. */
  readonly leastSteps?: number;
}

/** What the router may use, for its controls. */
export interface Allowed {
  /** Whether documents are read; else every query has the same ones, all zeros. */
  readonly documents: boolean;
  /** Whether scores with documents are learned; else v_k alone, from the scores without them. */
  readonly withDocuments: boolean;
}

const WIDTH = 128, HEADS = 4, TEMPERATURE = 0.2, LAMBDA = 2;
const TRAINING = { leastSteps: 300, leastBatch: 64, mostBatch: 256, rate: 1e-3 };
/** θ from quality first to cost first: 0, then 10⁻⁴ … 1, twelve a factor of ten. */
const THRESHOLDS = [
  0,
  ...Array.from({ length: 49 }, (_, i) => Number((10 ** (i / 12 - 4)).toPrecision(3))),
];

/** The router with all or some of what it uses. */
export function ragRouter(allowed: Allowed): Router<Config> {
  return {
    name: "RAGRouter (frozen encoders)",
    summary: "model vectors moved by the documents, trained on scores without and with them",
    source: "RAGRouter (arXiv 2505.23052, NeurIPS 2025)",
    statement:
      "RAGRouter (frozen encoders): no cross-encoder, encoders not fine-tuned, attention wiring chosen by us " +
      "(v_r asks, v_d and v_c answer, 4 heads); v_c from the two embeddings; 128 dimensions, Adam at 10⁻³; documents " +
      "joined, cut where the encoder cuts; 50 values of θ from 10⁻⁴ to 1, the paper's 10,001 steps thinned out.",
    needs: ["documents"],
    effort: "seconds",
    grid: [{ passes: 40 }, { passes: 15 }, { passes: 100 }],
    scale: "rank",
    async fit(train, { passes, leastSteps = TRAINING.leastSteps }, context) {
      const { queries, models, meanCosts } = train, M = models.length, D = queries.vectors.width;
      const { random } = context,
        { positive, negative, examples } = statesOf(train, allowed, random);
      const inputs = beside(queries, allowed), parameters = network(D, models, random);
      const { leastBatch, mostBatch, rate } = TRAINING, N = examples.length;
      const fair = Math.round(passes * N / leastSteps);
      const batch = Math.min(Math.max(fair, leastBatch), mostBatch, N);
      await trainNetwork({
        ...{ parameters, examples, batch, rate, random: random.fork("training") },
        epochs: Math.max(passes, leastSteps * batch / N),
        loss: (_, parameter, { take }) =>
          ragLoss(
            cosines(parameter, take(inputs.data, 2 * D), M),
            take(positive, 2 * M),
            take(negative, 2 * M),
          ),
      }, context);
      const routed = new Blocks(parameters, (_, parameter, x) => {
        const both = cosines(parameter, x, M);
        return allowed.withDocuments ? slice(both, 1, M, 2 * M) : slice(both, 1, 0, M);
      });
      const predict = async (asked: QueryBatch): Promise<{ quality: Float64Array }> => ({
        quality: (await routed.apply(beside(asked, allowed))).map((cosine) =>
          1 / (1 + Math.exp(-cosine))
        ),
      });
      const priced = meanCosts.every((cost) => !Number.isNaN(cost));
      return {
        models,
        predict,
        ...(priced && {
          dial: {
            name: "θ",
            values: THRESHOLDS,
            predict: async (asked, threshold) => ({
              quality: cheapestWithin(
                (await predict(asked)).quality,
                tieOrder({ models, meanCosts }),
                threshold,
              ),
            }),
          },
        }),
        describe: () => ({ parameters: parameters.count, notes: [`${N} queries teach`] }),
      };
    },
  };
}

/** The router. */
const router: Router<Config> = ragRouter({ documents: true, withDocuments: true });
export default router;

/** L_CT + λ L_CLS, mean over the queries of a batch; which states are right, and which wrong, 0 or 1, as the cosines. */
export function ragLoss(cosine: Tensor, positive: Tensor, negative: Tensor): Tensor {
  const known = add(positive, negative);
  const contrast = modelLoss(scale(cosine, 1 / TEMPERATURE), positive, negative);
  const classes = mul(binaryCrossEntropy(cosine, positive, known), sumAll(known));
  return add(contrast, scale(classes, LAMBDA / cosine.shape[0]));
}

/** The paper's latency rule as qualities: 1 for the first model of `order` at most θ below the best, else 0. */
export function cheapestWithin(
  quality: Float64Array,
  order: Uint16Array,
  threshold: number,
): Float64Array {
  const M = order.length, chosen = new Float64Array(quality.length);
  for (let start = 0; start < quality.length; start += M) {
    const best = Math.max(...quality.subarray(start, start + M));
    chosen[start + order.find((m) => best - quality[start + m] <= threshold)!] = 1;
  }
  return chosen;
}

function network(D: number, models: readonly string[], random: Random): Parameters {
  const parameters = new Parameters(random), M = models.length, even = normal(1 / Math.sqrt(WIDTH));
  parameters.add("projection", [D, WIDTH], normal(1 / Math.sqrt(D)));
  parameters.add("across", [2 * WIDTH, WIDTH], normal(1 / Math.sqrt(2 * WIDTH)));
  parameters.add("across bias", [WIDTH], zeros);
  for (const name of ["asks", "keys", "values"]) parameters.add(name, [WIDTH, WIDTH], even);
  parameters.add("out", [WIDTH, WIDTH], normal(1 / WIDTH)); // documents move little at first
  for (const name of ["knowledge", "use"]) {
    const start = modelVectors(models, WIDTH, 1 / Math.sqrt(WIDTH), random.fork(name));
    parameters.add(name, [M, WIDTH], values(start));
  }
  return parameters;
}

/** cos(v_q, v_k) and cos(v_q, v_k') of B queries beside their documents [B × 2D]: [B × 2M]. */
function cosines(parameter: Bound, x: Tensor, M: number): Tensor {
  const [B, width] = x.shape, D = width / 2;
  // Frozen embeddings are of length 1; the parts that attention and layer see have coordinates of about 1.
  const project = (from: number): Tensor =>
    scale(linear(slice(x, 1, from, from + D), parameter("projection")), Math.sqrt(D));
  const [q, d] = [project(0), project(D)], apart = sub(q, d);
  const pair = concat([mul(q, d), add(relu(apart), relu(negate(apart)))], 1);
  const c = linear(pair, parameter("across"), parameter("across bias"));
  const heads = (rows: Tensor, R: number): Tensor =>
    transpose(reshape(rows, [rows.shape[0], R, HEADS, WIDTH / HEADS]), [0, 2, 1, 3]);
  const tokens = concat([reshape(d, [B, 1, WIDTH]), reshape(c, [B, 1, WIDTH])], 1);
  const asks = linear(scale(parameter("use"), Math.sqrt(WIDTH)), parameter("asks"));
  const read = attention(
    expand(heads(reshape(asks, [1, M, WIDTH]), M), [B, HEADS, M, WIDTH / HEADS]),
    heads(linear(tokens, parameter("keys")), 2),
    heads(linear(tokens, parameter("values")), 2),
  );
  const moved = linear(reshape(transpose(read, [0, 2, 1, 3]), [B, M, WIDTH]), parameter("out"));
  const k = parameter("knowledge"), unit = unitLength(q);
  const plain = matmul(unit, unitLength(k), { transposeB: true });
  const rich = matmul(unitLength(add(moved, k)), reshape(unit, [B, WIDTH, 1]));
  return concat([plain, reshape(rich, [B, M])], 1);
}

/** Query and documents of every row side by side, [Q × 2D]. */
function beside({ vectors, documents }: QueryBatch, { documents: read }: Allowed): Matrix {
  if (!documents) throw new CapabilityError("RAGRouter needs documents beside the queries");
  return sideBySide(vectors, read ? documents : matrix(documents.rows, documents.width));
}

/** What every state of every query is, 0 or 1, [N × 2M], plain states first. */
interface States {
  readonly positive: Float32Array;
  readonly negative: Float32Array;
  /** Rows with a known state, by id. */
  readonly examples: Uint32Array;
}

/** A graded score is a label with that probability, drawn by query, model and state. */
function statesOf(
  { queries, models, scores, plainScores }: TrainingData,
  allowed: Allowed,
  random: Random,
): States {
  if (!plainScores) throw new CapabilityError("RAGRouter needs scores without the documents");
  const M = models.length, size = queries.ids.length * 2 * M;
  const positive = new Float32Array(size), negative = new Float32Array(size);
  queries.ids.forEach((id, i) =>
    models.forEach((model, m) => {
      for (const [state, cells] of [plainScores, scores].entries()) {
        const score = cells[i * M + m], at = 2 * i * M + state * M + m;
        if (Number.isNaN(score) || state === 1 && !allowed.withDocuments) continue;
        const right = score === 1 ||
          score > 0 && random.fork("label", id, model, state).next() < score;
        (right ? positive : negative)[at] = 1;
      }
    })
  );
  const examples = byId(queries).filter((i) =>
    [positive, negative].some((of) => of.subarray(2 * i * M, 2 * (i + 1) * M).includes(1))
  );
  return { positive, negative, examples };
}
