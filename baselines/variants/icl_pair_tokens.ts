/**
 * ICL-Router (table) with one token a labelled query, so that no attention head has to join a label with the
 * query before it.
 */
import type { Variant } from "../../src/icl/fit.ts";
import { iclRouter } from "../../src/icl/router.ts";
import type { Router } from "../../src/router/contract.ts";

/** The router. */
const router: Router<Variant> = iclRouter(
  "ICL-Router, pair tokens",
  "query and label share a token: records half as long",
  { pairTokens: true },
);
export default router;
