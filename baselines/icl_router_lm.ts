/**
 * ICL-Router on a pre-trained language model: SmolLM2-135M reads a model's record and says whether it solves a query.
 *
 * 1. A query's vector is the mean of its tokens' states behind block 10: the embedding `lm:smollm2-q4_1:10`, which
 *    every router of the run then sees.
 * 2. A record is 128 labelled queries, one token each (vector plus label); target queries are one token behind it.
 *    Blocks 11 to 14, with adapters of rank 8 on their attention, learn by cross-entropy to answer (`src/icl/stage2.ts`);
 *    each step draws fresh records of four models.
 * 3. Answers are counted from the mean score of the nearest labelled queries, and are the mean over three records of
 *    256. A new model needs labelled queries, no training.
 *
 * `deno task bench --data reasoning-gym/hard --embedding lm:smollm2-q4_1:10 --routers icl_router_lm,knn,ridge`
 */
import type { Router } from "../src/router/mod.ts";
import { fusedRouter, STATEMENT } from "../src/icl/lm/fused_router.ts";
import type { FusedMethod } from "../src/icl/lm/fused_training.ts";
import { SMOLLM2 } from "../src/icl/lm/fused_presets.ts";

/** The router. */
const router: Router<FusedMethod> = fusedRouter(
  "ICL-Router (SmolLM2)",
  "the middle of a pre-trained language model reads each model's record and says whether it solves a query",
  SMOLLM2,
  "own",
  STATEMENT,
);
export default router;
