/**
 * ICL-Router in the paper's layout at what a laptop can do, by name: `--routers
 * baselines/variants/icl_router_paper.ts#icl_paper_small`.
 * @module
 */
import type { Router } from "../../src/router/mod.ts";
import { textIclRouter, type TextMethod } from "../../src/icl/lm/fit.ts";
import { DEPARTS } from "../icl_router_paper.ts";

const RATES = { projectorRate: 1e-3, modelRate: 5e-4 };

const SMALL: TextMethod = {
  ...{ model: "smollm2-q4_1", rank: 16, profile: 128, textTokens: 64, judged: 60 },
  stage1: {
    ...RATES,
    projectorEpochs: 1,
    jointEpochs: 1,
    batch: 16,
    mostTokens: 64,
    mostSteps: 20,
  },
  stage2: { ...RATES, epochs: 5, models: 4, targets: 8, mostSteps: 100 },
};

/** Adapters in place of all weights, a shorter record, and as many steps as an hour of one core allows. */
export const icl_paper_small: Router<TextMethod> = textIclRouter(
  "ICL-Router (SmolLM2, paper layout, small)",
  `${DEPARTS} Adapters of rank 16, K = 128, 40 steps of stage 1 and 100 of stage 2 where the paper takes thousands, texts cut ` +
    "at 64 tokens, calibrated on 60 validation rows.",
  SMALL,
);

/** Control: does it read which queries a model solved? The labels of every record are shuffled when it counts. */
export const icl_paper_shuffled: Router<TextMethod> = textIclRouter(
  "ICL-Router (SmolLM2, paper layout, small), shuffled",
  "control: shown records with permuted labels; else as ICL-Router (SmolLM2, paper layout, small).",
  SMALL,
  "shuffled",
);
