/**
 * Normalisation of the last axis. Below, g = ∂L/∂y, h = g · gain, and bars are means over the axis.
 * @module
 */
import { constantOf, type Tensor } from "./graph.ts";
import { div, mean, mul, ones, scale, shift, sqrt, square, sub, sum, sumTo } from "./arithmetic.ts";

/**
 * y = gain · n + bias with n = (x − x̄) / √(variance + ε).
 * ∂x = (h − h̄ − n · mean(h·n)) / √(variance + ε), ∂gain = Σ g·n, ∂bias = Σ g.
 */
export function layerNorm(x: Tensor, gain: Tensor, bias: Tensor, epsilon = 1e-5): Tensor {
  const { graph, shape } = x, one = shape.with(-1, 1);
  const [y, centre, inverse] = graph.nodes("LayerNormalization", [x, gain, bias], [
    shape,
    one,
    one,
  ], { attributes: { axis: { int: -1 }, epsilon: { float: epsilon } } });
  return graph.record([y], [x, gain, bias], (g) => {
    const n = mul(sub(constantOf(x), centre), inverse);
    return [
      () => {
        const h = mul(g, gain);
        return mul(inverse, sub(sub(h, rowMean(h)), mul(n, rowMean(mul(h, n)))));
      },
      () => sumTo(mul(g, n), gain.shape),
      () => sumTo(g, bias.shape),
    ];
  })[0];
}

/**
 * y = gain · n with n = x / √(mean(x²) + ε).
 * ∂x = (h − n · mean(h·n)) / √(mean(x²) + ε), ∂gain = Σ g·n.
 */
export function rmsNorm(x: Tensor, gain: Tensor, epsilon = 1e-6): Tensor {
  const X = constantOf(x);
  const root = sqrt(shift(rowMean(square(X)), epsilon));
  const n = div(X, root);
  const y = mul(n, constantOf(gain));
  return x.graph.record([y], [x, gain], (g) => [
    () => {
      const h = mul(g, gain);
      return div(sub(h, mul(n, rowMean(mul(h, n)))), root);
    },
    () => sumTo(mul(g, n), gain.shape),
  ])[0];
}

/** y = x / √(Σ x² + ε), so that inner products are cosines.  ∂x = (g − y · Σ g·y) / √(Σ x² + ε). */
export function unitLength(x: Tensor, epsilon = 1e-12): Tensor {
  const X = constantOf(x), root = sqrt(shift(sum(square(X), [-1]), epsilon)), y = div(X, root);
  return x.graph.record(
    [y],
    [x],
    (g) => [() => div(sub(g, mul(y, sum(mul(g, y), [-1]))), root)],
  )[0];
}

/** Mean over the last axis as a product with a column of 1/n: faster than ReduceMean on a CPU. */
function rowMean(x: Tensor): Tensor {
  const width = x.shape.at(-1)!;
  if (!x.graph.fused) return mean(x, [-1]);
  const column = scale(ones(x.graph, [width, 1]), 1 / width);
  return x.graph.node("MatMul", [x, column], x.shape.with(-1, 1));
}
