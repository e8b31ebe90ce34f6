/**
 * OptMerge (arXiv 2505.19892): several fine-tuned copies of one network merged into one, weights alone.
 *
 * Of every m × n weight matrix, stored [out × in], expert i brings its task vector τ_i = θ_i − θ_0. The merged
 * vector M should act like τ_i on the directions τ_i has learned to read, and is asked so by a quadratic:
 *
 *   L(M) = Σ_i ‖(M − T_i) P_iᵀ‖² / ‖τ_i‖²
 *   P_i = Σ_K V_Kᵀ, the top K = ⌊min(m,n)/N⌋ of the SVD of τ_i (at least one)
 *   T_i = τ̄ + the top K of the SVD of τ_i − τ̄, with τ̄ the mean task vector
 *
 * With P the P_i/‖τ_i‖ stacked and E the T_i P_iᵀ/‖τ_i‖ side by side, ∇L = 2(MPᵀ − E)P: what the code of the
 * paper has as 2(MC − D), C = PᵀP, D = EP.
 *
 * That is the branch for full fine-tuning. Of adapters of low rank the target is not centred, T_i = top K of τ_i, and
 * nothing of the size of a matrix is decomposed (the branch for LoRA).
 *
 * The minimiser is useless: it reaches L = 0 by inflating M. The method lives on stopping early: 300 small steps
 * of SGD with momentum from the mean τ̄.
 * @module
 */
import { eigenSymmetric } from "../../linalg/eigen.ts";

/** How far towards the minimum. */
export interface Descent {
  /** Steps; 0 leaves the mean of the task vectors. Default 300. */
  readonly steps?: number;
  /** Learning rate. Default 1e-4. */
  readonly rate?: number;
  /** Share of the last step's velocity that is kept. Default 0.9. */
  readonly momentum?: number;
}

/** L of one matrix. */
export interface Quadratic {
  /** Rows of M, m. */
  readonly rows: number;
  /** Columns of M, n: the inputs. */
  readonly columns: number;
  /** P: all P_i/‖τ_i‖, one below the other, [R × n]. */
  readonly projector: Float64Array;
  /** E: all T_i P_iᵀ/‖τ_i‖, side by side, [m × R]. */
  readonly target: Float64Array;
  /** Rows of P, R. */
  readonly rank: number;
  /** τ̄, where the descent starts, [m × n]. */
  readonly mean: Float64Array;
}

/** A matrix as the product of two thin ones. */
export interface Thin {
  /** Row-major [rows × rank]. */
  readonly left: Float64Array;
  /** Row-major [rank × columns]. */
  readonly right: Float64Array;
  /** Rank at most. */
  readonly rank: number;
}

/** What an expert has learned of one matrix: row-major [rows × columns], or as a product where adapters were trained. */
export type TaskVector = Float64Array | Thin;

/** What one expert asks for. */
interface Wish {
  /** P_i/‖τ_i‖ [rank × columns]. */
  readonly projector: Float64Array;
  /** T_i P_iᵀ/‖τ_i‖ [rows × rank]. */
  readonly target: Float64Array;
  /** K, or fewer where τ_i has a lower rank. */
  readonly rank: number;
}

/** L from the task vectors of one matrix; one that is zero asks for nothing. */
export function quadraticOf(
  vectors: readonly TaskVector[],
  rows: number,
  columns: number,
): Quadratic {
  const N = vectors.length, K = Math.max(1, Math.floor(Math.min(rows, columns) / N));
  const mean = new Float64Array(rows * columns);
  for (const tau of vectors) {
    const all = isThin(tau) ? times(tau.left, tau.right, rows, tau.rank, columns) : tau;
    for (let at = 0; at < mean.length; at++) mean[at] += all[at] / N;
  }
  const wishes = vectors.filter((tau) => normOf(tau, rows) > 0).map((tau) =>
    isThin(tau) ? ofAdapter(tau, rows, columns, K) : ofMatrix(tau, mean, rows, columns, K)
  );
  const rank = wishes.reduce((sum, wish) => sum + wish.rank, 0);
  const projector = new Float64Array(rank * columns), target = new Float64Array(rows * rank);
  let from = 0;
  for (const { rank: k, ...wish } of wishes) {
    projector.set(wish.projector, from * columns);
    for (let r = 0; r < rows; r++) {
      target.set(wish.target.subarray(r * k, (r + 1) * k), r * rank + from);
    }
    from += k;
  }
  return { rows, columns, projector, target, rank, mean };
}

function ofMatrix(
  tau: Float64Array,
  mean: Float64Array,
  rows: number,
  columns: number,
  K: number,
): Wish {
  const length = norm(tau);
  const projector = topSingular(tau, rows, columns, K).projector.map((value) => value / length);
  const apart = topSingular(tau.map((value, at) => value - mean[at]), rows, columns, K).low;
  const T = apart.map((v, at) => v + mean[at]);
  return { projector, target: timesTransposed(T, projector, rows, columns, K), rank: K };
}

/** T_i P_iᵀ = τ_i P_iᵀ here: P_i looks at nothing that the top K of τ_i leave out. */
function ofAdapter(tau: Thin, rows: number, columns: number, K: number): Wish {
  const reduced = reducedOf(tau, rows), length = norm(reduced), rank = Math.min(K, tau.rank);
  const projector = topSingular(reduced, tau.rank, columns, rank).projector
    .map((value) => value / length);
  const inside = timesTransposed(tau.right, projector, tau.rank, columns, rank);
  return { projector, target: times(tau.left, inside, rows, tau.rank, rank), rank };
}

/** A matrix [rank × columns] with the singular values and right vectors of a product: Λ^½ Q·right, QᵀΛQ = leftᵀ·left. */
function reducedOf({ left, right, rank }: Thin, rows: number): Float64Array {
  const turned = transposed(left, rows, rank);
  const { values, vectors } = eigenSymmetric(timesTransposed(turned, turned, rank, rows, rank));
  return times(vectors, right, rank, rank, right.length / rank).map((value, at) =>
    value * Math.sqrt(Math.max(0, values[Math.floor(at / (right.length / rank))]))
  );
}

function isThin(tau: TaskVector): tau is Thin {
  return "rank" in tau;
}

/** ‖τ‖ of a matrix of so many rows. */
export function normOf(tau: TaskVector, rows: number): number {
  return norm(isThin(tau) ? reducedOf(tau, rows) : tau);
}

/** L(M) = ‖MPᵀ − E‖². */
export function mergeLoss(quadratic: Quadratic, merged: Float64Array): number {
  return residual(quadratic, merged).reduce((sum, value) => sum + value * value, 0);
}

/** ∇L(M) = 2(MPᵀ − E)P, [m × n]. */
export function mergeGradient(quadratic: Quadratic, merged: Float64Array): Float64Array {
  const { rows, columns, projector, rank } = quadratic;
  const left = residual(quadratic, merged).map((value) => 2 * value);
  return times(left, projector, rows, rank, columns);
}

/**
 * M after some steps of SGD with momentum, v ← βv + ∇L, M ← M − ηv, from τ̄.
 *
 * In the eigenbasis of PPᵀ = U diag(ω) Uᵀ every column of the residual goes its own way, at a pace that ω alone
 * decides: one number is stepped where a matrix would be, and the result is the same.
 */
export function merge(quadratic: Quadratic, options: Descent = {}): Float64Array {
  const { rows, columns, projector, rank, mean } = quadratic;
  const { steps = 300, rate = 1e-4, momentum = 0.9 } = options;
  if (rank === 0 || steps === 0) return mean.slice();
  const { values, vectors } = eigenSymmetric(
    timesTransposed(projector, projector, rank, columns, rank),
  );
  const way = values.map((omega) => {
    let moved = 0, velocity = 0; // of a residual that starts at 1
    for (let step = 0; step < steps; step++) {
      velocity = momentum * velocity + 2 * (1 + omega * moved);
      moved -= rate * velocity;
    }
    return moved;
  });
  const inside = timesTransposed(residual(quadratic, mean), vectors, rows, rank, rank);
  const scaled = inside.map((value, at) => value * way[at % rank]);
  const moved = times(times(scaled, vectors, rows, rank, rank), projector, rows, rank, columns);
  return mean.map((value, at) => value + moved[at]);
}

/** MPᵀ − E, [m × R]. */
function residual(
  { rows, columns, projector, target, rank }: Quadratic,
  merged: Float64Array,
): Float64Array {
  const reached = timesTransposed(merged, projector, rows, columns, rank);
  return reached.map((value, at) => value - target[at]);
}

/** The K largest singular parts of a matrix: Σ_K V_Kᵀ [K × columns] and U_K Σ_K V_Kᵀ [rows × columns]. */
export function topSingular(
  matrix: Float64Array,
  rows: number,
  columns: number,
  K: number,
): { readonly projector: Float64Array; readonly low: Float64Array } {
  if (rows <= columns) {
    const { vectors } = eigenSymmetric(timesTransposed(matrix, matrix, rows, columns, rows));
    const left = vectors.subarray(0, K * rows); // U_Kᵀ
    const projector = times(left, matrix, K, rows, columns);
    return { projector, low: times(transposed(left, K, rows), projector, rows, K, columns) };
  }
  const turned = transposed(matrix, rows, columns);
  const { values, vectors } = eigenSymmetric(
    timesTransposed(turned, turned, columns, rows, columns),
  );
  const right = vectors.subarray(0, K * columns); // V_Kᵀ
  const low = times(timesTransposed(matrix, right, rows, columns, K), right, rows, K, columns);
  const projector = right.map((value, at) =>
    value * Math.sqrt(Math.max(0, values[Math.floor(at / columns)]))
  );
  return { projector, low };
}

/** Frobenius norm. */
export function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] * values[at];
  return Math.sqrt(sum);
}

/** A·B of [n × k] and [k × m]. */
function times(
  a: Float64Array,
  b: Float64Array,
  n: number,
  k: number,
  m: number,
): Float64Array {
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let t = 0; t < k; t++) {
      const scale = a[i * k + t];
      for (let j = 0; j < m; j++) out[i * m + j] += scale * b[t * m + j];
    }
  }
  return out;
}

/** A·Bᵀ of [n × k] and [m × k]. */
function timesTransposed(
  a: Float64Array,
  b: Float64Array,
  n: number,
  k: number,
  m: number,
): Float64Array {
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let sum = 0;
      for (let t = 0; t < k; t++) sum += a[i * k + t] * b[j * k + t];
      out[i * m + j] = sum;
    }
  }
  return out;
}

function transposed(a: Float64Array, rows: number, columns: number): Float64Array {
  return Float64Array.from(a, (_, at) => a[(at % rows) * columns + Math.floor(at / rows)]);
}
