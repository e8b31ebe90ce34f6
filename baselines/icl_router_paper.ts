/**
 * ICL-Router as the paper lays it out, on SmolLM2-135M in place of Qwen2.5-7B: the record as vectors, behind it the query
 * as text, through all layers; all weights are trained.
 *
 * 1. Stage 1: the model learns to write a query back from its projected vector; one epoch for the projector alone, two
 *    for all weights.
 * 2. Stage 2: a record of K = 500 labelled queries, a slot and Yes or No each, then the target query as text; five
 *    epochs of cross-entropy of Yes against No, at the rates of the authors' code.
 * 3. A new model needs its labels on the profile queries, no training.
 *
 * A step reads some 10,000 tokens, thousands of steps are needed: for a graphics card (`--device webgpu`). What a laptop
 * can do is `baselines/variants/icl_router_paper.ts#icl_paper_small`.
 *
 * `deno task bench --data reasoning-gym/hard --device webgpu --embedding lm:smollm2-q4_1:10 --routers icl_router_paper,knn`
 */
import type { Router } from "../src/router/mod.ts";
import { textIclRouter, type TextMethod } from "../src/icl/lm/fit.ts";

/** What departs from the paper whatever the scale. */
export const DEPARTS: string =
  "SmolLM2-135M in place of the paper's 7 B, and the run's embedding in place of Qwen3-Embedding-8B; profile queries are " +
  "no targets; pairs of a step share the records of a few models; Platt's correction on validation rows.";

/** The router. */
const router: Router<TextMethod> = textIclRouter(
  "ICL-Router (SmolLM2, paper layout)",
  `${DEPARTS} Texts are cut at 512 tokens.`,
  { model: "smollm2-q4_1" },
);
export default router;
