/**
 * AdamW (Loshchilov and Hutter, arXiv 1711.05101) and what surrounds a step: clipping and the schedule.
 * @module
 */

/** Settings of AdamW. */
export interface AdamWOptions {
  /** Decay of the first moment. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment. Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment. Default 1e-8. */
  readonly epsilon?: number;
}

/** What differs between groups of parameters. */
export interface Group {
  /** Factor on the schedule's learning rate. Default 1. */
  readonly rate?: number;
  /** Weight decay, decoupled from the gradient. Default 0. */
  readonly decay?: number;
}

/** Running moments of one parameter's gradient. */
export interface Moments {
  /** Mean of the gradient. */
  readonly first: Float32Array;
  /** Mean of its square. */
  readonly second: Float32Array;
}

/**
 * One AdamW step in place: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g²,
 * w ← w − η·decay·w − η · (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε).
 *
 * @param step t, from 1
 * @param rate η
 * @param factor multiplies the gradient first (clipping, averaging)
 */
export function adamw(
  weights: Float32Array,
  gradient: Float32Array,
  { first, second }: Moments,
  { step, rate, decay, factor, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamWOptions & {
    readonly step: number;
    readonly rate: number;
    readonly decay: number;
    readonly factor: number;
  },
): void {
  const unbias1 = 1 / (1 - beta1 ** step), unbias2 = 1 / (1 - beta2 ** step);
  const keep = 1 - rate * decay, scale = rate * unbias1;
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i] * factor;
    const m = first[i] = beta1 * first[i] + (1 - beta1) * g;
    const v = second[i] = beta2 * second[i] + (1 - beta2) * g * g;
    weights[i] = weights[i] * keep - scale * m / (Math.sqrt(v * unbias2) + epsilon);
  }
}

/** √Σ g² over all gradients. */
export function globalNorm(gradients: Iterable<Float32Array>): number {
  let sum = 0;
  for (const g of gradients) for (let i = 0; i < g.length; i++) sum += g[i] * g[i];
  return Math.sqrt(sum);
}

/** Learning rate at a step, from 0. */
export type Schedule = (step: number) => number;

/** Rises linearly over the first `warmup` share of the steps, then falls to zero along a half cosine. */
export function warmupCosine(peak: number, steps: number, warmup = 0.1): Schedule {
  const rise = Math.max(1, Math.round(steps * warmup));
  return (step) =>
    step < rise
      ? peak * (step + 1) / rise
      : peak * 0.5 * (1 + Math.cos(Math.PI * (step - rise) / Math.max(1, steps - rise)));
}
