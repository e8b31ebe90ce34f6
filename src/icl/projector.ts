/**
 * The projector g of ICL-Router: from query vectors to the width of the language model (icl-router.md §2).
 *
 * u = W_in · RMSNorm(x), g(x) = u + W_down( SiLU(W_gate u) ⊙ W_up u ); no biases. RMSNorm rescales the vector,
 * so it does not matter whether the embedding was normalised before.
 * @module
 */
import type { Tensor } from "../nn/graph.ts";
import { add, mul } from "../nn/arithmetic.ts";
import { silu } from "../nn/activations.ts";
import { rmsNorm } from "../nn/norms.ts";
import { linear } from "../nn/products.ts";
import { type Bound, normal, ones, type Parameters } from "../nn/parameters.ts";

/** Adds the projector's parameters under a prefix; `linear`: one bias-free layer after the norm, no more. */
export function addProjector(
  parameters: Parameters,
  prefix: string,
  from: number,
  to: number,
  { linear = false }: { readonly linear?: boolean } = {},
): void {
  parameters.add(`${prefix}.norm.weight`, [from], ones);
  parameters.add(`${prefix}.in_proj.weight`, [to, from], normal(1 / Math.sqrt(from)));
  if (linear) return;
  for (const name of ["gate_proj", "up_proj", "down_proj"]) {
    parameters.add(`${prefix}.${name}.weight`, [to, to], normal(0.02));
  }
}

/** Projects vectors [rows × from] to [rows × to]; the parameters tell which form. */
export function project(parameter: Bound, prefix: string, vectors: Tensor): Tensor {
  const apply = (x: Tensor, name: string): Tensor =>
    linear(x, parameter(`${prefix}.${name}.weight`), undefined, { transposeWeight: true });
  const u = apply(rmsNorm(vectors, parameter(`${prefix}.norm.weight`)), "in_proj");
  if (!parameter.has(`${prefix}.down_proj.weight`)) return u;
  return add(u, apply(mul(silu(apply(u, "gate_proj")), apply(u, "up_proj")), "down_proj"));
}
