/**
 * Controls of Model-SAT on a language model: each changes one thing of it. By name: `--routers
 * baselines/variants/model_sat_lm.ts#sat_lm_shuffled`.
 * @module
 */
import type { Router } from "../../src/router/mod.ts";
import { type SatMethod, satRouter, SMOLLM2_SAT } from "../_model_sat_lm.ts";

/** Control: does it read whose report it is shown? Every model is presented with the next model's. */
export const sat_lm_shuffled: Router<SatMethod> = satRouter(
  "Model-SAT (SmolLM2), shuffled",
  "control: each model with the next one's report when it counts",
  { ...SMOLLM2_SAT, whose: "next" },
);

/** Control: what are the categories worth? The report says the mean of their accuracies only. */
export const sat_lm_overall: Router<SatMethod> = satRouter(
  "Model-SAT (SmolLM2), overall only",
  "control: reports that say one number, the mean accuracy",
  { ...SMOLLM2_SAT, told: "overall" },
);
