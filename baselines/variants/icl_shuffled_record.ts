/**
 * Control: does ICL-Router read which queries a model solved? The labels of every record are shuffled when it counts.
 */
import type { Variant } from "../../src/icl/fit.ts";
import { iclRouter } from "../../src/icl/router.ts";
import type { Router } from "../../src/router/contract.ts";

/** The router. */
const router: Router<Variant> = iclRouter(
  "ICL-Router, shuffled",
  "control: the network of ICL-Router (table), shown records with permuted labels",
  {},
  "shuffled",
);
export default router;
