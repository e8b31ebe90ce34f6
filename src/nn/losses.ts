/**
 * Losses, each a scalar. Below, g = ∂L/∂loss.
 * @module
 */
import type { Tensor } from "./graph.ts";
import { add, div, exp, expand, mul, negate, scalar, shift, sub, sumAll } from "./arithmetic.ts";
import { reshape } from "./shapes.ts";

/**
 * Mean cross-entropy −Σ_r w_r ln softmax(logits_r)[target_r] / Σ_r w_r.
 * ∂logits_r = (softmax(logits_r) − onehot(target_r)) · w_r / Σ w.
 *
 * @param logits [rows × classes]
 * @param targets class numbers, int64 [rows × 1]
 * @param weights [rows × 1], 0 where a row does not count; all ones if absent
 * @throws {RangeError} when the shapes do not fit: broadcasting would make another mean of it
 */
export function crossEntropy(logits: Tensor, targets: Tensor, weights?: Tensor): Tensor {
  const { graph, shape: [rows] } = logits, column = [rows, 1];
  expectShape("targets", targets, column);
  if (weights) expectShape("weights", weights, column);
  const log = graph.node("LogSoftmax", [logits], logits.shape, {
    attributes: { axis: { int: -1 } },
  });
  const axis = { axis: { int: 1 } };
  const right = graph.node("GatherElements", [log, targets], column, { attributes: axis });
  const share = weights ? div(weights, sumAll(weights)) : scalar(graph, 1 / rows);
  const loss = negate(sumAll(mul(right, share)));
  return graph.record([loss], [logits], (g) => [() => {
    const minus = expand(scalar(graph, -1), column);
    const off = graph.node("ScatterElements", [exp(log), targets, minus], logits.shape, {
      attributes: { ...axis, reduction: { string: "add" } },
    });
    return mul(off, mul(share, g));
  }])[0];
}

/**
 * Mean binary cross-entropy Σ_i w_i (softplus(ℓ_i) − z_i ℓ_i) / Σ_i w_i, stable for any ℓ.
 * ∂ℓ_i = (σ(ℓ_i) − z_i) · w_i / Σ w, ∂z_i = −ℓ_i · w_i / Σ w.
 *
 * @param logits any shape
 * @param labels of the same shape, in [0, 1]; soft labels are allowed
 * @param weights of the same shape, 0 where an outcome is missing; all ones if absent
 * @throws {RangeError} when the shapes differ
 */
export function binaryCrossEntropy(logits: Tensor, labels: Tensor, weights?: Tensor): Tensor {
  const { graph, shape } = logits, size = shape.reduce((a, b) => a * b, 1);
  expectShape("labels", labels, shape);
  if (weights) expectShape("weights", weights, shape);
  const share = weights ? div(weights, sumAll(weights)) : scalar(graph, 1 / size);
  const each = sub(softplus(logits), graph.node("Mul", [labels, logits], shape));
  const loss = sumAll(mul(each, share));
  return graph.record(
    [loss],
    [logits, labels],
    (g) => [
      () => mul(sub(graph.node("Sigmoid", [logits], shape), labels), mul(share, g)),
      () => negate(mul(logits, mul(share, g))),
    ],
  )[0];
}

/**
 * Mean logistic loss Σ_i w_i softplus(x_i) / Σ_i w_i: binary cross-entropy with labels 0.
 * ∂x_i = σ(x_i) · w_i / Σ w.
 * @throws {RangeError} when the shapes differ
 */
export function logisticLoss(x: Tensor, weights: Tensor): Tensor {
  const { graph, shape } = x;
  expectShape("weights", weights, shape);
  const total = sumAll(weights), loss = div(sumAll(mul(softplus(x), weights)), total);
  return graph.record([loss], [x], (g) => [
    () => mul(graph.node("Sigmoid", [x], shape), mul(expand(div(g, total), shape), weights)),
  ])[0];
}

/** Mean squared difference of two tensors of one shape.  ∂x = 2 g (x − y) / n. */
export function meanSquaredError(x: Tensor, y: Tensor): Tensor {
  const size = x.shape.reduce((a, b) => a * b, 1), d = sub(reshape(x, y.shape), y);
  return mul(sumAll(mul(d, d)), scalar(x.graph, 1 / size));
}

/**
 * ln(1 + exp(x)) without overflow, right to 10⁻⁷: enough for a loss, whose gradient does not come from it,
 * and many times faster than the runtime's operator. Without a gradient of its own.
 */
function softplus(x: Tensor): Tensor {
  const { graph, shape } = x,
    node = (op: string, of: Tensor): Tensor => graph.node(op, [of], shape);
  return add(node("Relu", x), node("Log", shift(node("Exp", node("Neg", node("Abs", x))), 1)));
}

function expectShape(what: string, { shape }: Tensor, expected: readonly number[]): void {
  if (shape.join() !== expected.join()) {
    throw new RangeError(`${what} of shape [${shape}], expected [${expected}]`);
  }
}
