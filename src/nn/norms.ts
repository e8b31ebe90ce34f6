/**
 * Normalisation of the last axis. Below, g = ∂L/∂y, h = g · gain, and bars are means over the axis.
 * @module
 */
import { constantOf, type Tensor } from "./graph.ts";
import {
  add,
  div,
  mean,
  mul,
  scalar,
  scale,
  shift,
  sqrt,
  square,
  sub,
  sum,
  sumTo,
} from "./arithmetic.ts";
import { reshape } from "./shapes.ts";

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
    const n = mul(sub(constantOf(x), centre), inverse), gn = mul(g, n);
    return [
      () => {
        const across = add(mul(n, weightedMean(gn, gain)), weightedMean(g, gain));
        return mul(inverse, sub(mul(g, gain), across));
      },
      () => sumTo(gn, gain.shape),
      () => sumTo(g, bias.shape),
    ];
  })[0];
}

/**
 * y = gain · n with n = x / √(mean(x²) + ε).
 * ∂x = (h − n · mean(h·n)) / √(mean(x²) + ε), ∂gain = Σ g·n.
 */
export function rmsNorm(x: Tensor, gain: Tensor, epsilon = 1e-6): Tensor {
  const { y, inverse } = rms(constantOf(x), constantOf(gain), epsilon);
  return x.graph.record([y], [x, gain], (g) => {
    const n = mul(x, inverse), gn = mul(g, n);
    return [
      () => mul(inverse, sub(mul(g, gain), mul(n, weightedMean(gn, gain)))),
      () => sumTo(gn, gain.shape),
    ];
  })[0];
}

/** The forward half of {@link rmsNorm}: its output, and 1 / √(mean(x²) + ε) of every row. */
function rms(x: Tensor, gain: Tensor, epsilon: number): { y: Tensor; inverse: Tensor } {
  const { graph, shape } = x;
  if (graph.fused) {
    const [y, inverse] = graph.nodes("SimplifiedLayerNormalization", [x, gain], [
      shape,
      shape.with(-1, 1),
    ], { attributes: { axis: { int: -1 }, epsilon: { float: epsilon } } });
    return { y, inverse };
  }
  const inverse = div(scalar(graph, 1), sqrt(shift(mean(square(x), [-1]), epsilon)));
  return { y: mul(mul(x, inverse), gain), inverse };
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

/** Mean of x · weights over the last axis; as a product it never writes x · weights down. */
function weightedMean(x: Tensor, weights: Tensor): Tensor {
  const width = x.shape.at(-1)!;
  if (!x.graph.fused) return mean(mul(x, weights), [-1]);
  const column = reshape(scale(weights, 1 / width), [width, 1]);
  return x.graph.node("MatMul", [x, column], x.shape.with(-1, 1));
}
