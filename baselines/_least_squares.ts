/**
 * Weighted least squares for networks, as the value functions of IRO are fitted; used by `_value_head.ts` and
 * `_plan_values.ts`.
 * @module
 */
import type { Matrix } from "../src/linalg/mod.ts";
import { type Bound, div, mul, scale, sub, sumAll, type Tensor } from "../src/nn/mod.ts";
import { trainNetwork, type TrainOptions } from "../src/nn/mod.ts";

/** What a value function V is fitted on; rows in an order that is a property of the data. */
export interface Lessons {
  /** Inputs [N × width]. */
  readonly x: Matrix;
  /** What V should say, [N × K]. */
  readonly targets: Float32Array;
  /** w ≥ 0 [N × K]. */
  readonly weights: Float32Array;
}

const EPOCHS = 10, DECAY = 0.01;

/**
 * Fits ½ Σ w (V − target)² / Σ w by AdamW.
 * @param V [B × K] of inputs [B × width]
 * @returns mean loss at the end
 */
export async function leastSquares(
  { x, targets, weights }: Lessons,
  V: (parameter: Bound, x: Tensor) => Tensor,
  options: Pick<TrainOptions, "parameters" | "examples" | "batch" | "rate" | "random">,
  watch: Parameters<typeof trainNetwork>[1],
): Promise<number> {
  const K = targets.length / x.rows;
  const { loss } = await trainNetwork({
    ...options,
    epochs: EPOCHS,
    decay: DECAY,
    loss: (_, parameter, { take }) => {
      const value = V(parameter, take(x.data, x.width)), w = take(weights, K);
      const error = sub(value, take(targets, K));
      return scale(div(sumAll(mul(w, mul(error, error))), sumAll(w)), 0.5);
    },
  }, watch);
  return loss;
}
