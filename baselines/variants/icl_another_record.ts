/**
 * Control: does ICL-Router read whose record it is shown? Every model is presented with the next model's.
 */
import type { Variant } from "../../src/icl/fit.ts";
import { iclRouter } from "../../src/icl/router.ts";
import type { Router } from "../../src/router/contract.ts";

/** The router. */
const router: Router<Variant> = iclRouter(
  "ICL-Router, swapped",
  "control: the network of ICL-Router (table), each model with the next one's record",
  {},
  "another",
);
export default router;
