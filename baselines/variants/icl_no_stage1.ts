/**
 * ICL-Router (table) without stage 1: what reconstruction is worth.
 */
import type { Variant } from "../../src/icl/fit.ts";
import { iclRouter } from "../../src/icl/router.ts";
import type { Router } from "../../src/router/contract.ts";

/** The router. */
const router: Router<Variant> = iclRouter(
  "ICL-Router, no stage 1",
  "trained on records alone, from random weights",
  { withoutStage1: true },
);
export default router;
