/**
 * Nonlinearities. Below, g = ∂L/∂y.
 * @module
 */
import type { Tensor } from "./graph.ts";
import { add, mul, scalar, scale, shift, sub } from "./arithmetic.ts";

/** y = max(x, 0).  ∂x = g where y > 0. */
export function relu(x: Tensor): Tensor {
  const { graph, shape } = x;
  const y = graph.node("Relu", [x], shape);
  return graph.record([y], [x], (g) => [() => {
    // As a comparison: the runtime's Sign takes six times as long.
    const positive = graph.node("Greater", [x, scalar(graph, 0)], shape, {
      type: "bool",
    });
    return mul(g, graph.node("Cast", [positive], shape, { attributes: { to: { int: 1 } } }));
  }])[0];
}

/** y = σ(x) = 1 / (1 + exp(−x)).  ∂x = g · y · (1 − y). */
export function sigmoid(x: Tensor): Tensor {
  const y = x.graph.node("Sigmoid", [x], x.shape);
  return x.graph.record([y], [x], (g) => [() => mul(g, sub(y, mul(y, y)))])[0];
}

/** y = tanh(x).  ∂x = g · (1 − y²). */
export function tanh(x: Tensor): Tensor {
  const y = x.graph.node("Tanh", [x], x.shape);
  return x.graph.record([y], [x], (g) => [() => sub(g, mul(g, mul(y, y)))])[0];
}

/** y = ln(1 + exp(x)), without overflow.  ∂x = g · σ(x). */
export function softplus(x: Tensor): Tensor {
  const y = x.graph.node("Softplus", [x], x.shape);
  return x.graph.record([y], [x], (g) => [() => mul(g, sigmoid(x))])[0];
}

/** y = x · σ(x), also called swish.  With s = σ(x): ∂x = g · s · (1 + x − y). */
export function silu(x: Tensor): Tensor {
  const s = x.graph.node("Sigmoid", [x], x.shape);
  const y = x.graph.node("Mul", [x, s], x.shape);
  return x.graph.record([y], [x], (g) => [() => mul(g, mul(s, shift(sub(x, y), 1)))])[0];
}

/**
 * y = GELU in its tanh form, written with σ: u = √(2/π)(x + 0.044715 x³), y = x · s, s = σ(2u).
 * ∂x = g · (s + (x − y) · s · 2u′), u′ = √(2/π)(1 + 0.134145 x²).
 */
export function gelu(x: Tensor): Tensor {
  const { graph, shape } = x, k = Math.sqrt(2 / Math.PI), c = 0.044715;
  const node = (op: string, ...inputs: Tensor[]): Tensor => graph.node(op, inputs, shape);
  const x2 = node("Mul", x, x);
  const s = graph.node("Sigmoid", [mul(x, shift(scale(x2, 2 * k * c), 2 * k))], shape);
  const y = node("Mul", x, s);
  return graph.record([y], [x], (g) => [() => {
    const slope = shift(scale(x2, 6 * k * c), 2 * k);
    return mul(g, add(s, mul(mul(sub(x, y), s), slope)));
  }])[0];
}
