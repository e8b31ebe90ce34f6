/**
 * The network of GraphRouter: a layer that brings queries and models to nodes of one width, and two
 * convolutions of the models over the edges from queries they see. Used by `_graph_router.ts`, where the
 * formulas are.
 * @module
 */
import type { Random } from "../src/router/mod.ts";
import { add, concat, layerNorm, linear, matmul, mul, relu, reshape, sum } from "../src/nn/mod.ts";
import { type Bound, normal, ones, Parameters, type Tensor, zeros } from "../src/nn/mod.ts";

/** Numbers an edge carries. */
const EDGE = 4;

/** Fresh parameters for nodes of the given width; a model's vector depends on its id. */
export function start(
  width: number,
  D: number,
  T: number,
  models: readonly string[],
  random: Random,
): Parameters {
  const parameters = new Parameters(random), half = width / 2;
  parameters.add("text", [D, half], normal(0.3)); // φ has length 1
  parameters.add("text bias", [half], zeros);
  parameters.add("task", [T, half], normal(0.3));
  parameters.add(
    "models",
    [models.length, width],
    (data, stream) =>
      models.forEach((id, m) =>
        normal(0.3)(data.subarray(m * width, (m + 1) * width), stream.fork(id))
      ),
  );
  parameters.add("edge", [EDGE], normal(1));
  parameters.add("edge bias", [EDGE], ones);
  for (const layer of [1, 2]) {
    parameters.add(`message ${layer}`, [width, width], normal(1 / Math.sqrt(width)));
    parameters.add(`edge message ${layer}`, [EDGE, width], normal(1 / Math.sqrt(EDGE)));
    parameters.add(`gain ${layer}`, [width], ones);
    parameters.add(`bias ${layer}`, [width], zeros);
  }
  return parameters;
}

/** h_q⁰ of queries: of φ(x) [B × D] and of the shares of tasks in them [B × T]. */
export function queryNodes(parameter: Bound, x: Tensor, task: Tensor): Tensor {
  const text = linear(x, parameter("text"), parameter("text bias"));
  return concat([linear(task, parameter("task")), text], 1);
}

/**
 * h_m² of models, [M × width].
 * @param own h_m⁰, [M × width]
 * @param q h_q⁰, [B × width]
 * @param scores of the edges, [B × M]; counted where visible
 * @param visible 1/n for the n edges that a model sees, 0 for the others, [B × M]
 */
export function modelNodes(
  parameter: Bound,
  own: Tensor,
  q: Tensor,
  scores: Tensor,
  visible: Tensor,
): Tensor {
  // The numbers of an edge come first: the runtime is slow at broadcasting over short last axes.
  const [B, M] = scores.shape,
    flat = [1, B * M],
    tall = (name: string): Tensor => reshape(parameter(name), [EDGE, 1]);
  const e = relu(add(mul(reshape(scores, flat), tall("edge")), tall("edge bias")));
  const weighted = reshape(mul(e, reshape(visible, flat)), [EDGE, B, M]);
  const edges = sum(weighted, [1], { keep: false });
  const norm = (x: Tensor, layer: number): Tensor =>
    layerNorm(x, parameter(`gain ${layer}`), parameter(`bias ${layer}`));
  const convolve = (nodes: Tensor, queries: Tensor, layer: number): Tensor => {
    const heard = matmul(visible, queries, { transposeA: true });
    const message = add(
      linear(heard, parameter(`message ${layer}`)),
      matmul(edges, parameter(`edge message ${layer}`), { transposeA: true }),
    );
    return norm(add(nodes, message), layer);
  };
  return convolve(relu(convolve(own, q, 1)), relu(norm(q, 1)), 2);
}

/** Edges to predict and edges to see in a step. */
export interface Mask {
  /** 1 for the edges to predict, [B × M]. */
  readonly hidden: Float32Array;
  /** 1/n for the n edges that a model sees, its messages' weights in the mean, [B × M]. */
  readonly visible: Float32Array;
}

/** Hides each known edge with a chance of one half, by one random bit; all of them, should none be hit. */
export function hide(known: Float32Array, models: readonly string[], draw: Random): Mask {
  const hidden = new Float32Array(known.length), visible = known.slice(), M = models.length;
  models.forEach((id, m) => {
    const stream = draw.fork("hidden", id);
    for (let at = m, bits = 1; at < known.length; at += M, bits >>>= 1) {
      if (bits === 1) bits = stream.integer(2 ** 31) + 2 ** 31; // 31 bits, and the end mark
      if ((bits & 1) === 1) hidden[at] = known[at], visible[at] = 0;
    }
  });
  if (!hidden.includes(1)) hidden.set(known), visible.fill(0);
  return { hidden, visible: averaging(visible, M) };
}

/** Divides each column of 0s and 1s by its sum, in place; a column of zeros stays one. */
export function averaging(edges: Float32Array, M: number): Float32Array {
  for (let m = 0; m < M; m++) {
    let degree = 0;
    for (let at = m; at < edges.length; at += M) degree += edges[at];
    for (let at = m; at < edges.length; at += M) edges[at] /= Math.max(1, degree);
  }
  return edges;
}
