/**
 * ICL-Router (table) with more models to learn from than there are.
 */
import type { Variant } from "../../src/icl/fit.ts";
import { iclRouter } from "../../src/icl/router.ts";
import type { Router } from "../../src/router/contract.ts";

/** The router. */
const router: Router<Variant> = iclRouter(
  "ICL-Router, pseudo-models",
  "ten made-up models for every real one: per benchmark, the outcomes of a random real model",
  { pseudoModels: 10 },
);
export default router;
