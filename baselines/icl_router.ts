/**
 * ICL-Router (table): a model is its record on a few hundred queries, put in context.
 *
 * 1. Profile: K queries that 1…⌊M/2⌋ of the M models solve, one list for all (`src/icl/profile.ts`).
 * 2. Stage 1: a small transformer, one block, learns to read query vectors by writing the query back
 *    (`stage1.ts`).
 * 3. Stage 2: it reads [v_1 + Yes] [v_2 + No] … [QUERY][v][ANSWER + v] and learns, by binary cross-entropy at
 *    [ANSWER], whether the model with that record solves the query (`stage2.ts`). Each record
 *    is encoded once a step for all its targets (`shared_prefix.ts`), and does not tell their outcomes.
 * 4. Inference: every record's keys and values are kept; a query costs three tokens a model (`reader.ts`).
 *    ŝ = σ(a ℓ + b), calibrated on validation rows of the whole pool. A new model needs its record, no more.
 *
 * The method knows no costs: they enter through the decision rule that all routers share.
 */
import type { Router } from "../src/router/mod.ts";
import type { Variant } from "../src/icl/fit.ts";
import { iclRouter } from "../src/icl/router.ts";

/** The router. */
const router: Router<Variant> = iclRouter(
  "ICL-Router (table)",
  "a transformer reads each model's record on a few hundred queries and says whether it solves this one",
);
export default router;
