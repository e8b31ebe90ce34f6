/**
 * Elementwise operators with broadcasting, and sums. Below, g = ∂L/∂y.
 * @module
 */
import { type Graph, sizeOf, type Tensor } from "./graph.ts";
import { reshape } from "./shapes.ts";

/** The scalar `value` as a constant of the graph. */
export function scalar(graph: Graph, value: number): Tensor {
  return graph.constant(`scalar ${value}`, [], () => Float32Array.of(value));
}

/** A constant of ones. */
export function ones(graph: Graph, shape: readonly number[]): Tensor {
  return graph.constant(`ones ${shape}`, shape, () => new Float32Array(sizeOf(shape)).fill(1));
}

/** Zeros of a tensor's shape, made when the graph runs. */
export function zerosLike({ graph, shape }: Tensor): Tensor {
  return graph.node("ConstantOfShape", [integers(graph, shape)], shape);
}

/** A constant vector of whole numbers (axes, shapes, starts). */
export function integers(graph: Graph, values: readonly number[]): Tensor {
  return graph.constant(
    `integers ${values}`,
    [values.length],
    () => BigInt64Array.from(values, BigInt),
  );
}

/** y = a + b.  ∂a = g, ∂b = g, each summed to its shape. */
export function add(a: Tensor, b: Tensor): Tensor {
  return record("Add", a, b, (g) => [() => g, () => g]);
}

/** y = a − b.  ∂a = g, ∂b = −g. */
export function sub(a: Tensor, b: Tensor): Tensor {
  return record("Sub", a, b, (g) => [() => g, () => negate(g)]);
}

/** y = a · b, elementwise.  ∂a = g · b, ∂b = g · a. */
export function mul(a: Tensor, b: Tensor): Tensor {
  return record("Mul", a, b, (g) => [() => mul(g, b), () => mul(g, a)]);
}

/** y = a / b.  ∂a = g / b, ∂b = −g · a / b². */
export function div(a: Tensor, b: Tensor): Tensor {
  return record("Div", a, b, (g) => [
    () => div(g, b),
    () => negate(div(mul(g, div(a, b)), b)),
  ]);
}

/** y = c · x for a number c.  ∂x = c · g. */
export function scale(x: Tensor, factor: number): Tensor {
  return factor === 1 ? x : mul(x, scalar(x.graph, factor));
}

/** y = x + c for a number c.  ∂x = g. */
export function shift(x: Tensor, amount: number): Tensor {
  return add(x, scalar(x.graph, amount));
}

/** y = −x.  ∂x = −g. */
export function negate(x: Tensor): Tensor {
  return unary("Neg", x, (g) => negate(g));
}

/** y = exp(x).  ∂x = g · y. */
export function exp(x: Tensor): Tensor {
  return unary("Exp", x, (g, y) => mul(g, y));
}

/** y = ln(x).  ∂x = g / x. */
export function log(x: Tensor): Tensor {
  return unary("Log", x, (g) => div(g, x));
}

/** y = √x.  ∂x = g / (2y). */
export function sqrt(x: Tensor): Tensor {
  return unary("Sqrt", x, (g, y) => div(scale(g, 0.5), y));
}

/** y = x².  ∂x = 2 · g · x. */
export function square(x: Tensor): Tensor {
  return mul(x, x);
}

/** y = Σ x over some axes, which stay with length 1 (or go, with `keep: false`).  ∂x = g, repeated. */
export function sum(x: Tensor, axes: readonly number[], { keep = true } = {}): Tensor {
  const { graph } = x;
  const at = axes.map((axis) => axis < 0 ? axis + x.shape.length : axis);
  const kept = x.shape.map((n, i) => at.includes(i) ? 1 : n);
  const shape = keep ? kept : x.shape.filter((_, i) => !at.includes(i));
  const y = graph.node("ReduceSum", [x, integers(graph, at)], shape, {
    attributes: { keepdims: { int: keep ? 1 : 0 } },
  });
  return graph.record([y], [x], (g) => [() => expand(reshape(g, kept), x.shape)])[0];
}

/** y = mean of x over some axes, which stay with length 1 (or go).  ∂x = g / n, repeated. */
export function mean(x: Tensor, axes: readonly number[], options: { keep?: boolean } = {}): Tensor {
  const total = sum(x, axes, options);
  return scale(total, sizeOf(total.shape) / sizeOf(x.shape));
}

/** The sum of all elements, a scalar.  ∂x = g, repeated. */
export function sumAll(x: Tensor): Tensor {
  return sum(x, x.shape.map((_, i) => i), { keep: false });
}

/**
 * x repeated to a larger shape it broadcasts to.  ∂x = g, summed back.
 * @throws {RangeError} when it does not
 */
export function expand(x: Tensor, shape: readonly number[]): Tensor {
  if (x.shape.join() === shape.join()) return x;
  if (broadcastShape(x.shape, shape).join() !== shape.join()) {
    throw new RangeError(`cannot expand [${x.shape}] to [${shape}]`);
  }
  const y = x.graph.node("Expand", [x, integers(x.graph, shape)], shape);
  return x.graph.record([y], [x], (g) => [() => sumTo(g, x.shape)])[0];
}

/** The reverse of broadcasting: x summed down to a shape that broadcasts to its own.  ∂x = g, repeated. */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  if (x.shape.join() === shape.join()) return x;
  const { graph } = x, columns = shape.at(-1);
  if (sizeOf(shape) === columns && x.shape.at(-1) === columns) {
    // Column sums as a product with a row of ones: twice as fast as ReduceSum on a CPU.
    const rows = sizeOf(x.shape) / columns;
    const row = graph.node("Gemm", [ones(graph, [1, rows]), reshape(x, [rows, columns])], [
      1,
      columns,
    ]);
    return graph.record([reshape(row, shape)], [x], (g) => [() => expand(g, x.shape)])[0];
  }
  const lead = x.shape.length - shape.length;
  const axes = x.shape.flatMap((n, i) => i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : []);
  return reshape(sum(x, axes), shape);
}

/**
 * The shape two shapes broadcast to.
 * @throws {RangeError} when they do not
 */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const m = a[a.length - rank + i] ?? 1, n = b[b.length - rank + i] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new RangeError(`shapes [${a}] and [${b}] do not broadcast`);
    }
    return Math.max(m, n);
  });
}

function record(
  op: string,
  a: Tensor,
  b: Tensor,
  backward: (g: Tensor) => readonly [() => Tensor, () => Tensor],
): Tensor {
  const y = a.graph.node(op, [a, b], broadcastShape(a.shape, b.shape));
  return a.graph.record([y], [a, b], (g) => {
    const [da, db] = backward(g);
    return [() => sumTo(da(), a.shape), () => sumTo(db(), b.shape)];
  })[0];
}

function unary(op: string, x: Tensor, backward: (g: Tensor, y: Tensor) => Tensor): Tensor {
  const y = x.graph.node(op, [x], x.shape);
  return x.graph.record([y], [x], (g) => [() => backward(g, y)])[0];
}
