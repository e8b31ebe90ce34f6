/**
 * Model-SAT with a language model: SmolLM2-135M reads the report of a model's aptitude test in words, then a query, and
 * says how likely this model can handle it.
 *
 * 1. The report, `accuracy 0.45 on the task of 'five, words, of, the, category', …`, and the inquiry go through blocks
 *    1 to 10, token by token. A query is one more token behind them: the mean of its tokens' states behind block 10,
 *    the embedding `lm:smollm2-q4_1:10`, which every router of the run then sees.
 * 2. Blocks 11 to 16, with adapters of rank 8 on their attention, read both; y, the logit of Yes, is read at the query.
 * 3. They learn by the paper's loss: for one model, a query it solved against three that it failed.
 *
 * The loss compares queries for a model, routing compares models for a query: see `model_sat.ts`. A new model needs
 * answers to the probe queries, no training.
 *
 * `deno task bench --data reasoning-gym/hard --embedding lm:smollm2-q4_1:10 --routers model_sat_lm,model_sat,knn`
 */
import type { Router } from "../src/router/mod.ts";
import { type SatMethod, satRouter, SMOLLM2_SAT } from "./_model_sat_lm.ts";

/** The router. */
const router: Router<SatMethod> = satRouter(
  "Model-SAT (SmolLM2)",
  "the middle of a pre-trained language model reads a model's aptitude report in words and says whether it solves a query",
  SMOLLM2_SAT,
  "SmolLM2-135M, of which six blocks are used and learn by adapters, in place of Phi-3-Mini; no encoder of reports: they " +
    "are prompt text, as in the released code; categories are the benchmarks, named by five words of their queries; the " +
    "query is a vector and the last token, behind the inquiry; Yes has a head of its own; groups of 4, as in the released " +
    "code, 80 steps, no second stage, one order of categories; scores of different models are not on one scale.",
);
export default router;
