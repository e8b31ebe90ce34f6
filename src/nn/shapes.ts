/**
 * Operators that move numbers without changing them. Below, g = ∂L/∂y.
 * @module
 */
import { sizeOf, type Tensor } from "./graph.ts";
import { integers } from "./arithmetic.ts";

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
