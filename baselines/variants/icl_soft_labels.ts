/**
 * ICL-Router (table) with graded scores as labels of stage 2.
 */
import type { Variant } from "../../src/icl/fit.ts";
import { iclRouter } from "../../src/icl/router.ts";
import type { Router } from "../../src/router/contract.ts";

/** The router. */
const router: Router<Variant> = iclRouter(
  "ICL-Router, soft labels",
  "graded scores in the loss",
  { softLabels: true },
);
export default router;
