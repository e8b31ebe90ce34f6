/**
 * RTD: Reference Trustable Decoding, a nearest-neighbour read-out in place of ICL-Router's head.
 *
 * RTD takes a trained network as it is, keeps the state its head reads on every labelled example, and
 * answers by the examples whose states are nearest (`src/icl/variants/rtd.ts`):
 *
 *   w_j = exp(−d_j/T) / Σ exp(−d_j/T),  ŝ = λ · Σ_j w_j s_j + (1 − λ) · p_head
 *
 * 1. Network: ICL-Router (table), trained and calibrated as usual. It asks about one (query, model) pair at a
 *    time, so of the readings its specification offers this is the one with a store for each model; concatenated
 *    states could not take in a model that was not there when the keys were made.
 * 2. Store of model m: h(x_i, m) on the training queries that stand in no record, with s(i,m). The network was
 *    trained on them, and validation rows are never stored.
 * 3. d: squared Euclidean distance; T = T₀ or 10·T₀, T₀ a quarter of the median distance of validation states
 *    to their K-th neighbour. H > 1: every slice of the state has neighbours of its own.
 * 4. A new model brings its record and, as a store, its own labels (`src/icl/variants/decision_store.ts`).
 *
 * λ = 0 would be ICL-Router (table), a row of its own. kNN on the plain query vectors, with the same K and T:
 * `rtd_raw.ts`.
 */
import type { Router } from "../../src/router/mod.ts";
import { ONE_RECORD } from "../../src/icl/lm/fused_presets.ts";
import { frozenLanguageModel, frozenTable } from "../../src/icl/variants/rtd_bases.ts";
import { type RtdConfig, rtdRouter } from "../../src/icl/variants/rtd_router.ts";

const TABLE = frozenTable();

/** The router. */
const router: Router<RtdConfig> = rtdRouter({
  name: "RTD (ICL-Router)",
  summary: "kNN on the states that ICL-Router's head reads, alone or mixed with the head",
  statement:
    "RTD on the decision state of ICL-Router (table), which judges one model at a time: one store a model, " +
    "whose values are scores in place of labels (our extension; `rtd_hard` keeps labels). H = 1 or 4, " +
    "d = 64 (far smaller than the paper's). T and the weight λ of the mixture are chosen on validation rows.",
}, TABLE);
export default router;

/**
 * RTD with the paper's kind of value: the label that the head was trained to say, solved or not, in place of
 * the score. The same as RTD where scores are 0 or 1.
 */
export const rtd_hard: Router<RtdConfig> = rtdRouter(
  {
    name: "RTD (ICL-Router), labels",
    summary: "RTD with solved or not as values",
    statement: "RTD with solved or not as values, else as RTD (ICL-Router).",
  },
  TABLE,
  "hard",
);

/** RTD on the state that the head of ICL-Router (SmolLM2) reads. */
export const rtd_lm: Router<RtdConfig> = rtdRouter(
  {
    name: "RTD (ICL-Router, SmolLM2)",
    summary:
      "kNN on the states that the head of ICL-Router (SmolLM2) reads, alone or mixed with the head",
    statement:
      "RTD on the decision state of ICL-Router (SmolLM2, one record), one store a model, whose values are scores in place " +
      "of labels (our extension); H = 1 or 9, d = 576. Record and prior are of training rows alone, since validation rows " +
      "choose T and the weight λ of the mixture. It takes in no new models.",
  },
  frozenLanguageModel(ONE_RECORD, 9),
);
