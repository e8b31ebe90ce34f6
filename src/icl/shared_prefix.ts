/**
 * Attention of many targets over one shared prefix: the batching that makes in-context routing affordable.
 *
 * Causal attention means that a record's representation does not depend on the query that follows it. So
 * the record of a model is encoded once, and every target attends to it and to its own few tokens, never
 * to another target: exactly what B separate sequences would compute, at a B-th of the cost.
 * @module
 */
import { constantOf, type Tensor } from "../nn/graph.ts";
import { add, mul, sub, sum } from "../nn/arithmetic.ts";
import { matmul } from "../nn/products.ts";
import { concat, reshape, slice } from "../nn/shapes.ts";
import { causalMask, softmax } from "../nn/softmax.ts";
import type { KeysValues } from "../nn/transformer.ts";

/**
 * y = P_prefix V_prefix + P_own V_own, with [P_prefix, P_own] = softmax over prefix and own tokens together.
 * Within a target, the queries are its last `r` tokens, each seeing the own tokens up to itself.
 *
 * Backward: with d = Σ g·y over the width and dP = g Vᵀ on either side, ∂S = P · (dP − d); the rest are
 * products as in plain attention.
 *
 * @param q [models × heads × targets·r × width]
 * @param prefix keys and values [models × heads × prefix × width]
 * @param own keys and values of the targets [models × heads × targets·t × width], t ≥ r
 * @param targets how many targets there are
 */
export function sharedPrefixAttention(
  q: Tensor,
  prefix: KeysValues,
  own: KeysValues,
  targets: number,
): Tensor {
  const { graph, shape: [models, heads, queries, width] } = q;
  const factor = 1 / Math.sqrt(width), r = queries / targets;
  const length = prefix.keys.shape[2], t = own.keys.shape[2] / targets;
  const apart = (x: Tensor): Tensor =>
    reshape(x, [models, heads, targets, x.shape[2] / targets, x.shape[3]]);
  const joined = (x: Tensor): Tensor => reshape(x, [models, heads, queries, x.shape[4]]);

  const inputs = [q, prefix.keys, prefix.values, own.keys, own.values];
  const [Q, K, V, ownK, ownV] = inputs.map(constantOf);
  const past = matmul(Q, K, { transposeB: true, factor });
  const present = matmul(apart(Q), apart(ownK), { transposeB: true, factor });
  const p = softmax(concat([past, joined(add(present, causalMask(q, r, t)))], -1));
  const pPast = slice(p, -1, 0, length), pOwn = apart(slice(p, -1, length, length + t));
  const y = add(matmul(pPast, V), joined(matmul(pOwn, apart(ownV))));
  return graph.record([y], inputs, (g) => {
    const d = sum(mul(g, y), [-1]);
    const lazy = (make: () => Tensor): () => Tensor => {
      let made: Tensor | undefined;
      return () => made ??= make();
    };
    const dPast = lazy(() => mul(pPast, sub(matmul(g, V, { transposeB: true }), d)));
    const dOwn = lazy(() =>
      mul(pOwn, sub(matmul(apart(g), apart(ownV), { transposeB: true }), apart(d)))
    );
    const back = (x: Tensor): Tensor => reshape(x, own.keys.shape);
    return [
      () => add(matmul(dPast(), K, { factor }), joined(matmul(dOwn(), apart(ownK), { factor }))),
      () => matmul(dPast(), Q, { transposeA: true, factor }),
      () => matmul(pPast, g, { transposeA: true }),
      () => back(matmul(dOwn(), apart(Q), { transposeA: true, factor })),
      () => back(matmul(pOwn, apart(g), { transposeA: true })),
    ];
  })[0];
}
