/**
 * ICL-Router (table) with a profile of 1000 queries.
 */
import type { Variant } from "../../src/icl/fit.ts";
import { iclRouter } from "../../src/icl/router.ts";
import type { Router } from "../../src/router/contract.ts";

/** The router. */
const router: Router<Variant> = iclRouter(
  "ICL-Router, K = 1000",
  "records of 1000 queries",
  { profile: 1000 },
);
export default router;
