/**
 * ICL-Router (table).
 */
import type { Variant } from "../src/icl/fit.ts";
import { iclRouter } from "../src/icl/router.ts";
import type { Router } from "../src/router/contract.ts";

/** The router. */
const router: Router<Variant> = iclRouter(
  "ICL-Router (table)",
  "a transformer reads each model's record on a few hundred queries and says whether it solves this one",
);
export default router;
