/**
 * ICL-Router (table) with one linear layer as projector.
 */
import type { Variant } from "../../src/icl/fit.ts";
import { iclRouter } from "../../src/icl/router.ts";
import type { Router } from "../../src/router/contract.ts";

/** The router. */
const router: Router<Variant> = iclRouter(
  "ICL-Router, linear proj.",
  "one bias-free layer from vector to token",
  { linearProjector: true },
);
export default router;
