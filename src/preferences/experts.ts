/**
 * Retrieval experts: one small head a domain on the query side of a frozen encoder, documents as encoded.
 *
 *   f_d(x) = unit( φ(x) + α/r · φ(x) A_d B_d ),   A_d [D × r], B_d [r × D], B_d = 0 at first
 *
 * That is RouterRetriever's LoRA query encoder with the one adapted layer put behind the encoder. Training
 * draws a query of the domain towards another utterance of its intent, away from those of the batch with
 * other intents: cross-entropy of cos/τ.
 */
import type { Random } from "../base/random.ts";
import { type Matrix, matrix, nearest, normaliseToGrid } from "../linalg/mod.ts";
import {
  add,
  Blocks,
  type Bound,
  crossEntropy,
  matmul,
  normal,
  Parameters,
  scale,
  type Tensor,
  trainNetwork,
  unitLength,
  zeros,
} from "../nn/mod.ts";
import { CUT } from "./ndcg.ts";

/** Utterances: they are queries in training, and documents. */
export interface Corpus {
  /** φ, of length 1 on the grid [N × D]. */
  readonly vectors: Matrix;
  /** Intent of every row: a document is relevant to the queries of its intent. Length N. */
  readonly labels: Int32Array;
}

/** How a head is trained. */
export interface Training {
  /** Passes over the queries. */
  readonly epochs: number;
  /** Peak learning rate. */
  readonly rate: number;
}

/** From encoded queries to an expert's, on the grid. */
export type Expert = (vectors: Matrix) => Promise<Matrix>;

/** Rank 8, alpha 32, temperature .05 and batches of 256, as RouterRetriever has them. */
const RANK = 8, FACTOR = 32 / RANK, TEMPERATURE = 0.05, BATCH = 256;
/** Added to the logit of a document of the query's own intent that is not the one drawn. */
const HIDDEN = -1e4;

/**
 * Trains the head of some queries, all intents of which have two or more.
 * @param rows rows of the corpus to learn from, in an order of their ids
 */
export async function trainExpert(
  { vectors, labels }: Corpus,
  rows: readonly number[],
  { epochs, rate }: Training,
  random: Random,
): Promise<Expert> {
  const { width, data } = vectors, B = Math.min(BATCH, rows.length);
  const parameters = new Parameters(random);
  parameters.add("A", [width, RANK], normal(1 / Math.sqrt(width)));
  parameters.add("B", [RANK, width], zeros);
  const friends = Map.groupBy(rows, (i) => labels[i]);
  const documents = new Float32Array(B * width), mask = new Float32Array(B * B);
  const targets = BigInt64Array.from({ length: B }, (_, b) => BigInt(b));
  await trainNetwork({
    parameters,
    examples: rows,
    batch: BATCH,
    epochs,
    rate,
    random: random.fork("training"),
    loss: (graph, parameter, { take }) => {
      const query = adapted(parameter, take(data, width));
      const document = graph.input("documents", [B, width]);
      const logits = matmul(query, document, { transposeB: true, factor: 1 / TEMPERATURE });
      return crossEntropy(
        add(logits, graph.input("mask", [B, B])),
        graph.input("targets", [B, 1], { type: "int64" }),
      );
    },
    feed: (examples, draw) => {
      examples.forEach((row, b) => {
        const others = friends.get(labels[row])!;
        // Any but the query itself: it steps aside for the last.
        const drawn = others[draw.integer(others.length - 1)];
        const friend = drawn === row ? others.at(-1)! : drawn;
        documents.set(data.subarray(friend * width, (friend + 1) * width), b * width);
        examples.forEach((other, c) =>
          mask[b * B + c] = b !== c && labels[other] === labels[row] ? HIDDEN : 0
        );
      });
      return { documents, mask, targets };
    },
  });
  const network = new Blocks(parameters, (_, parameter, x) => adapted(parameter, x));
  return async (queries) =>
    normaliseToGrid(
      matrix(queries.rows, width, Float32Array.from(await network.apply(queries))),
    );
}

function adapted(parameter: Bound, x: Tensor): Tensor {
  return unitLength(add(x, scale(matmul(matmul(x, parameter("A")), parameter("B")), FACTOR)));
}

/**
 * Which of the ten nearest documents have the query's intent, as bits, the lowest for the nearest. Length Q.
 * @param own the document that each query is itself, which is left out
 */
export async function hitsOf(
  queries: Corpus,
  corpus: Corpus,
  own?: ArrayLike<number>,
): Promise<Uint16Array> {
  const { index, k } = await nearest(queries.vectors, corpus.vectors, own ? CUT + 1 : CUT);
  return Uint16Array.from(queries.labels, (label, q) => {
    const found = Array.from(index.subarray(q * k, (q + 1) * k)).filter((i) => i !== own?.[q]);
    return found.slice(0, CUT).reduce(
      (bits, i, rank) => bits | Number(corpus.labels[i] === label) << rank,
      0,
    );
  });
}
