/**
 * Attention of many targets over one shared prefix: the batching that makes in-context routing affordable.
 *
 * Causal attention means that a record's representation does not depend on the query that follows it. So the
 * record of a model is encoded once, and every target attends to it and to its own few tokens, never to another
 * target: exactly what B separate sequences would compute, at a B-th of the cost.
 * @module
 */
import { causalMask, repeatHeads, sigmoid, softmax } from "../nn/layers.ts";
import { constantOf, type Tensor } from "../nn/graph.ts";
import { add, integers, log, matmul, mul, reshape, scalar, sub, sum } from "../nn/ops.ts";
import type { KeysValues } from "../nn/transformer.ts";

/**
 * y = w · P_prefix V_prefix + (1 − w) · P_own V_own: softmax over prefix and own tokens together, computed
 * as two softmaxes whose shares w and 1 − w follow from their log-sums, w = σ(ln Z_prefix − ln Z_own), so
 * that the large scores are never copied to lie side by side. Within a target, the queries are its last
 * `r` tokens, each seeing the own tokens up to itself.
 *
 * Backward: with d = Σ g·y over the width, ∂S = share · P · (g Vᵀ − d) on either side, where the share
 * multiplies g and d, which are small, and not the scores; the rest are products as in plain attention.
 *
 * Query heads that share a head of the prefix lie one after the other, so they ask it as one: its keys and values are
 * never repeated. Own tokens are few, and are.
 *
 * @param q queries [models × heads × targets·r × width]
 * @param prefix keys and values [models × kvHeads × prefix × width]: as many heads, or fewer, each shared by
 *   heads / kvHeads of them
 * @param own keys and values of the targets [models × kvHeads × targets·t × width], t ≥ r
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
  const t = own.keys.shape[2] / targets, kvHeads = prefix.keys.shape[1];
  const apart = (x: Tensor): Tensor =>
    reshape(x, [models, heads, targets, x.shape[2] / targets, x.shape[3]]);
  const joined = (x: Tensor): Tensor => reshape(x, [models, heads, queries, x.shape.at(-1)!]);
  const shared = (x: Tensor): Tensor =>
    reshape(x, [models, kvHeads, heads / kvHeads * queries, x.shape[3]]);

  const keys = repeatHeads(own.keys, heads), values = repeatHeads(own.values, heads);
  const inputs = [q, prefix.keys, prefix.values, keys, values];
  const [Q, K, V, ownK, ownV] = inputs.map(constantOf);
  const past = matmul(shared(Q), K, { transposeB: true, factor });
  const scores = matmul(apart(Q), apart(ownK), { transposeB: true, factor });
  const present = add(scores, causalMask(q, r, t));
  const pPast = softmax(past), pOwn = softmax(present);
  const w = sigmoid(sub(joined(logSum(past, pPast)), joined(logSum(present, pOwn))));
  const u = sub(one(w), w);
  const y = add(mul(w, joined(matmul(pPast, V))), mul(u, joined(matmul(pOwn, apart(ownV)))));
  return graph.record([y], inputs, (g) => {
    const d = sum(mul(g, y), [-1]);
    const [gPast, gOwn] = [w, u].map((share) => mul(share, g));
    const dPast = lazy(() =>
      mul(pPast, sub(matmul(shared(gPast), V, { transposeB: true }), shared(mul(w, d))))
    );
    const dOwn = lazy(() =>
      mul(pOwn, sub(matmul(apart(gOwn), apart(ownV), { transposeB: true }), apart(mul(u, d))))
    );
    const back = (x: Tensor): Tensor => reshape(x, keys.shape);
    return [
      () =>
        add(
          joined(matmul(dPast(), K, { factor })),
          joined(matmul(dOwn(), apart(ownK), { factor })),
        ),
      () => matmul(dPast(), shared(Q), { transposeA: true, factor }),
      () => matmul(pPast, shared(gPast), { transposeA: true }),
      () => back(matmul(dOwn(), apart(Q), { transposeA: true, factor })),
      () => back(matmul(pOwn, apart(gOwn), { transposeA: true })),
    ];
  })[0];
}

/** ln Σ exp of the last axis from scores and their softmax: at the largest, ln Z = s − ln p. */
function logSum(scores: Tensor, p: Tensor): Tensor {
  const largest = (x: Tensor): Tensor =>
    x.graph.node("ReduceMax", [x, integers(x.graph, [x.shape.length - 1])], x.shape.with(-1, 1));
  return sub(largest(scores), log(largest(p)));
}

function one({ graph }: Tensor): Tensor {
  return scalar(graph, 1);
}

function lazy(make: () => Tensor): () => Tensor {
  let made: Tensor | undefined;
  return () => made ??= make();
}
