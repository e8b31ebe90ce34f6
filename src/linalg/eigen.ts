/**
 * Eigen-decomposition by cyclic Jacobi rotations: slower than a library, but short, exact to rounding
 * and the same on every machine.
 * @module
 */

/** Eigenvectors of a symmetric matrix. */
export interface Eigen {
  /** Descending. Length n. */
  readonly values: Float64Array;
  /** Row-major [n × n]; row k belongs to `values[k]`, its largest entry in absolute value is positive. */
  readonly vectors: Float64Array;
}

/** Eigen-decomposition of a symmetric matrix [n × n]. */
export function eigenSymmetric(symmetric: Float64Array): Eigen {
  const n = Math.sqrt(symmetric.length);
  const a = symmetric.slice();
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  const scale = a.reduce((sum, x) => sum + x * x, 0);
  for (let sweep = 0; sweep < 50 && offDiagonal(a, n) > 1e-24 * scale; sweep++) {
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j] - a[i * n + i]);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    const source = v.subarray(from * n, (from + 1) * n);
    const peak = source.reduce((m, x) => (Math.abs(x) > Math.abs(m) ? x : m), 0);
    vectors.set(source.map((x) => (peak < 0 ? -x : x)), to * n);
  });
  return { values: Float64Array.from(order, (i) => a[i * n + i]), vectors };
}

function offDiagonal(a: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (i !== j) sum += a[i * n + j] ** 2;
  return sum;
}

/** One Jacobi rotation that zeroes a[p][q]; the rows of `v` collect the rotations. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q];
  if (apq === 0) return;
  const theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const x = a[k * n + p], y = a[k * n + q];
    a[k * n + p] = c * x - s * y;
    a[k * n + q] = s * x + c * y;
  }
  for (let k = 0; k < n; k++) {
    const x = a[p * n + k], y = a[q * n + k];
    a[p * n + k] = c * x - s * y;
    a[q * n + k] = s * x + c * y;
    const e = v[p * n + k], f = v[q * n + k];
    v[p * n + k] = c * e - s * f;
    v[q * n + k] = s * e + c * f;
  }
}
