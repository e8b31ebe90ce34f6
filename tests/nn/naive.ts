/**
 * The operators of `src/nn` once more, in float64 and element by element: what each is defined to be, with
 * nothing said about how to compute it fast or how to differentiate it.
 * @module
 */
import type { Random } from "../../src/base/random.ts";

/** An array with a shape. */
export interface Nd {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** An array of a shape, from what stands at each index. */
export function nd(shape: readonly number[], at: (index: readonly number[]) => number): Nd {
  const data = new Float64Array(shape.reduce((a, b) => a * b, 1));
  const index = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = at(index);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) {
      index[axis] = 0;
    }
  }
  return { shape, data };
}

/** What stands at an index, which may be longer than the shape or go past an axis of one (broadcasting). */
export function at({ shape, data }: Nd, index: readonly number[]): number {
  const lead = index.length - shape.length;
  return data[shape.reduce((sum, n, i) => sum * n + (n === 1 ? 0 : index[lead + i]), 0)];
}

/** Numbers drawn from a stream: normal, or between ½ and 1½. */
export function drawn(shape: readonly number[], random: Random, positive = false): Nd {
  return nd(shape, () => Math.fround(positive ? 0.5 + random.next() : random.normal()));
}

/** A scalar function of every element. */
export function map(x: Nd, f: (value: number) => number): Nd {
  return { shape: x.shape, data: x.data.map(f) };
}

/** A scalar function of two arrays, broadcast. */
export function zip(a: Nd, b: Nd, f: (a: number, b: number) => number): Nd {
  const rank = Math.max(a.shape.length, b.shape.length);
  const shape = Array.from({ length: rank }, (_, i) => {
    const m = a.shape.at(i - rank) ?? 1, n = b.shape.at(i - rank) ?? 1;
    return Math.max(i < rank - a.shape.length ? 1 : m, i < rank - b.shape.length ? 1 : n);
  });
  return nd(shape, (index) => f(at(a, index), at(b, index)));
}

/** Σ over some axes, which stay with length 1. */
export function total(x: Nd, axes: readonly number[]): Nd {
  const gone = axes.map((axis) => (axis + x.shape.length) % x.shape.length);
  const y = nd(x.shape.map((n, i) => gone.includes(i) ? 1 : n), () => 0);
  nd(x.shape, (index) => {
    const to = index.reduce((sum, k, i) => sum * y.shape[i] + (gone.includes(i) ? 0 : k), 0);
    return y.data[to] += at(x, index);
  });
  return y;
}

/** The same numbers under another shape. */
export function shaped(x: Nd, shape: readonly number[]): Nd {
  return { shape, data: x.data };
}

/** Rows start…end of an axis; zeros outside. */
export function range(x: Nd, axis: number, start: number, end: number): Nd {
  return nd(x.shape.with(axis, end - start), (index) => {
    const from = index[axis] + start;
    return from < 0 || from >= x.shape[axis] ? 0 : at(x, index.with(axis, from));
  });
}

/** Two arrays one after the other. */
export function joined(a: Nd, b: Nd, axis: number): Nd {
  const n = a.shape[axis];
  return nd(a.shape.with(axis, n + b.shape[axis]), (index) => {
    const k = index[axis];
    return k < n ? at(a, index) : at(b, index.with(axis, k - n));
  });
}

/** Axis i of the result is axis order[i] of x. */
export function turned(x: Nd, order: readonly number[]): Nd {
  return nd(
    order.map((axis) => x.shape[axis]),
    (index) => at(x, order.map((_, axis) => index[order.indexOf(axis)])),
  );
}

/** The last two axes exchanged. */
export function matricesTurned(x: Nd): Nd {
  const axes = x.shape.map((_, i) => i), n = axes.length;
  return turned(x, [...axes.slice(0, -2), n - 1, n - 2]);
}

/** Matrix products [… × m × k] [… × k × n]. */
export function product(a: Nd, b: Nd): Nd {
  return nd([...a.shape.slice(0, -1), b.shape.at(-1)!], (index) => {
    const batch = index.slice(0, -2), [i, j] = index.slice(-2);
    let sum = 0;
    for (let k = 0; k < a.shape.at(-1)!; k++) {
      sum += at(a, [...batch, i, k]) * at(b, [...batch, k, j]);
    }
    return sum;
  });
}

/** exp(x) / Σ exp(x) along the last axis. */
export function softmax(x: Nd): Nd {
  const e = map(x, Math.exp);
  return zip(e, total(e, [-1]), (a, b) => a / b);
}

/** softmax(q kᵀ / √width + mask) v. */
export function attention(q: Nd, k: Nd, v: Nd, mask?: Nd): Nd {
  const scores = map(product(q, matricesTurned(k)), (s) => s / Math.sqrt(q.shape.at(-1)!));
  return product(softmax(mask ? zip(scores, mask, (s, m) => s + m) : scores), v);
}

/** A square mask: 0 where column ≤ row, −∞ elsewhere. */
export function causalMask(length: number): Nd {
  return nd([length, length], ([i, j]) => j <= i ? 0 : -Infinity);
}

/** (x − centre) / √(mean (x − centre)² + ε) along the last axis, centre the mean or zero. */
export function normalised(x: Nd, centred: boolean, epsilon: number): Nd {
  const width = x.shape.at(-1)!;
  const centre = map(total(x, [-1]), (sum) => centred ? sum / width : 0);
  const apart = zip(x, centre, (a, b) => a - b);
  const variance = map(total(map(apart, (a) => a * a), [-1]), (sum) => sum / width);
  return zip(apart, variance, (a, b) => a / Math.sqrt(b + epsilon));
}

/** Pairs (x_j, x_{j + half}) of every row turned as complex numbers by position · base^(−j / half). */
export function rotated(x: Nd, positions: readonly number[], base: number): Nd {
  const half = x.shape.at(-1)! / 2;
  return nd(x.shape, (index) => {
    const [t, k] = index.slice(-2), j = k % half, angle = positions[t] * base ** (-j / half);
    const real = at(x, index.with(-1, j)), imaginary = at(x, index.with(-1, j + half));
    return k < half
      ? real * Math.cos(angle) - imaginary * Math.sin(angle)
      : real * Math.sin(angle) + imaginary * Math.cos(angle);
  });
}

/** Σ of all elements of rowwise losses, each weighed by its share of the weights. */
export function weighedMean(losses: Nd, weights?: Nd): Nd {
  const w = weights ?? map(losses, () => 1);
  const sum = (x: Nd): number => x.data.reduce((a, b) => a + b, 0);
  return { shape: [], data: Float64Array.of(sum(zip(losses, w, (l, k) => l * k)) / sum(w)) };
}
