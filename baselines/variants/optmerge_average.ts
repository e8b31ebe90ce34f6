/**
 * Control: what is OptMerge's descent worth? The same experts with their weights averaged, θ_0 + λ·mean τ.
 */
import { type MergeConfig, mergeRouter } from "../../src/icl/variants/merged_experts.ts";
import type { Router } from "../../src/router/contract.ts";

/** The router. */
const router: Router<MergeConfig> = mergeRouter(
  {
    name: "OptMerge, averaged",
    summary: "control: the experts of OptMerge (ICL-Router), averaged",
    statement: "control: the experts' task vectors averaged; else as OptMerge (ICL-Router).",
  },
  0,
);
export default router;
