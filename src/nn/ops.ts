/**
 * The operators of the engine, each with its backward rule beside it: arithmetic with broadcasting, sums, shapes,
 * matrix products, table rows; and {@link gradients}, which walks the rules back. Below, g = ∂L/∂y.
 * @module
 */
import { type Graph, sizeOf, type Tensor } from "./graph.ts";

/** The scalar `value` as a constant of the graph. */
export function scalar(graph: Graph, value: number): Tensor {
  return graph.constant(`scalar ${value}`, [], () => Float32Array.of(value));
}

/** A constant of ones. */
export function constantOnes(graph: Graph, shape: readonly number[]): Tensor {
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
  return record("Mul", a, b, (g) => [() => mul(lean(g, b), b), () => mul(lean(g, a), a)]);
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
  const [noted] = x.graph.record([y], [x], (g) => [() => sumTo(g, x.shape)]);
  if (sizeOf(x.shape) === 1) singles.set(noted, x);
  return noted;
}

/** The single numbers that were expanded to a shape, by what came of it. */
const singles = new WeakMap<Tensor, Tensor>();

/** The one number that g repeats, where it takes g's shape by itself beside `other`: a copy less to write. */
function lean(g: Tensor, other: Tensor): Tensor {
  return g.shape.join() === other.shape.join() ? singles.get(g) ?? g : g;
}

/** The reverse of broadcasting: x summed down to a shape that broadcasts to its own.  ∂x = g, repeated. */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  if (x.shape.join() === shape.join()) return x;
  const { graph } = x, columns = shape.at(-1);
  if (sizeOf(shape) === columns && x.shape.at(-1) === columns) {
    // Column sums as a product with a row of ones: twice as fast as ReduceSum on a CPU.
    const rows = sizeOf(x.shape) / columns;
    const row = graph.node("Gemm", [constantOnes(graph, [1, rows]), reshape(x, [rows, columns])], [
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

// Shapes: operators that move numbers without changing them.

/** The same numbers under another shape.  ∂x = g under the old one. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  if (sizeOf(shape) !== sizeOf(x.shape)) {
    throw new RangeError(`cannot reshape [${x.shape}] to [${shape}]`);
  }
  if (x.shape.join() === shape.join()) return x;
  const y = x.graph.node("Reshape", [x, integers(x.graph, shape)], shape, { type: x.type });
  return x.graph.record([y], [x], (g) => [() => reshape(g, x.shape)])[0];
}

/** Axes in another order: axis i of y is axis order[i] of x.  ∂x = g with the order undone. */
export function transpose(x: Tensor, order: readonly number[]): Tensor {
  if (order.toSorted().join() !== x.shape.map((_, i) => i).join()) {
    throw new RangeError(`transpose: [${order}] is no order of the axes of [${x.shape}]`);
  }
  const y = x.graph.node("Transpose", [x], order.map((axis) => x.shape[axis]), {
    attributes: { perm: { ints: order } },
    type: x.type,
  });
  const undone = order.map((_, i) => order.indexOf(i));
  return x.graph.record([y], [x], (g) => [() => transpose(g, undone)])[0];
}

/** Rows start…end of an axis.  ∂x = g between zeros. */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  const { graph } = x, at = axis < 0 ? axis + x.shape.length : axis, n = x.shape[at];
  if (!(0 <= start && start < end && end <= n)) {
    throw new RangeError(`slice ${start}…${end} of an axis of ${n}`);
  }
  if (start === 0 && end === n) return x;
  const shape = x.shape.with(at, end - start);
  const where = [start, end, at].map((value) => integers(graph, [value]));
  const y = graph.node("Slice", [x, ...where], shape, { type: x.type });
  return graph.record([y], [x], (g) => [() => pad(g, at, start, n - end)])[0];
}

/** Zeros before and after along an axis.  ∂x = the middle of g. */
export function pad(x: Tensor, axis: number, before: number, after: number): Tensor {
  if (before === 0 && after === 0) return x;
  const { graph } = x, none = x.shape.map(() => 0), n = x.shape.at(axis)!;
  const pads = integers(graph, [...none.with(axis, before), ...none.with(axis, after)]);
  const shape = x.shape.with(axis, n + before + after);
  const y = graph.node("Pad", [x, pads], shape);
  return graph.record(
    [y],
    [x],
    (g) => [() => slice(g, axis, before, before + n)],
  )[0];
}

/**
 * x cut along an axis into equal parts, or into parts of given sizes.  ∂x = the parts' gradients, joined.
 * @throws {RangeError} when the parts do not fill the axis
 */
export function split(
  x: Tensor,
  parts: number | readonly number[],
  axis: number,
): readonly Tensor[] {
  const { graph } = x, at = axis < 0 ? axis + x.shape.length : axis, n = x.shape[at];
  const sizes = typeof parts === "number" ? Array<number>(parts).fill(n / parts) : parts;
  if (sizes.reduce((a, b) => a + b, 0) !== n || !sizes.every(Number.isInteger)) {
    throw new RangeError(`cannot cut an axis of ${n} into ${parts} parts`);
  }
  if (sizes.length === 1) return [x];
  const shapes = sizes.map((size) => x.shape.with(at, size));
  const outputs = graph.nodes("Split", [x, integers(graph, sizes)], shapes, {
    attributes: { axis: { int: at } },
  });
  return graph.record(outputs, [x], (...gs) => [() => concat(gs, at)]);
}

/** Tensors one after the other along an axis.  Each gets its own rows of g. */
export function concat(parts: readonly Tensor[], axis: number): Tensor {
  if (parts.length === 1) return parts[0];
  const { graph, shape, type } = parts[0], at = axis < 0 ? axis + shape.length : axis;
  for (const part of parts) {
    if (part.shape.with(at, 0).join() !== shape.with(at, 0).join()) {
      throw new RangeError(`cannot join [${part.shape}] to [${shape}] along axis ${at}`);
    }
  }
  const length = parts.reduce((total, part) => total + part.shape[at], 0);
  const y = graph.node("Concat", parts, shape.with(at, length), {
    attributes: { axis: { int: at } },
    type,
  });
  let end = 0;
  const spans = parts.map((part) => ({ start: end, end: end += part.shape[at] }));
  return graph.record(
    [y],
    parts,
    (g) => spans.map(({ start, end }) => () => slice(g, at, start, end)),
  )[0];
}

// Matrix products.

/** Which operands are transposed, and a factor. */
export interface ProductOptions {
  /** Use aᵀ (of each matrix in the batch). */
  readonly transposeA?: boolean;
  /** Use bᵀ. */
  readonly transposeB?: boolean;
  /** y = factor · a b. */
  readonly factor?: number;
}

/**
 * y = c · a b for matrices [m × k] and [k × n], or batches of them with equal leading dimensions.
 *
 * With A, B for the operands after transposing: ∂A = c · g Bᵀ, ∂B = c · Aᵀ g; a transposed operand gets the
 * transpose of that, which is again a product.
 * @throws {RangeError} when the shapes do not fit
 */
export function matmul(a: Tensor, b: Tensor, options: ProductOptions = {}): Tensor {
  const { transposeA: tA = false, transposeB: tB = false, factor = 1 } = options;
  const [m, k] = tA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
  const [k2, n] = tB ? [b.shape.at(-1)!, b.shape.at(-2)!] : [b.shape.at(-2)!, b.shape.at(-1)!];
  const batch = a.shape.slice(0, -2);
  if (k !== k2 || batch.join() !== b.shape.slice(0, -2).join()) {
    throw new RangeError(
      `cannot multiply [${a.shape}]${tA ? "ᵀ" : ""} [${b.shape}]${tB ? "ᵀ" : ""}`,
    );
  }
  const y = product(a, b, tA, tB, factor, [...batch, m, n]);
  return a.graph.record([y], [a, b], (g) => [
    () =>
      tA
        ? matmul(b, g, { transposeA: tB, transposeB: true, factor })
        : matmul(g, b, { transposeB: !tB, factor }),
    () =>
      tB
        ? matmul(g, a, { transposeA: true, transposeB: tA, factor })
        : matmul(a, g, { transposeA: !tA, factor }),
  ])[0];
}

/**
 * y = x W (+ b) for x [… × in], W [in × out] (or [out × in] with `transposeWeight`), b [out].
 * ∂x = g Wᵀ, ∂W = xᵀ g, ∂b = column sums of g.
 */
export function linear(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  { transposeWeight = false } = {},
): Tensor {
  const width = x.shape.at(-1)!, rows = sizeOf(x.shape) / width;
  const y = matmul(reshape(x, [rows, width]), weight, { transposeB: transposeWeight });
  const out = reshape(y, [...x.shape.slice(0, -1), y.shape[1]]);
  return bias ? add(out, bias) : out;
}

/**
 * y = base + c · x Wᵀ for x [… × in], W [out × in], base [… × out]: a product and a sum in one pass.
 * ∂base = g, ∂x = c · g W, ∂W = c · gᵀ x.
 */
export function addLinear(base: Tensor, x: Tensor, weight: Tensor, factor = 1): Tensor {
  const { graph, shape } = base, [out, width] = weight.shape;
  if (x.shape.at(-1) !== width || shape.join() !== x.shape.with(-1, out).join()) {
    throw new RangeError(`cannot add [${x.shape}] [${weight.shape}]ᵀ to [${shape}]`);
  }
  const rows = sizeOf(shape) / out;
  const inputs = [reshape(base, [rows, out]), reshape(x, [rows, width]), weight];
  const [C, a, b] = inputs;
  const y = graph.node("Gemm", [a, b, C], [rows, out], {
    attributes: { transB: { int: 1 }, alpha: { float: factor } },
  });
  const noted = graph.record([y], inputs, (g) => [
    () => g,
    () => matmul(g, b, { factor }),
    () => matmul(g, a, { transposeA: true, factor }),
  ])[0];
  return reshape(noted, shape);
}

/** One node for a matrix (Gemm) or, fused, for a batch; standard operators otherwise. */
function product(
  a: Tensor,
  b: Tensor,
  tA: boolean,
  tB: boolean,
  factor: number,
  shape: readonly number[],
): Tensor {
  const { graph } = a;
  if (shape.length === 2) {
    return graph.node("Gemm", [a, b], shape, {
      attributes: {
        transA: { int: tA ? 1 : 0 },
        transB: { int: tB ? 1 : 0 },
        alpha: { float: factor },
      },
    });
  }
  if (graph.fused) {
    return graph.node("FusedMatMul", [a, b], shape, {
      attributes: {
        transA: { int: tA ? 1 : 0 },
        transB: { int: tB ? 1 : 0 },
        alpha: { float: factor },
      },
      domain: "com.microsoft",
    });
  }
  const turned = (x: Tensor): Tensor => {
    const axes = x.shape.map((_, i) => i), last = axes.pop()!, before = axes.pop()!;
    return transpose(x, [...axes, last, before]);
  };
  return scale(graph.node("MatMul", [tA ? turned(a) : a, tB ? turned(b) : b], shape), factor);
}

// Table rows.

/**
 * y = table[indices].  ∂table: each row of g is added to the row it was taken from.
 *
 * ScatterElements, not ScatterND: ONNX Runtime's CPU kernel of the latter loses additions when indices
 * repeat and it runs on more than one thread.
 *
 * @param table [rows × width]
 * @param indices int64, any shape
 * @returns [indices' shape × width]
 */
export function lookup(table: Tensor, indices: Tensor): Tensor {
  const { graph } = table, width = table.shape[1], count = sizeOf(indices.shape);
  const y = graph.node("Gather", [table, indices], [...indices.shape, width], {
    attributes: { axis: { int: 0 } },
  });
  return graph.record([y], [table], (g) => [() => {
    const rows = graph.node(
      "Expand",
      [reshape(indices, [count, 1]), integers(graph, [count, width])],
      [count, width],
      { type: "int64" },
    );
    return graph.node(
      "ScatterElements",
      [zerosLike(table), rows, reshape(g, [count, width])],
      table.shape,
      {
        attributes: { axis: { int: 0 }, reduction: { string: "add" } },
      },
    );
  }])[0];
}

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
