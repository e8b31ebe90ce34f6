/**
 * RTD over ICL-Router with the paper's kind of value: the label that the head was trained to say, solved or not,
 * in place of the score. The same as RTD where scores are 0 or 1.
 */
import { type RtdConfig, rtdRouter } from "../../src/icl/variants/rtd_router.ts";
import type { Router } from "../../src/router/contract.ts";

/** The router. */
const router: Router<RtdConfig> = rtdRouter(
  {
    name: "RTD (ICL-Router), labels",
    summary: "RTD with solved or not as values",
    statement: "RTD with solved or not as values, else as RTD (ICL-Router).",
  },
  "hard",
);
export default router;
