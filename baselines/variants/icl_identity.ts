/**
 * Control: a learned embedding per model in place of its record. As good in-distribution: the record is but a name.
 */
import type { Variant } from "../../src/icl/fit.ts";
import { iclRouter } from "../../src/icl/router.ts";
import type { Router } from "../../src/router/contract.ts";

/** The router. */
const router: Router<Variant> = iclRouter(
  "ICL-Router, by name",
  "control: one learned token per model in place of its record",
  { identity: true },
);
export default router;
