/**
 * Softmax, and attention as one operator. Below, g = ∂L/∂y.
 * @module
 */
import { constantOf, type Tensor } from "./graph.ts";
import { add, exp, mul, negate, ones, sub, sum } from "./arithmetic.ts";
import { matmul } from "./products.ts";
import { concat, slice, split } from "./shapes.ts";

/** y = softmax of the last axis.  ∂x = y · (g − Σ g y). */
export function softmax(x: Tensor): Tensor {
  const y = x.graph.node("Softmax", [x], x.shape, { attributes: { axis: { int: -1 } } });
  return x.graph.record([y], [x], (g) => [() => mul(y, sub(g, sum(mul(g, y), [-1])))])[0];
}

/** y = ln softmax of the last axis.  ∂x = g − softmax(x) · Σ g. */
export function logSoftmax(x: Tensor): Tensor {
  const y = x.graph.node("LogSoftmax", [x], x.shape, { attributes: { axis: { int: -1 } } });
  return x.graph.record([y], [x], (g) => [() => sub(g, mul(exp(y), sum(g, [-1])))])[0];
}

/**
 * Attention: y = P v with P = softmax(q kᵀ / √width + mask).
 *
 * Backward, as FlashAttention arranges it: with d = Σ g·y over the width (one number a row, where softmax's
 * own rule would need a pass over P), ∂v = Pᵀ g, ∂S = P · (g vᵀ − d), ∂q = ∂S k / √width,
 * ∂k = ∂Sᵀ q / √width.
 *
 * @param q queries [… × rows × width]
 * @param k keys [… × columns × width]
 * @param v values [… × columns × width]
 * @param mask added to the scores, broadcasts to [… × rows × columns]; 0 = seen, −10⁹ = hidden
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, mask?: Tensor): Tensor {
  const { graph, shape } = q, factor = 1 / Math.sqrt(shape.at(-1)!);
  const [Q, K, V] = [q, k, v].map(constantOf); // one rule for the whole, none for its parts
  const scores = matmul(Q, K, { transposeB: true, factor });
  const p = softmax(mask ? add(scores, mask) : scores);
  const y = matmul(p, V);
  return graph.record([y], [q, k, v], (g) => {
    let made: Tensor | undefined;
    const dS = (): Tensor => made ??= mul(p, productLess(g, V, sum(mul(g, y), [-1])));
    return [
      () => matmul(dS(), K, { factor }),
      () => matmul(dS(), Q, { transposeA: true, factor }),
      () => matmul(p, g, { transposeA: true }),
    ];
  })[0];
}

/** a bᵀ − d, d one number a row; as [a, −d] [b, 1]ᵀ where an uneven width is no harm: a pass less. */
function productLess(a: Tensor, b: Tensor, d: Tensor): Tensor {
  if (!a.graph.fused) return sub(matmul(a, b, { transposeB: true }), d);
  const one = ones(a.graph, b.shape.with(-1, 1));
  return matmul(concat([a, negate(d)], -1), concat([b, one], -1), { transposeB: true });
}

/**
 * Attention in which row i sees columns 0…i only. Computed in blocks of rows, each with just the columns
 * it can see, so that nearly half of the work of a masked square is never done.
 *
 * @param q queries [… × length × width]; k and v likewise
 * @param block rows a block: small ones save work, large ones save copies of the columns
 */
export function causalAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  block = q.shape.at(-2)! > 512 ? 128 : 64,
): Tensor {
  const rows = q.shape.at(-2)!, sizes: number[] = [];
  for (let start = 0; start < rows; start += block) sizes.push(Math.min(block, rows - start));
  let keys = k, values = v, end = rows;
  // From the last block to the first, so that each cuts its columns out of those of the one before.
  const parts = split(q, sizes, -2).toReversed().map((queries) => {
    keys = slice(keys, -2, 0, end);
    values = slice(values, -2, 0, end);
    const mask = causalMask(q, queries.shape.at(-2)!, end);
    end -= queries.shape.at(-2)!;
    return attention(queries, keys, values, mask);
  });
  return concat(parts.reverse(), -2);
}

/** The last `rows` rows of a causal mask of `columns` columns: 0 where column ≤ row, else −10⁹. */
export function causalMask({ graph }: Tensor, rows: number, columns: number): Tensor {
  return graph.constant(`causal ${rows} ${columns}`, [rows, columns], () => {
    const mask = new Float32Array(rows * columns);
    for (let i = 0; i < rows; i++) {
      mask.fill(-1e9, i * columns + columns - rows + i + 1, (i + 1) * columns);
    }
    return mask;
  });
}
