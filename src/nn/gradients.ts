/**
 * Reverse-mode differentiation of a graph.
 * @module
 */
import type { Tensor } from "./graph.ts";
import { add, scalar, zerosLike } from "./arithmetic.ts";

/**
 * Appends to the graph the nodes that compute ∂loss/∂w for each wanted w, in order.
 *
 * @param loss a scalar
 * @throws {RangeError} when the loss is not a scalar or does not depend on one of the wanted tensors
 */
export function gradients(loss: Tensor, wanted: readonly Tensor[]): Tensor[] {
  if (loss.shape.length > 0) {
    throw new RangeError(`a loss is a scalar, got shape [${loss.shape}]`);
  }
  return loss.graph.backward(loss, wanted, {
    one: (graph) => scalar(graph, 1),
    zeros: zerosLike,
    add,
  });
}
