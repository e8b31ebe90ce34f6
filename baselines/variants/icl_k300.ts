/**
 * ICL-Router (table) with a profile of 300 queries.
 */
import type { Variant } from "../../src/icl/fit.ts";
import { iclRouter } from "../../src/icl/router.ts";
import type { Router } from "../../src/router/contract.ts";

/** The router. */
const router: Router<Variant> = iclRouter(
  "ICL-Router, K = 300",
  "records of 300 queries",
  { profile: 300 },
);
export default router;
