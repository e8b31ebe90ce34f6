/**
 * The value function of IRO, used by `iro.ts`: V(x,k) = e_k · relu(Wᵀx + c) + b_k, by weighted least squares.
 *
 *   ½ Σ w(x,k) (V(x,k) − s(x,k))² / Σ w(x,k)      w = 0 where the score is missing
 *
 * The last layer starts from b_k = mean score and e_k = 0, so models with the same scores stay the same.
 * A new model is one more e_k, by ridge regression on the same hidden features.
 * @module
 */
import type { ExtendedPool, Random } from "../src/router/mod.ts";
import { columnMeans, masked } from "../src/router/mod.ts";
import { type Matrix, matrix, ridgePath, ridgePredict, sideBySide } from "../src/linalg/mod.ts";
import { Blocks, type Bound, linear, Parameters, relu, type Tensor } from "../src/nn/mod.ts";
import { values, zeros } from "../src/nn/mod.ts";
import { leastSquares } from "./_least_squares.ts";

/** A fitted head. */
export interface ValueHead {
  /** relu(Wᵀx + c) of rows. */
  readonly hidden: Blocks;
  /** e_k, and b_k in the last row: [(HIDDEN + 1) × M]. */
  readonly weights: Float64Array;
  /** Learned numbers in the hidden layer. */
  readonly parameters: number;
  /** Mean loss at the end of training. */
  readonly loss: number;
}

/** What a head is fitted on; rows in an order that is a property of the data. */
export interface HeadData {
  /** Inputs [N × width]. */
  readonly x: Matrix;
  /** So many inputs start with random weights, the others with none: these may come in any order. */
  readonly named: number;
  /** [N × M], NaN = missing. */
  readonly scores: Float64Array;
  /** w ≥ 0 [N × M]. */
  readonly weights: Float64Array;
}

const HIDDEN = 64, TRAINING = { batch: 64, rate: 0.01 };

/** Ridge penalty of a new model's e_k, relative to the hidden features' mean square. */
const NEW_MODEL_PENALTY = 1;

const hidden = (parameter: Bound, x: Tensor): Tensor =>
  relu(linear(x, parameter("w"), parameter("c")));

/** Fits a head by AdamW. */
export async function fitHead(
  { x, named, scores, weights }: HeadData,
  random: Random,
  signal: AbortSignal,
): Promise<ValueHead> {
  const { rows: N, width: D } = x, M = scores.length / N, { labels } = masked(scores);
  const known = Float32Array.from(weights, (w, at) => Number.isNaN(scores[at]) ? 0 : w);
  const parameters = new Parameters(random);
  parameters.add("w", [D, HIDDEN], (data, stream) => {
    for (let at = 0; at < named * HIDDEN; at++) data[at] = stream.normal();
  });
  parameters.add("c", [HIDDEN], zeros);
  parameters.add("e", [HIDDEN, M], zeros);
  parameters.add("b", [M], values(columnMeans(scores, M).map((mean) => mean || 0)));
  const examples = Array.from({ length: N }, (_, i) => i)
    .filter((i) => known.subarray(i * M, (i + 1) * M).some((w) => w > 0));
  const loss = await leastSquares(
    { x, targets: labels, weights: known },
    (parameter, x) => linear(hidden(parameter, x), parameter("e"), parameter("b")),
    { ...TRAINING, parameters, examples, random },
    { signal },
  );
  const [e, b] = ["e", "b"].map((name) => parameters.get(name).data);
  return {
    hidden: new Blocks(parameters, (_, parameter, x) => hidden(parameter, x)),
    weights: Float64Array.from([...e, ...b]),
    parameters: (D + 1) * HIDDEN,
    loss,
  };
}

/** V of every row and model [Q × M]. */
export async function valuesOf(head: ValueHead, x: Matrix): Promise<Float64Array> {
  return await ridgePredict(await features(head, x), head.weights);
}

/** The head with the models of a larger pool, whose scores on `x` are known. */
export async function extendHead(
  head: ValueHead,
  pool: ExtendedPool,
  x: Matrix,
  scores: Float64Array,
): Promise<ValueHead> {
  const [fresh] = await ridgePath(await features(head, x), scores, [NEW_MODEL_PENALTY]);
  return { ...head, weights: pool.merge(head.weights, fresh.weights) };
}

/** Rows of `x` with the columns of [Q × M] beside them; 0 where a cell is NaN. */
export function beside(x: Matrix, cells: Float64Array): Matrix {
  const M = x.rows > 0 ? cells.length / x.rows : 0;
  return sideBySide(x, matrix(x.rows, M, Float32Array.from(cells, (cell) => cell || 0)));
}

async function features({ hidden }: ValueHead, x: Matrix): Promise<Matrix> {
  return matrix(x.rows, HIDDEN, Float32Array.from(await hidden.apply(x)));
}
