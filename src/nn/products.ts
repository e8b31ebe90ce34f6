/**
 * Matrix products. Below, g = ∂L/∂y.
 * @module
 */
import { sizeOf, type Tensor } from "./graph.ts";
import { add, scale } from "./arithmetic.ts";
import { reshape, transpose } from "./shapes.ts";

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
