/**
 * ICL-Router (table) with a profile of 100 queries.
 */
import type { Variant } from "../../src/icl/fit.ts";
import { iclRouter } from "../../src/icl/router.ts";
import type { Router } from "../../src/router/contract.ts";

/** The router. */
const router: Router<Variant> = iclRouter(
  "ICL-Router, K = 100",
  "records of 100 queries",
  { profile: 100 },
);
export default router;
