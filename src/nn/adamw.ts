/**
 * AdamW (Loshchilov and Hutter, arXiv 1711.05101) and what surrounds a step: clipping and the schedule.
 * @module
 */
import { type AdamwKernel, adamwKernel } from "./adamw_kernel.ts";

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

/** Settings of one step. */
export interface AdamwStep extends AdamWOptions {
  /** t, from 1. */
  readonly step: number;
  /** η. */
  readonly rate: number;
  /** Decoupled weight decay. */
  readonly decay: number;
  /** Multiplies the gradient first (clipping, averaging). */
  readonly factor: number;
}

/** Where the numbers of one parameter lie, beside its gradient and moments. */
interface Place extends Moments {
  readonly weights: Float32Array;
  readonly gradient: Float32Array;
}

/** Gradients and moments of parameters, in a memory of their own on which the steps are computed. */
export class AdamwMemory {
  readonly #places: ReadonlyMap<string, Place>;
  readonly #step: AdamwKernel;

  /**
   * All zeros.
   * @param lengths of the parameters, by name
   * @throws {RangeError} when there are more than 2²⁸ numbers
   */
  constructor(lengths: ReadonlyMap<string, number>) {
    const PAGE = 65536, padded = (length: number): number => 4 * Math.ceil(length / 4);
    const numbers = lengths.values().reduce((sum, length) => sum + 4 * padded(length), 0);
    const memory = new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(4 * numbers / PAGE)) });
    let at = 0;
    const array = (length: number): Float32Array => {
      const made = new Float32Array(memory.buffer, at, length);
      at += 4 * padded(length);
      return made;
    };
    this.#places = new Map(Array.from(lengths, ([name, length]) => [name, {
      ...{ weights: array(length), gradient: array(length) },
      ...{ first: array(length), second: array(length) },
    }]));
    this.#step = adamwKernel(memory);
  }

  /** Where the gradient of a parameter is put. */
  gradient(name: string): Float32Array {
    return this.#places.get(name)!.gradient;
  }

  /** The moments of a parameter. */
  moments(name: string): Moments {
    return this.#places.get(name)!;
  }

  /**
   * One AdamW step of a parameter's weights, in place: m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g²,
   * w ← w − η·decay·w − η · (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε).
   */
  step(
    name: string,
    data: Float32Array,
    { step, rate, decay, factor, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamwStep,
  ): void {
    const unbias1 = 1 / (1 - beta1 ** step), unbias2 = 1 / (1 - beta2 ** step);
    const keep = 1 - rate * decay, scale = rate * unbias1;
    const { weights, gradient, first, second } = this.#places.get(name)!;
    weights.set(data);
    const rest1 = 1 - beta1, rest2 = 1 - beta2;
    this.#step(
      weights.byteOffset,
      gradient.byteOffset,
      first.byteOffset,
      second.byteOffset,
      gradient.byteOffset, // behind the weights
      factor,
      beta1,
      rest1,
      beta2,
      rest2,
      unbias2,
      keep,
      scale,
      epsilon,
    );
    data.set(weights);
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
