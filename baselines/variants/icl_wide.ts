/**
 * ICL-Router (table) at the sizes its specification suggests: 128 wide, four layers.
 */
import { WIDE } from "../../src/icl/presets.ts";
import type { Variant } from "../../src/icl/fit.ts";
import { iclRouter } from "../../src/icl/router.ts";
import type { Router } from "../../src/router/contract.ts";

/** The router. */
const router: Router<Variant> = iclRouter(
  "ICL-Router, wide",
  "twice as wide and a layer deeper",
  { preset: WIDE },
);
export default router;
