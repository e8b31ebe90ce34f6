/**
 * OptMerge: routers fine-tuned on one benchmark each, merged into one without another look at the data.
 *
 * 1. Base: ICL-Router (table) trained on all benchmarks, θ_0.
 * 2. Experts: copies of it fine-tuned on the training rows of one benchmark each, all weights, with 0.3 of the
 *    learning rate; all experts together take 20% of the base's steps. Beyond five benchmarks several share an
 *    expert (`src/icl/variants/merged_experts.ts`). How far each went, ‖τ_b‖/‖θ_0‖, is noted: the paper's predictor of success.
 * 3. Merging (`src/icl/variants/optmerge.ts`): for every weight matrix, M descends from the mean task vector a few steps
 *    towards acting like each expert on what that expert reads. Tables, head and norms stay the base's.
 * 4. The router is θ_0 + λM; λ is chosen on validation rows. λ = 1, the first of the grid, is the data-free number.
 *
 * Without step 3's descent (`optmerge_average`) M is the average of the experts.
 */
import type { Router } from "../../src/router/mod.ts";
import { ONE_RECORD } from "../../src/icl/lm/fused_presets.ts";
import { mergeLanguageModel, mergeTable } from "../../src/icl/variants/merged_bases.ts";
import { type MergeConfig, mergeRouter } from "../../src/icl/variants/merged_experts.ts";

const TABLE = mergeTable(), LANGUAGE_MODEL = mergeLanguageModel(ONE_RECORD);

/** The router. */
const router: Router<MergeConfig> = mergeRouter({
  name: "OptMerge (ICL-Router)",
  summary: "ICL-Router fine-tuned per benchmark, the experts' weights merged back into one network",
  statement:
    "OptMerge applied to small routers trained from scratch; experts see the same kind of input; SGD from the " +
    "mean, as in the code's branch for LoRA, with the target of its branch for full fine-tuning, which is centred " +
    "on the mean task vector (LoRA's is not); projectors are of the task vectors as they are, as in the code, not " +
    "centred, as a formula quoted from the paper has them. At most five experts: where there are more benchmarks, several share one.",
}, TABLE);
export default router;

/** Control: what is OptMerge's descent worth? The same experts with their weights averaged, θ_0 + λ·mean τ. */
export const optmerge_average: Router<MergeConfig> = mergeRouter(
  {
    name: "OptMerge, averaged",
    summary: "control: the experts of OptMerge (ICL-Router), averaged",
    statement: "control: the experts' task vectors averaged; else as OptMerge (ICL-Router).",
  },
  TABLE,
  0,
);

/** OptMerge on ICL-Router (SmolLM2): experts go on training its adapters, and the adapters' changes are merged. */
export const optmerge_lm: Router<MergeConfig> = mergeRouter(
  {
    name: "OptMerge (ICL-Router, SmolLM2)",
    summary:
      "adapters of ICL-Router (SmolLM2) fine-tuned per benchmark, merged back into one network",
    statement:
      "OptMerge with its code's branch for LoRA (targets not centred, SGD from the mean), on adapters that experts " +
      "go on training from those of ICL-Router (SmolLM2, one record); projector, label tokens and head stay the base's. At most " +
      "five experts: where there are more benchmarks, several share one.",
  },
  LANGUAGE_MODEL,
);

/** Control: the same experts' changes averaged, without the descent. */
export const optmerge_lm_average: Router<MergeConfig> = mergeRouter(
  {
    name: "OptMerge (SmolLM2), averaged",
    summary: "control: the experts of OptMerge (ICL-Router, SmolLM2), averaged",
    statement:
      "control: the experts' task vectors averaged; else as OptMerge (ICL-Router, SmolLM2).",
  },
  LANGUAGE_MODEL,
  0,
);
