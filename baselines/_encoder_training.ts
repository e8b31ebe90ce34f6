/**
 * How the rows that fine-tune an encoder are trained: some steps, however many the examples.
 * @module
 */
import type { TrainOptions } from "../src/nn/mod.ts";

/** Settings of such a training. */
export interface StepTraining {
  /** Queries a step; fewer where there are fewer. */
  readonly batch: number;
  /** Steps. */
  readonly steps: number;
  /** Peak learning rate. */
  readonly rate: number;
}

/** These settings as `trainNetwork` takes them, which counts in passes. */
export function inSteps(
  { batch, steps, rate }: StepTraining,
  examples: ArrayLike<number>,
): Pick<TrainOptions, "batch" | "epochs" | "rate" | "decay"> {
  const size = Math.min(batch, examples.length);
  return { batch: size, epochs: steps * size / examples.length, rate, decay: 0.01 };
}
