/**
 * ICL-Router (table) that is shown records of many lengths and orders.
 */
import type { Variant } from "../../src/icl/fit.ts";
import { iclRouter } from "../../src/icl/router.ts";
import type { Router } from "../../src/router/contract.ts";

/** The router. */
const router: Router<Variant> = iclRouter(
  "ICL-Router, varied K",
  "record length and order drawn again at each step",
  { variedLength: true },
);
export default router;
